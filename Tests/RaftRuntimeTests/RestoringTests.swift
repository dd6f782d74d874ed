internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

/// A received snapshot is read beside the loop, which meanwhile goes on with all that needs no state.
@Suite struct `The state in a received snapshot` {
    /// A cluster in which one node lacks more than the log still holds, and its work on snapshots does not end.
    fileprivate struct Setup<Machine: StateMachine> {
        var cluster: LoopCluster<Machine>
        let leader: NodeID
        let lagging: NodeID

        init(_ machine: () -> Machine) throws {
            var settings = NodeSettings()
            settings.trailingEntries = 0
            settings.snapshotEntries = 1_000_000
            cluster = try LoopCluster(voters: 3, settings: settings, machine)
            leader = try found(cluster.elect())
            let (leader, members) = (leader, cluster.members.map { $0.node.identity.node })
            lagging = try found(members.first { $0 != leader })
            cluster.cutOff = [lagging]
            for number in 0..<9 as Range<UInt8> { _ = cluster.propose([number], at: leader) }
            cluster[leader].takeSnapshot()
            let isCompacted = cluster.run { $0[leader].core.log.base.index > LogIndex(5) }
            #expect(isCompacted)
            cluster.holdingSnapshots = [lagging]
            cluster.cutOff = []
            let lagging = lagging
            let hasCome = cluster.run { $0.outside(lagging).jobs.contains { $0.lane == .snapshot } }
            #expect(hasCome)
        }

        /// Does the job that has been held back, as the other thread would.
        mutating func perform() throws -> BackgroundResult<SimulatedFileSystem, Machine.Image> {
            let jobs = cluster.outside(lagging).jobs.filter { $0.lane == .snapshot }
            cluster.outside(lagging).jobs.removeAll { $0.lane == .snapshot }
            #expect(jobs.count == 1)
            return try #require(jobs.first).perform()
        }
    }

    @Test func `does not keep the node from following and voting while it is read`() throws {
        var setup = try Setup { Book() }
        let (leader, lagging) = (setup.leader, setup.lagging)
        let term = setup.cluster[leader].core.term
        // Ten seconds, many election timeouts: it hears the leader, and the leader hears it.
        let missed = setup.cluster[leader].counters.missedHeartbeats
        for _ in 0..<1000 { setup.cluster.step() }
        let (now, follows) = (setup.cluster[leader].core.term, setup.cluster[lagging].core.leader)
        #expect(now == term)
        #expect(follows == leader)
        let missedSince = setup.cluster[leader].counters.missedHeartbeats
        #expect(missedSince == missed)
        #expect(setup.linesThere == [])

        // Without its vote the third node could not lead.
        setup.cluster.cutOff = [leader]
        let other = try found(
            setup.cluster.members.map { $0.node.identity.node }
                .first { $0 != leader && $0 != lagging })
        let isElected = setup.cluster.run { $0[other].core.roleName == .leader }
        #expect(isElected)
        #expect(setup.linesThere == [])

        setup.cluster.holdingSnapshots = []
        let isBack = setup.cluster.run {
            $0[lagging].applied == $0[other].applied && $0[other].applied.term > term
        }
        #expect(isBack)
        let lines = setup.cluster[other].machine.lines
        #expect(setup.linesThere == lines)
        #expect(lines.count == 9)
    }

    @Test func `is taken in without a look at the disk`() throws {
        var setup = try Setup { Book() }
        let result = try setup.perform()
        let files = setup.cluster.members[Int(setup.lagging.rawValue) - 1].files
        #expect(setup.linesThere == [])
        let timeBefore = setup.cluster[setup.lagging].clusterTimeMilliseconds
        files.failingOperation = "open"
        setup.cluster[setup.lagging].finished(result)
        #expect(files.failingOperation == "open")
        files.failingOperation = nil
        #expect(setup.linesThere == setup.linesAtTheLeader)
        let applied = setup.cluster[setup.lagging].applied
        let end = setup.cluster[setup.leader].core.log.base
        #expect(applied == end)
        // Leading later, it must not give entries an older time than those that the snapshot covers.
        let time = setup.cluster[setup.lagging].clusterTimeMilliseconds
        #expect(time > timeBefore)
    }

    @Test func `is there after a crash before it was taken in, and right after`() throws {
        for isTakenIn in [false, true] {
            var setup = try Setup { Book() }
            let result = try setup.perform()
            if isTakenIn { setup.cluster[setup.lagging].finished(result) }
            setup.cluster.holdingSnapshots = []
            try setup.cluster.restart(setup.lagging, machine: Book())
            #expect(setup.linesThere.count == 9)
            #expect(setup.linesThere == setup.linesAtTheLeader)
            let lagging = setup.lagging
            let answer = setup.cluster.propose([99], at: setup.leader)
            guard case .done = answer else {
                Issue.record("\(String(describing: answer))")
                return
            }
            let isThere = setup.cluster.run { $0[lagging].machine.lines.last == [99] }
            #expect(isThere)
        }
    }

    @Test func `is not there after a crash while it was read`() throws {
        var setup = try Setup { Book() }
        setup.cluster.holdingSnapshots = []
        try setup.cluster.restart(setup.lagging, machine: Book())
        #expect(setup.linesThere == [])
        let (leader, lagging) = (setup.leader, setup.lagging)
        let isBack = setup.cluster.run { $0[lagging].applied == $0[leader].applied }
        #expect(isBack)
        #expect(setup.linesThere == setup.linesAtTheLeader)
    }

    @Test func `is let go of on the other thread when another takes its place`() throws {
        var setup = try Setup { Book() }
        setup.cluster[setup.lagging].finished(try setup.perform())
        #expect(setup.linesThere.count == 9)
        guard case .letGone = try setup.perform() else {
            Issue.record("the old state is still with the loop")
            return
        }
    }

    @Test func `stops the node when the machine cannot read it`() throws {
        var setup = try Setup { Illegible() }
        let entry = setup.cluster[setup.leader].core.log.base
        setup.cluster[setup.lagging].finished(try setup.perform())
        let failure = setup.cluster[setup.lagging].failure
        guard case .machine(entry, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        let applied = setup.cluster[setup.lagging].applied.index
        #expect(applied < entry.index)
    }

    /// Writes what it cannot read.
    private struct Illegible: StateMachine, SnapshotImage {
        struct Unread: Error {}

        init() {}
        init(reading bytes: Span<UInt8>) throws { throw Unread() }
        func apply(_ command: Span<UInt8>, at position: LogPosition) {}
        func image() -> Self { self }
        func restore(_ image: Self) {}
        func write(to emit: ([UInt8]) throws -> Void) throws { try emit([1]) }
    }
}

extension `The state in a received snapshot`.Setup where Machine == Book {
    fileprivate var linesThere: [[UInt8]] { cluster[lagging].machine.lines }
    fileprivate var linesAtTheLeader: [[UInt8]] { cluster[leader].machine.lines }
}
