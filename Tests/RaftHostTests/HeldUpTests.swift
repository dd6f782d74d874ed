internal import Glibc
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftTransport
internal import Testing
internal import Wire

/// A host whose thread was held up: a slow disk, a big snapshot, a machine that was paused.
@Suite struct HeldUpTests {
    @Test func `a leader counts as heard from when it was heard, not from when the turn began`()
        async throws
    {
        try await withTemporaryDirectory { directory in try play(in: directory) }
    }

    private func play(in directory: String) throws {
        let stage = try Stage()
        let loop = stage.loop
        let host = try NodeHost(try options(directory), machine: Counters(), on: loop)
        host.start()
        var heardAt = MonotonicTime.distantFuture
        stage.step("held up for longer than the election timeout") {
            loop.defer {
                usleep(1_300_000)
                host.transport.onEnvelope?(NodeID(2), 1, heartbeat())
                heardAt = .now
                loop.schedule(at: heardAt.advanced(byMilliseconds: 200)) {}
            }
        }
        // A promise on which a leader's lease rests would have ended before its time, too.
        stage.step(
            "a little later", when: loop.turnTime >= heardAt.advanced(byMilliseconds: 200)
        ) {
            #expect(host.node.core.leader == NodeID(2))
            host.stop()
        }
        try stage.play()
    }

    private func heartbeat() -> Envelope {
        let body = Message.Body.heartbeat(committed: .zero, round: 1)
        return .raft(
            Message(from: NodeID(2), to: NodeID(1), term: Term(1), body: body), PackedBytes())
    }

    private func options(_ directory: String) throws -> NodeOptions {
        var settings = NodeSettings()
        try settings.setTimeouts(electionMilliseconds: 1200, heartbeatMilliseconds: 100)
        let nodes = [NodeID(1), NodeID(2)]
        return NodeOptions(
            start: NodeStart(
                directory: directory + "/1", cluster: "held", node: NodeID(1),
                initialConfiguration: Configuration(voters: nodes), seed: 1),
            listen: Address(host: "127.0.0.1", port: 0),
            peers: [(NodeID(2), Address(host: "127.0.0.1", port: try freePort()))],
            settings: settings)
    }
}
