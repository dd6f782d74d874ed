internal import Raft
internal import RaftRuntime
internal import Testing

/// Sessions in a cluster: the same number at other nodes.
@Suite struct `Sessions in a cluster` {
    private typealias Machine = SessionMachine<Book>

    private func open(_ cluster: inout LoopCluster<Machine>, at node: NodeID) -> SessionClient? {
        let terms = SessionTerms(lifetimeMilliseconds: 30_000)
        let command = SessionCommand.open(terms, maxSessions: 100).encoded()
        guard case .done(.opened(let id), _) = cluster.propose(command, at: node) else {
            return nil
        }
        return SessionClient(id, terms)
    }

    @Test func `a retry at another node after the leader is lost gets the first answer`() throws {
        var cluster = try LoopCluster(voters: 3) { Machine(Book()) }
        let leader = try found(cluster.elect())
        var client = try found(open(&cluster, at: leader))
        let number = try found(client.begin([5]))

        // The leader commits it together with one follower, and is cut off before it hears so.
        let first = try found(client.attempt(number))
        let id = cluster[leader].propose(first.span)
        let isAcknowledged = cluster.run { cluster in
            cluster.members.contains {
                $0.node.identity.node != leader
                    && $0.node.core.log.lastIndex == cluster[leader].core.log.lastIndex
                    && $0.node.core.log.lastIndex > cluster[leader].commitIndex
            }
        }
        #expect(isAcknowledged)
        cluster.cutOff = [leader]
        let other = try found(cluster.elect())
        #expect(other != leader)
        let isLost = cluster.run { cluster in
            (cluster.completions[leader] ?? []).contains {
                if case .proposal(id, .unknown) = $0 { true } else { false }
            }
        }
        #expect(isLost)
        guard
            case .sendAgain = client.take(
                ProposalOutcome<SessionReply<[UInt8]>>.unknown(.timeout), for: number)
        else {
            Issue.record("the client gave up")
            return
        }
        let helper = try found((1...3).map { NodeID($0) }.first { $0 != leader && $0 != other })
        for node in [helper, other, helper] {
            let again = try found(client.attempt(number))
            let outcome = try found(cluster.propose(again, at: node))
            guard case .done(.done([5, 0, 0]), _) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        cluster.cutOff = []
        let last = cluster[other].commitIndex
        #expect(cluster.run { $0.members.allSatisfy { $0.node.applied.index >= last } })
        for member in cluster.members { #expect(member.node.machine.inner.lines == [[5]]) }
    }

    @Test func `answers survive snapshots and power failures of all nodes`() throws {
        var settings = NodeSettings()
        settings.snapshotEntries = 3
        settings.trailingEntries = 1
        var cluster = try LoopCluster(voters: 3, settings: settings) { Machine(Book()) }
        let leader = try found(cluster.elect())
        var client = try found(open(&cluster, at: leader))
        var bytes: [[UInt8]] = []
        for command in 0..<9 as Range<UInt8> {
            let number = try found(client.begin([command]))
            bytes.append(try found(client.attempt(number)))
            _ = cluster.propose(bytes[Int(command)], at: leader)
        }
        #expect(cluster.run { $0.members.allSatisfy { $0.node.core.snapshot != nil } })
        for node in 1...3 { try cluster.restart(NodeID(UInt64(node)), machine: Machine(Book())) }
        let next = try found(cluster.elect())
        for command in 0..<9 as Range<UInt8> {
            let outcome = try found(cluster.propose(bytes[Int(command)], at: next))
            guard case .done(.done([command, command, 0]), _) = outcome else {
                Issue.record("\(command): \(outcome)")
                continue
            }
        }
        #expect(cluster[next].machine.inner.lines.count == 9)
    }

    @Test func `a client that is silent for its lifetime is told that its session is gone`() throws
    {
        var cluster = try LoopCluster(voters: 3) { Machine(Book()) }
        let leader = try found(cluster.elect())
        var client = try found(open(&cluster, at: leader))
        for _ in 0..<2990 { cluster.step() }
        guard case .done(.alive, _) = cluster.propose(client.keepAlive(), at: leader) else {
            Issue.record("gone too early")
            return
        }
        for _ in 0..<3100 { cluster.step() }
        let number = try found(client.begin([1]))
        let attempt = try found(client.attempt(number))
        let outcome = try found(cluster.propose(attempt, at: leader))
        guard case .ended(.sessionLost(mayBeDone: false)) = client.take(outcome, for: number) else {
            Issue.record("\(outcome)")
            return
        }
        #expect(cluster[leader].machine.inner.lines == [])
    }
}
