public import Raft
internal import Wire

/// What one segment of a log holds, taken by itself.
public struct SegmentInspection: Hashable, Sendable {
    /// What the header says, for people; the layout is in `LogFormat.swift`.
    public struct Header: Hashable, Sendable {
        /// Whose segment it is.
        public var identity: NodeIdentity
        /// The number of the segment, which is also in the file's name.
        public var number: UInt32
        /// Whether the file was a segment before, bytes of which may stand behind the records.
        public var isReused: Bool
        /// The checksum of the last record before this segment.
        public var chain: UInt32
        /// Up to where the log was durable when the segment was begun.
        public var durable: DiskPosition
        /// Term and vote there.
        public var hardState: HardState
        /// The entry before the first one kept, there.
        public var base: EntryID
        /// The last entry before this segment.
        public var last: EntryID
    }

    /// How many records of each kind there are.
    public struct RecordCounts: Hashable, Sendable {
        /// Terms and votes.
        public var hardStates = 0
        /// Batches of entries.
        public var entries = 0
        /// Notes that a snapshot covers the entries up to one.
        public var bases = 0
        /// Notes that a snapshot has taken the place of the whole log.
        public var resets = 0
        /// Notes that say only what is durable.
        public var marks = 0
        /// Records of kinds that this program does not know.
        public var unknown = 0

        /// All of them.
        public var total: Int { hardStates + entries + bases + resets + marks + unknown }
    }

    /// Why the records end where they end.
    public enum Ending: Hashable, Sendable {
        /// Behind them nothing has ever been written.
        case blank
        /// There is no room for another record.
        case full
        /// What stands behind them is of an older segment, whose file is used again, and does no harm.
        case otherBytes
        /// The segment was made ready and is not begun yet: there are no records.
        case notBegun
        /// An unfinished write, which nothing says to be durable, begins there.
        case torn
        /// Something that was durable, as the claim says, is damaged or missing there.
        case damaged(DurabilityClaim)
        /// The header cannot be read, and so nothing behind it.
        case unknown
    }

    /// The number in the file's name.
    public var number: UInt32
    /// The file's name.
    public var fileName: String
    /// The size of the file.
    public var byteCount: UInt64
    /// What the header says; nothing when it cannot be read.
    public var header: Header?
    /// Why the header cannot be read.
    public var problem: String?
    /// How many records there are, up to the first that cannot be read.
    public var records = RecordCounts()
    /// How many entries are in them, those included that later ones replace.
    public var entryCount = 0
    /// The terms of those entries.
    public var terms: ClosedRange<Term>?
    /// The positions of those entries.
    public var indexes: ClosedRange<LogIndex>?
    /// Where the good records end.
    public var end: UInt64 = 0
    /// Why they end there.
    public var ending = Ending.unknown

    /// Describes a file that the system does not let us read.
    init(number: UInt32, fileName: String, unreadable error: StorageError) {
        self.number = number
        self.fileName = fileName
        byteCount = 0
        problem = "\(error)"
    }

    init(number: UInt32, fileName: String, _ bytes: [UInt8]) {
        self.number = number
        self.fileName = fileName
        byteCount = UInt64(bytes.count)
        do throws(DecodeError) {
            let decoded = try SegmentHeader.decode(bytes.span)
            header = Header(decoded.header)
            follow(
                SegmentReader(
                    number: number, incarnation: decoded.header.identity.incarnation,
                    isReused: decoded.header.isReused, bytes: bytes),
                from: decoded.end, chain: decoded.checksum)
        } catch { problem = "\(error)" }
    }

    private mutating func follow(_ reader: SegmentReader, from start: Int, chain: UInt32) {
        var chain = chain
        var offset = start
        while case .record(let record, let payload, let next) = reader.record(
            at: offset, chain: chain)
        {
            count(record, reader.bytes.span.extracting(payload))
            chain = record.checksum
            offset = next
        }
        end = UInt64(offset)
        switch reader.record(at: offset, chain: chain) {
        case .record, .damage: ending = .torn  // until the claims are known
        case .end where reader.bytes.count - offset < LogFormat.recordHeaderBytes: ending = .full
        case .end where reader.hasRemains(from: offset): ending = .torn
        case .end: ending = reader.isBlank(from: offset) ? .blank : .otherBytes
        }
    }

    private mutating func count(_ record: RecordHeader, _ payload: Span<UInt8>) {
        switch RecordType(rawValue: record.type) {
        case .hardState: records.hardStates += 1
        case .base: records.bases += 1
        case .reset: records.resets += 1
        case .mark: records.marks += 1
        case nil: records.unknown += 1
        case .entries:
            records.entries += 1
            var offset = 0
            guard let entries = try? EntriesPayload.decode(payload, at: &offset) else { return }
            let last = entries.first.advanced(by: entries.count - 1)
            entryCount += entries.count
            terms = (terms ?? entries.term...entries.term).widened(to: entries.term...entries.term)
            indexes = (indexes ?? entries.first...last).widened(to: entries.first...last)
        }
    }

    /// The scan has found that the segment was made ready and no more.
    mutating func noteNotBegun() {
        header = nil
        problem = nil
        records = RecordCounts()
        (entryCount, terms, indexes, end) = (0, nil, nil, 0)
        ending = .notBegun
    }

    /// Tells torn from damaged, by what the whole log says.
    mutating func judgeEnd(damage: DiskPosition?, claim: DurabilityClaim?) {
        if let damage, damage.segment == number {
            end = UInt64(damage.offset)
            ending = .torn
        }
        guard ending == .torn, let claim else { return }
        let position = DiskPosition(segment: number, offset: UInt32(clamping: end))
        if claim.through > position { ending = .damaged(claim) }
    }
}

extension SegmentInspection.Header {
    init(_ header: SegmentHeader) {
        self.init(
            identity: header.identity, number: header.number, isReused: header.isReused,
            chain: header.chain,
            durable: header.durable, hardState: header.hardState, base: header.base,
            last: header.last)
    }
}

extension ClosedRange {
    fileprivate func widened(to other: ClosedRange) -> ClosedRange {
        Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
    }
}
