internal import Raft
internal import Testing

/// What the simulator has found, in its smallest form.
@Suite struct FoundBySimulationTests {
    /// Mixed seed 25, 20 s: questions lost in one term filled the follower's list, and it never read again.
    @Test func `lost questions of reads do not keep a follower from asking`() {
        let nodes = (1...3).map { NodeID(UInt64($0)) }
        var settings = CoreSettings()
        settings.maxPendingReads = 2
        var core = RaftCore(
            id: nodes[0], configuration: Configuration(voters: nodes),
            hardState: HardState(term: Term(1)), settings: settings)
        var effects: [Effect] = []
        let heartbeat = Message.Body.heartbeat(committed: .zero, round: 1)
        core.handle(
            .message(Message(from: nodes[1], to: nodes[0], term: Term(1), body: heartbeat)),
            into: &effects)
        for number in 1...5 as ClosedRange<UInt64> {
            effects = []
            core.handle(.read(ReadID(number)), into: &effects)
            let question = Message.Body.readIndexRequest(ReadID(number))
            let asks = Effect.send(
                Message(from: nodes[0], to: nodes[1], term: Term(1), body: question))
            #expect(effects.contains(asks))
            let ends = number > 2
            #expect(effects.contains(.readRefused(ReadID(number &- 2), .overloaded)) == ends)
        }
    }
}
