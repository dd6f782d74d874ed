internal import Raft
internal import RaftRuntime
internal import RaftStorage

// Nodes that have found their directories damaged, and begin anew under their names.

extension Simulator {
    /// A process has opened its files: has it given up those that were there, and is another one now?
    func noteNewBeginning(of node: SimulatedNode) {
        guard let record = node.process?.loop.rejoinRecord, node.incarnation != 0,
            node.incarnation != record.incarnation
        else { return }
        note("node \(node.id) begins anew as \(record.incarnation): \(record.cause)")
        mark(.damageFound)
        mark(record.replaced.count > 1 ? .begunAnewAgain : .begunAnew)
        let isRecord =
            record.cause.contains(", from index ") && !record.cause.contains("at byte 0,")
        if isRecord { mark(.damagedMiddle) }
        checker.expect(
            record.replaced.contains(node.incarnation)
                && node.rottenFiles.contains {
                    record.cause.contains($0) || $0.hasPrefix("/data/snapshots")
                },
            "node \(node.id) begins anew, \(record.cause), nothing was damaged")
        node.rottenFiles = []
        node.generation += 1
        node.startConfiguration = Configuration(voters: [])
        checker.wiped(node.place)
    }

    /// In calm whoever has begun anew, and is still a member, is known as what it is, with the vote that it had.
    func expectReadmission() {
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        guard surroundings.rejoins else { return }
        expectSoon("readmission of all that have begun anew", milliseconds: 120 * election) {
            let configuration = self.checker.committedConfiguration
            return !configuration.isJoint
                && self.nodes.allSatisfy { node in
                    guard let record = node.process?.loop.rejoinRecord else {
                        return !configuration.promoting.contains(node.id)
                            || !self.isSound(node.id, in: configuration)
                    }
                    // One that had been wiped before takes the place of nobody.
                    let known = configuration.incarnation(of: node.id) ?? 0
                    return known != record.incarnation && !record.replaced.contains(known)
                }
        }
    }
}
