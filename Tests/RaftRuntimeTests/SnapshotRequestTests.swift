internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `A snapshot on demand` {
    private func outcomes(
        _ cluster: LoopCluster<Book>, at node: NodeID
    ) -> [SnapshotTicket: SnapshotOutcome] {
        var found: [SnapshotTicket: SnapshotOutcome] = [:]
        for case .snapshot(let ticket, let outcome) in cluster.completions[node] ?? [] {
            #expect(found[ticket] == nil, "two outcomes")
            found[ticket] = outcome
        }
        return found
    }

    @Test func `covers what was applied when it was asked for, and can be read to its end`() throws
    {
        var cluster = try LoopCluster(voters: 3) { Book() }
        let leader = try found(cluster.elect())
        for node in [NodeID(1), NodeID(2), NodeID(3)] {
            _ = cluster.propose([1], at: leader)
            let isApplied = cluster.run { $0[node].machine.lines.last == [1] }
            #expect(isApplied)
            let applied = cluster[node].applied
            let ticket = cluster[node].requestSnapshot()
            #expect(cluster.run { outcomes($0, at: node)[ticket] != nil })
            guard case .taken(let info)? = outcomes(cluster, at: node)[ticket] else {
                Issue.record("no snapshot at \(node)")
                continue
            }
            #expect(info.lastIncluded.index >= applied.index)
            let file = try found(try cluster[node].openSnapshot(info.lastIncluded))
            #expect(try file.size() == info.byteCount)
        }
    }

    @Test func `that is there already is not made again`() throws {
        var cluster = try LoopCluster(voters: 1) { Book() }
        let node = try found(cluster.elect())
        _ = cluster.propose([1], at: node)
        let first = cluster[node].requestSnapshot()
        let second = cluster[node].requestSnapshot()
        #expect(cluster.run { outcomes($0, at: node).count == 2 })
        let third = cluster[node].requestSnapshot()
        #expect(cluster.run { outcomes($0, at: node).count == 3 })
        let all = outcomes(cluster, at: node)
        #expect(all[first] == all[second] && all[first] == all[third])
        let taken = cluster.notices[node]?.filter {
            if case .snapshotTaken = $0 { true } else { false }
        }
        #expect(taken?.count == 1)
    }

    @Test func `that is being written and covers too little is followed by another`() throws {
        var cluster = try LoopCluster(voters: 1) { Book() }
        let node = try found(cluster.elect())
        _ = cluster.propose([1], at: node)
        let early = cluster[node].requestSnapshot()
        cluster.turnAlone(node, after: 1)
        let outside = try found(cluster.members.first).outside
        let job = try found(outside.jobs.last)
        #expect(job.lane == .snapshot)
        outside.jobs.removeLast()
        _ = cluster.propose([2], at: node)
        let late = cluster[node].requestSnapshot()
        for _ in 0..<3 { cluster.step() }
        #expect(outcomes(cluster, at: node).isEmpty)
        cluster[node].finished(job.perform())
        #expect(cluster.run { outcomes($0, at: node).count == 2 })
        guard case .taken(let first)? = outcomes(cluster, at: node)[early],
            case .taken(let second)? = outcomes(cluster, at: node)[late]
        else {
            Issue.record("\(outcomes(cluster, at: node))")
            return
        }
        #expect(first.lastIncluded.index < second.lastIncluded.index)
        #expect(second.lastIncluded == cluster[node].applied)
    }

    @Test func `that the disk refuses is told, and the next one is taken`() throws {
        var cluster = try LoopCluster(voters: 1) { Book() }
        let node = try found(cluster.elect())
        _ = cluster.propose([1], at: node)
        let files = try found(cluster.members.first).files
        files.failingOperation = "rename"
        let refused = cluster[node].requestSnapshot()
        #expect(cluster.run { outcomes($0, at: node)[refused] != nil })
        guard case .failed(let error)? = outcomes(cluster, at: node)[refused] else {
            Issue.record("no failure")
            return
        }
        #expect(error.operation == "rename")
        let taken = cluster[node].requestSnapshot()
        #expect(cluster.run { outcomes($0, at: node)[taken] != nil })
        guard case .taken = outcomes(cluster, at: node)[taken] else {
            Issue.record("no snapshot")
            return
        }
    }

    @Test func `has an outcome when the node stops, and when too many wait`() throws {
        var cluster = try LoopCluster(voters: 1) { Book() }
        let node = try found(cluster.elect())
        _ = cluster.propose([1], at: node)
        for _ in 0..<65 { _ = cluster[node].requestSnapshot() }
        cluster[node].endEverything()
        let ends = cluster[node].takeCompletions().compactMap {
            if case .snapshot(_, let outcome) = $0 { outcome } else { nil }
        }
        #expect(ends.count == 65)
        #expect(ends.filter { $0 == .overloaded }.count == 1)
        #expect(ends.filter { $0 == .stopped }.count == 64)
    }
}
