internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

/// Counts what it is told; a snapshot of it is as large as it is told to be.
private struct Counter: StateMachine {
    private(set) var count = 0

    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> Int {
        count += 1
        return count
    }

    func image() -> Image { Image(count: count) }

    struct Image: SnapshotImage {
        let count: Int

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var bytes: [UInt8] = []
            bytes.writeCount(count)
            try emit(bytes)
        }

        init(count: Int) { self.count = count }

        init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            count = try bytes.readCount(limit: 1 << 30, name: "count", at: &offset)
        }
    }

    mutating func restore(_ image: Image) { count = image.count }
}

@Suite struct `A node whose disk is full` {
    private static let large = [UInt8](repeating: 1, count: 8 << 10)

    private static func cluster(_ voters: Int) throws -> LoopCluster<Counter> {
        var settings = NodeSettings()
        settings.snapshotEntries = 1_000_000
        return try LoopCluster(voters: voters, settings: settings) { Counter() }
    }

    private static func fill(_ id: NodeID, _ cluster: LoopCluster<Counter>) {
        let files = cluster.members[Int(id.rawValue) - 1].files
        files.capacityBytes = files.usedBytes
    }

    private static func empty(_ id: NodeID, _ cluster: LoopCluster<Counter>) {
        cluster.members[Int(id.rawValue) - 1].files.capacityBytes = nil
    }

    private static func told(_ id: NodeID, _ cluster: LoopCluster<Counter>) -> [String] {
        (cluster.notices[id] ?? []).map { "\($0)" }
    }

    @Test func `and that is alone refuses what it cannot keep, and takes it when there is space`()
        throws
    {
        var cluster = try Self.cluster(1)
        let id = try found(cluster.elect())
        for _ in 0..<50 { cluster.step() }
        Self.fill(id, cluster)
        var done = 0
        var refused = 0
        for _ in 0..<40 {
            switch cluster.propose(Self.large, at: id) {
            case .done: done += 1
            case .notDone(.diskFull): refused += 1
            case let other: Issue.record("\(String(describing: other))")
            }
        }
        #expect(done > 3 && refused > 3)
        #expect(cluster[id].isDiskFull == true)
        #expect(cluster[id].failure == nil)
        #expect(cluster[id].counters.fullDisks == 1)
        #expect(Self.told(id, cluster).contains { $0.hasPrefix("diskFull") })
        Self.empty(id, cluster)
        let hasSpace = cluster.run { !$0[id].isDiskFull }
        #expect(hasSpace)
        guard case .done(done + 1, _) = cluster.propose(Self.large, at: id) else {
            Issue.record("not taken")
            return
        }
        // Nothing that was answered is lost.
        try cluster.restart(id, machine: Counter())
        _ = cluster.elect()
        let isWhole = cluster.run { $0[id].machine.count == done + 1 }
        #expect(isWhole)
    }

    @Test func `hands over when it leads; it follows, and catches up when there is space`() throws {
        var cluster = try Self.cluster(3)
        let id = try found(cluster.elect())
        for _ in 0..<50 { cluster.step() }
        Self.fill(id, cluster)
        // One after the other, wherever a leader is, until the disk of the first is full.
        var done = 0
        for _ in 0..<60 {
            guard let leader = cluster.elect() else { continue }
            if case .done = cluster.propose(Self.large, at: leader) { done += 1 }
        }
        #expect(done > 40)
        let next = try found(cluster.elect())
        #expect(next != id)
        #expect(cluster[id].isDiskFull == true)
        #expect(cluster.members.allSatisfy { $0.node.failure == nil })
        // It stays behind, and says no more than it has.
        for _ in 0..<300 { cluster.step() }
        #expect(cluster[id].machine.count < done)
        #expect(cluster[id].core.term == cluster[next].core.term, "it campaigned")
        Self.empty(id, cluster)
        let hasCaughtUp = cluster.run { $0[id].machine.count == done }
        #expect(hasCaughtUp)
        #expect(cluster[id].isDiskFull == false)
    }

    @Test func `still votes, so that a quorum can be had with it`() throws {
        var cluster = try Self.cluster(3)
        let first = try found(cluster.elect())
        for _ in 0..<50 { cluster.step() }
        let full = try #require([1, 2, 3].map { NodeID($0) }.first { $0 != first })
        Self.fill(full, cluster)
        for _ in 0..<40 { _ = cluster.propose(Self.large, at: first) }
        for _ in 0..<200 { cluster.step() }
        #expect(cluster[full].isDiskFull == true)
        let term = cluster[full].core.durableHardState.term
        cluster.cutOff = [first]
        let healthy = try #require(
            [1, 2, 3].map { NodeID($0) }.first { $0 != first && $0 != full })
        let isElected = cluster.run { $0[healthy].core.roleName == .leader }
        #expect(isElected)
        #expect(cluster[full].core.durableHardState.term > term)
        #expect(cluster[full].core.durableHardState.vote == healthy)
        #expect(cluster[full].failure == nil)
    }

    /// A deadline that has come and is not heeded would have the loop turn without end.
    @Test func `waits before it tries again, also for a snapshot that is due`() throws {
        var settings = NodeSettings()
        settings.snapshotEntries = 1
        var cluster = try LoopCluster(voters: 1, settings: settings) { Counter() }
        let id = try found(cluster.elect())
        for _ in 0..<50 { cluster.step() }
        Self.fill(id, cluster)
        for _ in 0..<40 { _ = cluster.propose(Self.large, at: id) }
        cluster.hanging = [id]
        var late = 0
        for _ in 0..<3000 {
            cluster.step()
            if let next = cluster[id].nextDeadline, next <= cluster.now { late += 1 }
        }
        #expect(cluster[id].isDiskFull == true)
        #expect(late < 10)
    }

    @Test func `makes room by a snapshot of its own`() throws {
        var settings = NodeSettings()
        settings.snapshotEntries = 1_000_000
        settings.trailingEntries = 0
        var cluster = try LoopCluster(voters: 1, settings: settings) { Counter() }
        let id = try found(cluster.elect())
        for _ in 0..<50 { cluster.step() }
        let files = cluster.members[0].files
        // Enough for the snapshot, not for a segment.
        files.capacityBytes = files.usedBytes + 4096
        for _ in 0..<200 {
            let outcome = cluster.propose(Self.large, at: id)
            if case .notDone(.diskFull) = outcome { for _ in 0..<20 { cluster.step() } }
        }
        #expect(cluster[id].counters.fullDisks > 0)
        #expect(cluster[id].machine.count > 100)
        #expect(cluster[id].failure == nil)
    }
}
