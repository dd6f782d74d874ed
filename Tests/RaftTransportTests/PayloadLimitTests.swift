internal import Raft
internal import RaftFormat
internal import RaftTransport
internal import Testing
internal import Wire

@Suite struct PayloadLimitTests {
    private static let overNumber = varint(TransportLimits.maxNumber + 1)
    private static let overItems = varint(UInt64(TransportLimits.maxItems) + 1)
    private static let overMembers = varint(UInt64(ConfigurationLimits.maxMembers) + 1)
    private static let huge = varint(.max)

    private static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.writeVarint(value)
        return bytes
    }

    /// From node 1 to node 2 in term 3.
    private static func message(_ rest: [UInt8]...) -> [UInt8] { [1, 2, 3] + rest.flatMap { $0 } }

    /// Payloads that no writer makes, each with what is wrong.
    static let refused: [(StaticName, type: UInt8, payload: [UInt8])] = [
        ("no such frame type", 19, []),
        ("a hello after the handshake", 1, []),
        ("no such kind", 16, message([16])),
        ("kind zero", 16, message([0])),
        ("sender zero", 16, [0, 2, 3, 4, 0]),
        ("receiver zero", 16, [1, 0, 3, 4, 0]),
        ("a term over the limit", 16, [1, 2] + overNumber + [4, 0]),
        ("a flag of two", 16, message([4, 2])),
        ("more than the last field", 16, message([4, 1, 0])),
        ("a padded number", 16, message([9, 0x80, 0])),
        ("a number of more than 64 bits", 16, message([9], [UInt8](repeating: 0xff, count: 11))),
        ("an index over the limit", 16, message([10, 0], overNumber)),
        ("too many runs", 16, message([5, 0, 0, 0], overItems)),
        ("more runs than bytes", 16, message([5, 0, 0, 0], varint(1 << 20))),
        ("an empty run", 16, message([5, 0, 0, 0, 1, 1, 0, 0])),
        ("too many entries", 16, message([5, 0, 0, 0, 1, 1], overItems)),
        ("entries whose sum is too many", 16, message([5, 0, 0, 0, 2, 1, 1, 1], varint(1 << 20))),
        (
            "entries beyond the last index", 16,
            message([5, 0], varint(TransportLimits.maxNumber), [0, 1, 1, 1, 1, 0])
        ),
        ("fewer items than entries", 16, message([5, 0, 0, 0, 1, 1, 2, 1, 0])),
        ("more items than entries", 16, message([5, 0, 0, 0, 1, 1, 1, 2, 0, 0])),
        ("items without entries", 16, message([5, 0, 0, 0, 0, 1, 0])),
        ("an item longer than the payload", 16, message([5, 0, 0, 0, 1, 1, 1, 1], huge)),
        ("items longer than an integer", 17, [0, 2] + huge + huge),
        ("too many members", 16, message([11, 0, 0], overMembers)),
        ("members out of order", 16, message([11, 0, 0, 2, 2, 1, 0, 0, 0, 0, 0, 0, 1, 0])),
        ("a member twice", 16, message([11, 0, 0, 2, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0])),
        ("a voter who is a learner", 16, message([11, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0])),
        ("a member zero", 16, message([11, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0])),
        ("a promotion of a voter", 16, message([11, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0])),
        (
            "a description of no member", 16,
            message([11, 0, 0, 1, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
        ),
        (
            "a description that says nothing", 16,
            message([11, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
        ),
        (
            "an address over the limit", 16,
            message(
                [11, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 2],
                [UInt8](repeating: 0x61, count: 257), [0, 0, 1, 0])
        ),
        (
            "an offset over the limit", 16,
            message([11, 0, 0, 0, 0, 0, 0, 0], overNumber, [0, 1, 0])
        ),
        ("a piece of no bytes string", 16, message([11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        ("a piece of two byte strings", 16, message([11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0])),
        ("too many commands", 17, [0] + overItems),
        ("more commands than bytes", 17, [0, 3, 0, 0]),
        ("commands whose numbers overflow", 17, huge + [1, 0]),
        ("too many refused", 18, [0] + overItems + [1]),
        ("refused whose numbers overflow", 18, huge + [1, 1]),
        ("no such reason", 18, [0, 1, 4]),
        ("reason zero", 18, [0, 1, 0]),
        ("a leader zero", 18, [0, 1, 2, 0]),
    ]

    @Test(arguments: refused.indices)
    func `what no writer makes is refused`(index: Int) {
        let sample = Self.refused[index]
        #expect(throws: DecodeError.self, "\(sample.0)") {
            try Envelope(type: sample.type, payload: sample.payload.span)
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `any bytes are refused or are exactly what would be written`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<5000 {
            var payload = random.bytes(upTo: 24)
            if random.flag(), payload.count > 4 {
                payload.replaceSubrange(0..<4, with: [1, 2, 3, UInt8(1 + random.upTo(13))])
            }
            let type = UInt8(16 + random.upTo(2))
            guard let envelope = try? Envelope(type: type, payload: payload.span) else { continue }
            accepted += 1
            #expect(try frame(envelope) == frame(type: type, payload: payload))
        }
        #expect(accepted > 20)
    }

    /// Envelopes that break a limit or contradict themselves.
    static let unwritable: [Envelope] = [
        raft(.voteResponse(granted: true), [[1]]),
        raft(append(runs: [2]), [[1]]),
        raft(part(Configuration(voters: (1...129).map { NodeID($0) })), [[]]),
        raft(part(Configuration(voters: [NodeID(0)])), [[]]),
        raft(append(runs: []), [[1]]),
        raft(append(runs: [0]), []),
        raft(append(runs: [1, -1]), []),
        raft(append(runs: [1], previous: TransportLimits.maxNumber), [[]]),
        raft(append(runs: [], previous: TransportLimits.maxNumber + 1), []),
        raft(.commitNotice(committed: EntryID(term: .zero, index: LogIndex(.max))), []),
        .raft(
            Message(
                from: NodeID(0), to: NodeID(1), term: .zero, body: .voteResponse(granted: true)),
            PackedBytes()),
        .proposals(ForwardedProposals(firstSequence: .max, commands: PackedBytes([[]]))),
        .proposalsRefused(
            RefusedProposals(firstSequence: 0, count: -1, refusal: .overloaded)),
        .proposalsRefused(
            RefusedProposals(firstSequence: .max, count: 1, refusal: .overloaded)),
        .proposalsRefused(
            RefusedProposals(
                firstSequence: 0, count: TransportLimits.maxItems + 1, refusal: .overloaded)),
    ]

    private static func raft(_ body: Message.Body, _ items: [[UInt8]]) -> Envelope {
        let message = Message(from: NodeID(1), to: NodeID(2), term: Term(3), body: body)
        return .raft(message, PackedBytes(items))
    }

    private static func append(runs: [Int], previous: UInt64 = 0) -> Message.Body {
        .append(
            AppendRequest(
                previous: EntryID(term: .zero, index: LogIndex(previous)),
                entries: runs.map { TermRun(term: Term(1), count: $0) }, commitIndex: .zero))
    }

    private static func part(_ configuration: Configuration) -> Message.Body {
        .snapshotPart(
            SnapshotPart(lastIncluded: .zero, configuration: configuration, offset: 0))
    }

    @Test(arguments: unwritable.indices)
    func `what a reader would refuse is not written`(index: Int) {
        #expect(throws: EncodeError.self) { try frame(Self.unwritable[index]) }
    }

    @Test func `an append of the most entries in runs of one passes`() throws {
        let count = 1 << 16
        let runs = (0..<count).map { TermRun(term: Term(UInt64($0)), count: 1) }
        let request = AppendRequest(previous: .zero, entries: runs, commitIndex: .zero)
        let message = Message(from: NodeID(1), to: NodeID(2), term: Term(9), body: .append(request))
        let envelope = Envelope.raft(
            message, PackedBytes([[UInt8]](repeating: [], count: count)))
        var decoder = FrameDecoder()
        let bytes = try frame(envelope)
        decoder.append(bytes.span)
        let received = try decoder.nextEnvelope()
        #expect(received == envelope)
    }
}
