internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

@Suite struct `A snapshot that a follower's disk refuses` {
    @Test func `comes again`() throws {
        var settings = NodeSettings()
        settings.trailingEntries = 0
        var cluster = try LoopCluster(voters: 3, settings: settings) { Book() }
        let leader = try found(cluster.elect())
        let follower = try found(
            cluster.members.first { $0.node.identity.node != leader })
        let id = follower.node.identity.node
        cluster.cutOff = [id]
        for number in 0..<9 as Range<UInt8> { _ = cluster.propose([number], at: leader) }
        cluster[leader].takeSnapshot()
        let isCompacted = cluster.run { $0[leader].core.log.base.index > LogIndex(5) }
        #expect(isCompacted)
        follower.files.failingOperation = "rename"
        cluster.cutOff = []
        let isThere = cluster.run { $0[id].applied.index >= $0[leader].core.log.base.index }
        #expect(isThere)
        #expect(follower.files.failingOperation == nil)
    }
}
