internal import Raft
internal import RaftRuntime

// The fault budget: which nodes are lost for the rest of the run, and whether the others must go on.
// Progress is demanded if and only if they can.

extension Simulator {
    var livingNodes: [SimulatedNode] { nodes.filter { !$0.isLost } }

    func startIfPossible(_ node: SimulatedNode) {
        if !node.isUp, !node.isLost { start(node) }
    }

    /// Whether a quorum of nodes still has its disks: term and vote of each, and together, as every two quorums
    /// share a node, all that was ever committed.
    var canGoOn: Bool {
        let isQuorum = checker.voters.hasQuorum { !nodes[Int($0.rawValue) - 1].isLost }
        guard isQuorum else { return false }
        if livingNodes.count < nodes.count { mark(.ledWithoutLostNodes) }
        let count = UInt64(checker.committed.count)
        guard let term = checker.term(of: LogIndex(count)) else { return true }
        let last = EntryID(term: term, index: LogIndex(count))
        checker.expect(
            livingNodes.contains { checker.holdsDurably($0.id, last) },
            "the committed entry \(last) is on no disk of the nodes that are left")
        return true
    }

    /// Too many disks are lost: nothing may be committed, and nothing read, any more.
    func expectStandstill() {
        mark(.stoodStill)
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
