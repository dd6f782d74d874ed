internal import Raft
internal import RaftRuntime
internal import RaftTransport
internal import Testing

/// How long nodes wait for a leader that says nothing any more. A step takes ten milliseconds; the election timeout
/// is 1,000, and 100 are between two heartbeats.
@Suite struct `The time to campaign` {
    @Test func `comes in turn, soon after the election timeout, for those who lose a leader`()
        throws
    {
        var cluster = try LoopCluster(voters: 3) { Book() }
        for _ in 0..<8 {
            let last = try found(cluster.elect())
            for _ in 0..<20 { cluster.step() }
            let start = cluster.now
            cluster.cutOff = [last]
            let next = try found(cluster.elect())
            #expect(next != last)
            // The leader may have been heard just before; then the wait, and what an election takes in these steps.
            let milliseconds = cluster.now.milliseconds(since: start)
            #expect((900...1150).contains(milliseconds))
            // The next one in the order of names, and behind the last the first.
            #expect(next.rawValue == last.rawValue % 3 + 1)
            cluster.cutOff = []
            for _ in 0..<50 { cluster.step() }
        }
    }

    @Test func `differs at random for one who campaigns in vain`() throws {
        var cluster = try LoopCluster(voters: 3) { Book() }
        _ = try found(cluster.elect())
        for _ in 0..<20 { cluster.step() }
        let lonely = NodeID(3)
        cluster.cutOff = [NodeID(1), NodeID(2)]
        var times: [UInt64] = []
        while times.count < 40 {
            if cluster.takeSent(of: lonely).contains(where: Self.isPreVote) {
                times.append(cluster.now.nanoseconds / 1_000_000)
            }
            cluster.step()
        }
        let waits = zip(times.dropFirst(), times).map { $0 - $1 - 1000 }
        #expect(waits.allSatisfy { $0 <= 1020 })
        #expect(waits.contains { $0 > 700 } && waits.contains { $0 < 300 })
    }

    private static func isPreVote(_ envelope: Envelope) -> Bool {
        guard case .raft(let message, _) = envelope else { return false }
        if case .preVoteRequest = message.body { return true }
        return false
    }
}
