internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import RaftTransport
internal import Testing

/// A snapshot in many pieces on its way to a node, and what is sent again of it after an interruption.
@Suite struct `A snapshot that is interrupted on its way` {
    private static let pieceBytes = 64

    /// A cluster in which one node lacks more than the logs of the others still hold, all of which have the same
    /// snapshot, and half of it has come.
    private struct Setup {
        var cluster: LoopCluster<Book>
        let leader: NodeID
        let other: NodeID
        let lagging: NodeID
        let covered: EntryID

        init() throws {
            var settings = NodeSettings()
            settings.trailingEntries = 0
            settings.snapshotEntries = 1_000_000
            settings.snapshotPartBytes = pieceBytes
            cluster = try LoopCluster(voters: 3, settings: settings) { Book() }
            leader = try found(cluster.elect())
            let (leader, members) = (leader, cluster.members.map { $0.node.identity.node })
            lagging = try found(members.last { $0 != leader })
            let lagging = lagging
            other = try found(members.first { $0 != leader && $0 != lagging })
            cluster.cutOff = [lagging]
            for number in 0..<20 as Range<UInt8> {
                _ = cluster.propose([UInt8](repeating: number, count: 100), at: leader)
            }
            let other = other
            let isEven = cluster.run { $0[other].applied == $0[leader].applied }
            #expect(isEven)
            covered = cluster[leader].applied
            let covered = covered
            for node in [leader, other] { cluster[node].takeSnapshot() }
            let isCompacted = cluster.run { cluster in
                [leader, other].allSatisfy { cluster[$0].core.log.base == covered }
            }
            #expect(isCompacted)
            cluster.cutOff = []
            let isHalfThere = cluster.run { $0.pieces[lagging, default: []].count >= 10 }
            #expect(isHalfThere)
            let applied = cluster[lagging].applied.index
            #expect(applied < covered.index)
        }

        /// Where the pieces began that have come since they were last asked for.
        mutating func takePieces() -> [UInt64] { cluster.pieces.removeValue(forKey: lagging) ?? [] }

        /// Steps until the snapshot is taken in; whether it was.
        mutating func finish() -> Bool {
            let (lagging, end) = (lagging, covered.index)
            return cluster.run { $0[lagging].applied.index >= end }
        }
    }

    @Test func `goes on after a lost connection where the receiver stands`() throws {
        var setup = try Setup()
        let sent = try found(setup.takePieces().last)
        setup.cluster.cutOff = [setup.lagging]
        for _ in 0..<20 { setup.cluster.step() }
        setup.cluster.cutOff = []
        let isThere = setup.finish()
        #expect(isThere)
        let again = setup.takePieces()
        // The last piece was lost, or its acknowledgement; nothing before is sent again.
        #expect(try #require(again.min()) >= sent - UInt64(Self.pieceBytes))
        let (lines, all) = (
            setup.cluster[setup.lagging].machine.lines, setup.cluster[setup.leader].machine.lines
        )
        #expect(lines == all)
        #expect(lines.count == 20)
    }

    @Test func `goes on there also when another leader has the same one`() throws {
        var setup = try Setup()
        let sent = try found(setup.takePieces().last)
        setup.cluster.cutOff = [setup.leader]
        let isThere = setup.finish()
        #expect(isThere)
        // The new leader begins at 0, which it alone can know of, and is told where the receiver stands.
        let again = setup.takePieces()
        #expect(again.first == 0)
        #expect(again.count > 2)
        #expect(again.allSatisfy { $0 == 0 || $0 >= sent })
        let (lines, all) = (
            setup.cluster[setup.lagging].machine.lines, setup.cluster[setup.other].machine.lines
        )
        #expect(lines == all)
    }

    @Test func `begins anew when the receiver was restarted, which believes nothing of the half`()
        throws
    {
        var setup = try Setup()
        try setup.cluster.restart(setup.lagging, machine: Book())
        let kept = setup.cluster.members[Int(setup.lagging.rawValue) - 1].files.paths
        #expect(!kept.contains { $0.hasSuffix(".receiving") })
        let lines = setup.cluster[setup.lagging].machine.lines
        #expect(lines == [])
        _ = setup.takePieces()
        let isThere = setup.finish()
        #expect(isThere)
        #expect(setup.takePieces().contains(0))
        let (there, all) = (
            setup.cluster[setup.lagging].machine.lines, setup.cluster[setup.leader].machine.lines
        )
        #expect(there == all)
    }
}
