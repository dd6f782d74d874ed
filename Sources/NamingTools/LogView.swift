internal import Raft
internal import RaftStorage

/// A log as JSON. The names are promised to programs.
struct LogView: Encodable {
    struct Position: Encodable {
        var segment: UInt32
        var offset: UInt32

        init(_ position: DiskPosition) {
            segment = position.segment
            offset = position.offset
        }
    }

    struct Entry: Encodable {
        var term: UInt64
        var index: UInt64

        init(_ id: EntryID) {
            term = id.term.rawValue
            index = id.index.rawValue
        }
    }

    struct Claim: Encodable {
        var through: Position
        var source: Position

        init(_ claim: DurabilityClaim) {
            through = Position(claim.through)
            source = Position(claim.source)
        }
    }

    struct Problem: Encodable {
        var path: String
        var offset: UInt64?
        var index: UInt64?
        var text: String

        init(_ error: StorageError) {
            path = error.path
            text = "\(error)"
            guard case .corrupt(let offset, let index) = error.kind else { return }
            self.offset = offset
            self.index = index?.rawValue
        }
    }

    var directory: String
    /// `clean`, `torn` or `refused`.
    var verdict: String
    /// The bytes of a torn tail.
    var tornBytes: UInt64?
    var problem: Problem?
    var cluster: String?
    var node: UInt64?
    /// A number of 64 bits, which not every reader of JSON keeps: hexadecimal text.
    var incarnation: String?
    var founders: MembershipView?
    var term: UInt64
    var vote: UInt64?
    var base: Entry
    var last: Entry
    var claim: Claim?
    var segments: [SegmentView]
    var leftovers: [String]

    init(_ log: LogInspection) {
        directory = log.directory
        switch log.verdict {
        case .clean: verdict = "clean"
        case .tornTail(let notes):
            verdict = "torn"
            tornBytes = notes.reduce(0) { sum, note in
                guard case .tornTailCut(_, let bytes) = note.action else { return sum }
                return sum + bytes
            }
        case .refused(let error):
            verdict = "refused"
            problem = Problem(error)
        }
        cluster = log.identity?.cluster
        node = log.identity?.node.rawValue
        incarnation = log.identity.map { hex($0.incarnation) }
        founders = log.initialConfiguration.map { MembershipView($0) }
        term = log.hardState.term.rawValue
        vote = log.hardState.vote?.rawValue
        base = Entry(log.base)
        last = Entry(log.last)
        claim = log.claim.map { Claim($0) }
        segments = log.segments.map { SegmentView($0) }
        leftovers = log.leftovers
    }
}

/// A segment as JSON.
struct SegmentView: Encodable {
    struct Records: Encodable {
        var hardStates: Int
        var entries: Int
        var bases: Int
        var resets: Int
        var marks: Int
        var unknown: Int
    }

    struct Header: Encodable {
        var chain: UInt32
        var durable: LogView.Position
        var term: UInt64
        var vote: UInt64?
        var base: LogView.Entry
        var last: LogView.Entry
    }

    var file: String
    var bytes: UInt64
    var header: Header?
    var problem: String?
    var records: Records
    var entries: Int
    var firstTerm: UInt64?
    var lastTerm: UInt64?
    var firstIndex: UInt64?
    var lastIndex: UInt64?
    var end: UInt64
    /// The word that the page for people has, in lower case.
    var behindEnd: String

    init(_ segment: SegmentInspection) {
        file = segment.fileName
        bytes = segment.byteCount
        header = segment.header.map {
            Header(
                chain: $0.chain, durable: LogView.Position($0.durable),
                term: $0.hardState.term.rawValue, vote: $0.hardState.vote?.rawValue,
                base: LogView.Entry($0.base), last: LogView.Entry($0.last))
        }
        problem = segment.problem
        let counts = segment.records
        records = Records(
            hardStates: counts.hardStates, entries: counts.entries, bases: counts.bases,
            resets: counts.resets, marks: counts.marks, unknown: counts.unknown)
        entries = segment.entryCount
        firstTerm = segment.terms?.lowerBound.rawValue
        lastTerm = segment.terms?.upperBound.rawValue
        firstIndex = segment.indexes?.lowerBound.rawValue
        lastIndex = segment.indexes?.upperBound.rawValue
        end = segment.end
        behindEnd = segment.ending.words.lowercased()
    }
}

/// A membership as JSON.
struct MembershipView: Encodable {
    var voters: [UInt64]
    var leaving: [UInt64]
    var learners: [UInt64]

    init(_ configuration: Configuration) {
        voters = configuration.incoming.map(\.rawValue)
        leaving = configuration.outgoing.map(\.rawValue)
        learners = configuration.learners.map(\.rawValue)
    }
}
