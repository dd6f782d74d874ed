internal import Raft
internal import RaftTransport
internal import Wire

/// A small seeded generator (SplitMix64), so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func upTo(_ limit: Int) -> Int { Int.random(in: 0...limit, using: &self) }
    mutating func flag() -> Bool { Bool.random(using: &self) }

    /// Mostly small, sometimes at the very limit.
    mutating func number(limit: UInt64 = TransportLimits.maxNumber) -> UInt64 {
        switch upTo(9) {
        case 0: limit
        case 1: UInt64.random(in: 0...limit, using: &self)
        default: UInt64(upTo(300))
        }
    }

    mutating func node() -> NodeID { NodeID(max(1, number(limit: .max))) }

    mutating func entry() -> EntryID {
        EntryID(term: Term(number()), index: LogIndex(number()))
    }

    mutating func bytes(upTo limit: Int) -> [UInt8] {
        (0..<upTo(limit)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func items(_ count: Int) -> PackedBytes {
        PackedBytes((0..<count).map { _ in bytes(upTo: flag() ? 3 : 40) })
    }

    mutating func configuration() -> Configuration {
        let voters = (0..<upTo(5)).map { _ in node() }
        let learners = (0..<upTo(2)).map { _ in node() }
        let promoting = learners.filter { _ in flag() }
        let leaving = (0..<upTo(2)).map { _ in node() }
        var roster: [Member] = []
        for node in voters + learners where flag() {
            roster.append(
                Member(
                    node, incarnation: number(limit: .max),
                    address: flag() ? "host:\(upTo(9))" : "",
                    priority: UInt8(upTo(255))))
        }
        return Configuration(
            voters: voters, leaving: leaving, learners: learners, promoting: promoting,
            roster: roster)
    }
}

extension SeededGenerator {
    mutating func envelope() -> Envelope {
        switch upTo(9) {
        case 0:
            .proposals(
                ForwardedProposals(
                    firstSequence: number(limit: .max - 100), commands: items(upTo(5))))
        case 1:
            .proposalsRefused(
                RefusedProposals(
                    firstSequence: number(limit: .max - 100), count: upTo(100), refusal: refusal()))
        case 2: .rejoin(RejoinRequest(replaced: (0..<upTo(4)).map { _ in number() }))
        default:
            raft()
        }
    }

    private mutating func refusal() -> ProposalRefusal {
        switch upTo(3) {
        case 0: .overloaded
        case 2: .diskFull
        case 1: .transferring(to: node())
        default: .notLeader(leader: flag() ? node() : nil)
        }
    }

    private mutating func raft() -> Envelope {
        let body = body()
        let message = Message(from: node(), to: node(), term: Term(number()), body: body)
        return .raft(message, items(message.contentCount))
    }

    /// One of every kind in turn would do too; random ones also vary the neighbours in a stream.
    private mutating func body() -> Message.Body {
        switch upTo(14) {
        case 0: .preVoteRequest(lastEntry: entry())
        case 1: .preVoteResponse(granted: flag(), requestTerm: Term(number()))
        case 2: .voteRequest(lastEntry: entry(), isTransfer: flag())
        case 3: .voteResponse(granted: flag())
        case 4: .append(append())
        case 5: .appendResponse(.accepted(matchIndex: LogIndex(number())))
        case 6: .appendResponse(.rejected(previousIndex: LogIndex(number()), hint: entry()))
        case 7: .heartbeat(committed: entry(), round: number(limit: .max))
        case 8: .heartbeatResponse(round: number(limit: .max), promiseMilliseconds: number())
        case 9: .commitNotice(committed: entry())
        case 10:
            .snapshotPart(
                SnapshotPart(
                    lastIncluded: entry(), configuration: configuration(), offset: number(),
                    isLast: flag()))
        case 11:
            .snapshotResponse(SnapshotResponse(lastIncluded: entry(), received: number()))
        case 12: .readIndexRequest(ReadID(number(limit: .max)))
        case 13: .timeoutNow
        default:
            .readIndexResponse(
                ReadID(number(limit: .max)), index: flag() ? LogIndex(number()) : nil)
        }
    }

    private mutating func append() -> AppendRequest {
        let runs = (0..<upTo(3)).map { _ in TermRun(term: Term(number()), count: 1 + upTo(3)) }
        let room = TransportLimits.maxNumber - 20
        let previous = EntryID(term: Term(number()), index: LogIndex(number(limit: room)))
        return AppendRequest(previous: previous, entries: runs, commitIndex: LogIndex(number()))
    }
}

/// The bytes of one envelope in its frame.
func frame(_ envelope: Envelope) throws -> [UInt8] {
    var output: [UInt8] = []
    try FrameEncoder().append(envelope, to: &output)
    return output
}

/// Puts any payload into a frame that is whole and undamaged.
func frame(type: UInt8, payload: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.write(UInt32(payload.count))
    output.append(type)
    output.write(CRC32C.checksum(output.span))
    output.append(contentsOf: payload)
    output.write(CRC32C.checksum(payload.span))
    return output
}

extension FrameDecoder {
    /// What `nextEnvelope` answers or throws, as a value.
    mutating func outcome() -> Result<Envelope?, DecodeError> {
        do throws(DecodeError) {
            return .success(try nextEnvelope())
        } catch {
            return .failure(error)
        }
    }

    /// All envelopes that are complete.
    mutating func rest() throws -> [Envelope] {
        var envelopes: [Envelope] = []
        while let envelope = try nextEnvelope() { envelopes.append(envelope) }
        return envelopes
    }
}
