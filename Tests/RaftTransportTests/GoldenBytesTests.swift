internal import Raft
internal import RaftTransport
internal import Testing
internal import Wire

/// The bytes of the protocol, version 2. They never change; a change is a new version.
@Suite struct GoldenBytesTests {
    private static let nodeOne = NodeID(1)
    private static let nodeTwo = NodeID(300)
    private static let entry = EntryID(term: Term(5), index: LogIndex(1000))

    private static func raft(_ body: Message.Body, _ items: [[UInt8]] = []) -> Envelope {
        .raft(Message(from: nodeOne, to: nodeTwo, term: Term(6), body: body), PackedBytes(items))
    }

    private static let configuration = Configuration(
        voters: [nodeTwo, nodeOne], leaving: [NodeID(3)], learners: [NodeID(4), NodeID(5)],
        promoting: [NodeID(5)],
        roster: [Member(nodeTwo, incarnation: 0x0102, address: "h:1", priority: 9)])

    static let samples: [(Envelope, type: UInt8, payload: [UInt8])] = [
        (raft(.preVoteRequest(lastEntry: entry)), 16, [1, 0xac, 2, 6, 1, 5, 0xe8, 7]),
        (
            raft(.preVoteResponse(granted: true, requestTerm: Term(7))), 16,
            [1, 0xac, 2, 6, 2, 1, 7]
        ),
        (
            raft(.voteRequest(lastEntry: entry, isTransfer: true)), 16,
            [1, 0xac, 2, 6, 3, 5, 0xe8, 7, 1]
        ),
        (raft(.voteResponse(granted: false)), 16, [1, 0xac, 2, 6, 4, 0]),
        (
            raft(
                .append(
                    AppendRequest(
                        previous: entry,
                        entries: [
                            TermRun(term: Term(5), count: 1), TermRun(term: Term(6), count: 2),
                        ], commitIndex: LogIndex(999))), [[0xaa], [], [0xbb, 0xcc]]),
            16,
            [
                1, 0xac, 2, 6, 5, 5, 0xe8, 7, 0xe7, 7, 2, 5, 1, 6, 2, 3, 1, 0, 2, 0xaa, 0xbb,
                0xcc,
            ]
        ),
        (
            raft(.appendResponse(.accepted(matchIndex: LogIndex(9)))), 16,
            [1, 0xac, 2, 6, 6, 9]
        ),
        (
            raft(.appendResponse(.rejected(previousIndex: LogIndex(8), hint: entry))), 16,
            [1, 0xac, 2, 6, 7, 8, 5, 0xe8, 7]
        ),
        (
            raft(.heartbeat(committed: entry, round: 0x80)), 16,
            [1, 0xac, 2, 6, 8, 5, 0xe8, 7, 0x80, 1]
        ),
        (
            raft(.heartbeatResponse(round: 1, promiseMilliseconds: 130)), 16,
            [1, 0xac, 2, 6, 9, 1, 0x82, 1]
        ),
        (raft(.timeoutNow), 16, [1, 0xac, 2, 6, 15]),
        (raft(.commitNotice(committed: entry)), 16, [1, 0xac, 2, 6, 10, 5, 0xe8, 7]),
        (
            raft(
                .snapshotPart(
                    SnapshotPart(
                        lastIncluded: entry, configuration: configuration, offset: 256,
                        isLast: true)), [[0xdd, 0xee]]),
            16,
            [
                1, 0xac, 2, 6, 11, 5, 0xe8, 7, 2, 1, 0xac, 2, 1, 3, 2, 4, 5, 1, 5,
                1, 0xac, 2, 2, 1, 0, 0, 0, 0, 0, 0, 9, 3, 0x68, 0x3a, 0x31,
                0x80, 2, 1, 1, 2, 0xdd, 0xee,
            ]
        ),
        (
            raft(.snapshotResponse(SnapshotResponse(lastIncluded: entry, received: 0))), 16,
            [1, 0xac, 2, 6, 12, 5, 0xe8, 7, 0]
        ),
        (raft(.readIndexRequest(ReadID(200))), 16, [1, 0xac, 2, 6, 13, 0xc8, 1]),
        (raft(.readIndexResponse(ReadID(1), index: nil)), 16, [1, 0xac, 2, 6, 14, 1, 0]),
        (
            raft(.readIndexResponse(ReadID(1), index: LogIndex(2))), 16,
            [1, 0xac, 2, 6, 14, 1, 1, 2]
        ),
        (
            .proposals(ForwardedProposals(firstSequence: 128, commands: PackedBytes([[9], [8]]))),
            17, [0x80, 1, 2, 1, 1, 9, 8]
        ),
        (refused(.notLeader(leader: nil)), 18, [3, 2, 1]),
        (refused(.notLeader(leader: nodeTwo)), 18, [3, 2, 2, 0xac, 2]),
        (refused(.overloaded), 18, [3, 2, 3]),
        (refused(.diskFull), 18, [3, 2, 5]),
        (
            .rejoin(RejoinRequest(replaced: [258, 1])), 19,
            [2, 2, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        ),
    ]

    private static func refused(_ refusal: ProposalRefusal) -> Envelope {
        .proposalsRefused(RefusedProposals(firstSequence: 3, count: 2, refusal: refusal))
    }

    @Test(arguments: samples.indices)
    func `every kind of envelope has the bytes of its format`(index: Int) throws {
        let sample = Self.samples[index]
        #expect(try frame(sample.0) == frame(type: sample.type, payload: sample.payload))
        let envelope = try Envelope(type: sample.type, payload: sample.payload.span)
        #expect(envelope == sample.0)
    }

    @Test(arguments: samples.indices)
    func `every strict prefix of a payload is truncated`(index: Int) {
        let sample = Self.samples[index]
        for count in sample.payload.indices {
            let error = #expect(throws: DecodeError.self) {
                try Envelope(
                    type: sample.type, payload: sample.payload.span.extracting(..<count))
            }
            #expect(error?.code == .truncated, "\(count) bytes")
        }
    }

    @Test func `a frame is header, payload and checksum`() throws {
        let envelope = Self.refused(.overloaded)
        #expect(
            try frame(envelope) == [
                3, 0, 0, 0, 18, 0x59, 0x71, 0x24, 0xfc, 3, 2, 3, 0x13, 0xa0, 0x5f, 0xbe,
            ])
    }
}
