internal import Raft
internal import RaftRuntime

// The fault budget: which nodes are lost for the rest of the run, and whether the others must go on.
// Progress is demanded if and only if they can.

extension Simulator {
    /// The members that are sound: what is demanded is demanded of these.
    var livingNodes: [SimulatedNode] {
        let configuration = checker.committedConfiguration
        return nodes.filter { configuration.isMember($0.id) && isSound($0.id, in: configuration) }
    }

    func startIfPossible(_ node: SimulatedNode) {
        if !node.isUp, !node.isLost, !node.isDormant { start(node) }
    }

    enum Budget { case holds, isSpent, isUnclear }

    /// Whether a quorum of nodes still has its disks: term and vote of each, and together, as every two quorums
    /// share a node, all that was ever committed. Unclear while a change of the membership decides that.
    var budget: Budget {
        let configurations = checker.configurationsAtHand { !nodes[$0].isLost }
        let holding = configurations.count { configuration in
            configuration.hasQuorum { isSound($0, in: configuration) }
        }
        guard holding == configurations.count else { return holding == 0 ? .isSpent : .isUnclear }
        if nodes.contains(where: \.isLost) { mark(.ledWithoutLostNodes) }
        let count = UInt64(checker.committed.count)
        guard let term = checker.term(of: LogIndex(count)) else { return .holds }
        let last = EntryID(term: term, index: LogIndex(count))
        checker.expect(
            livingNodes.contains {
                checker.holdsDurably($0.id, last, in: checker.committedConfiguration)
            },
            "the committed entry \(last) is on no disk of the nodes that are left")
        return .holds
    }

    /// Too many disks are lost: nothing may be committed, and nothing read, any more.
    func expectStandstill() {
        mark(.stoodStill)
        if nodes.contains(where: isFounding), checker.committed.isEmpty { mark(.foundingStuck) }
        note("too many nodes are lost")
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        pass(milliseconds: 5 * election)
        let committed = checker.committed.count
        let (operation, read) = (checker.operations.count, checker.reads.count)
        for node in livingNodes where node.isUp {
            propose(at: node)
            self.read(at: node)
        }
        pass(milliseconds: 10 * election)
        checker.expect(
            checker.committed.count == committed
                && checker.operations[operation...].allSatisfy { $0.outcome != .done }
                && checker.reads[read...].allSatisfy { !$0.isServed },
            "without a quorum of disks the cluster went on")
    }

    func pass(milliseconds: UInt64) {
        let end = time + milliseconds * 1_000_000
        while time < end, step() {}
    }
}
