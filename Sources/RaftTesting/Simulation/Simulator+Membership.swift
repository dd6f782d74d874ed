internal import Raft
internal import RaftRuntime

// An operator who changes the membership all the time, whatever else goes on, and disks that are wiped.

extension Simulator {
    /// Asks for a change, mostly at the leader.
    func changeMembership(near victim: SimulatedNode) {
        let node = chance(850) ? leader.map { nodes[$0] } ?? victim : victim
        guard let configuration = node.process?.loop.core.configuration,
            let change = drawChange(configuration)
        else { return }
        hand(.change(change), toInboxOf: node)
    }

    private func drawChange(_ configuration: Configuration) -> MembershipChange? {
        let useless = configuration.members.filter { !isSound($0, in: configuration) }
        if let node = pick(useless), chance(700) { return .remove(node) }
        let voters = configuration.incoming
        switch draw(0...11) {
        case 0...4: return drawAddition(configuration)
        case 5, 6: return voters.count > 2 ? pick(voters).map { .remove($0) } : nil
        case 7: return voters.count > 2 ? pick(voters).map { .demote($0) } : nil
        case 8: return pick(configuration.learners).map { .promote($0) }
        case 9:
            let all = voters + configuration.learners.filter { isSound($0, in: configuration) }
            let chosen = all.filter { _ in chance(750) }
            return chosen.count >= 2 ? .setVoters(chosen) : nil
        case 10: return pick(configuration.learners).map { .remove($0) }
        default:
            guard let node = pick(configuration.members),
                var member = configuration.member(node)
            else { return nil }
            member.priority = UInt8(draw(0...3))
            member.address = "at \(draw(0...99))"
            return .update(member)
        }
    }

    /// A node joins: a new one, one that was removed, or one that lost its disk.
    private func drawAddition(_ configuration: Configuration) -> MembershipChange? {
        let others = nodes.map(\.id).filter { !configuration.isMember($0) }
        guard let id = pick(others) else { return nil }
        let node = nodes[Int(id.rawValue) - 1]
        if node.isDormant {
            node.isDormant = false
            start(node)
        }
        guard let incarnation = node.process?.loop.identity.incarnation else { return nil }
        let member = Member(id, incarnation: incarnation, priority: UInt8(draw(0...3)))
        return .add(member, asVoter: chance(800))
    }

    private func pick(_ nodes: [NodeID]) -> NodeID? {
        nodes.isEmpty ? nil : nodes[draw(0...nodes.count - 1)]
    }

    /// Whether a member is the one that the membership means, with its disk.
    func isSound(_ node: NodeID, in configuration: Configuration) -> Bool {
        let place = Int(node.rawValue) - 1
        guard !nodes[place].isLost, !nodes[place].isDormant else { return false }
        if isFounding(nodes[place]), !canFound(nodes[place]) { return false }
        let pinned = configuration.member(node)?.incarnation ?? 0
        return pinned == 0 || pinned == nodes[place].incarnation
    }

    func membershipEnded(
        _ ticket: MembershipTicket, _ outcome: MembershipOutcome, at node: SimulatedNode
    ) {
        guard node.openChanges.removeValue(forKey: ticket.rawValue) != nil else {
            return checker.expect(false, "node \(node.id) ended a change twice")
        }
        note("node \(node.id) ends a change: \(outcome)")
        switch outcome {
        case .done(let configuration):
            mark(.changeDone)
            checker.expect(
                !configuration.isJoint
                    && checker.configurations.contains { placed in
                        placed.configuration == configuration
                            && checker.term(of: placed.entry.index) == placed.entry.term
                    },
                "node \(node.id) says that \(configuration) is in force, it is not committed")
        case .refused: mark(.changeRefused)
        case .catchingUp, .undone, .tooManyMembers, .unreachable, .superseded, .stopped,
            .unknown:
            break
        }
    }

    // MARK: Wiped disks

    /// A node loses its directory and comes back under its old name.
    func wipe(_ node: SimulatedNode) {
        guard surroundings.wipesDisks, !node.isDormant, node.incarnation != 0, canWipe(node) else {
            return
        }
        if node.isUp { kill(node) }
        mark(.wiped)
        note("the disk of node \(node.id) is wiped")
        traceHash.mix(node.place, -1)
        node.disk.removeEverything()
        node.rottenFiles = []
        node.isLost = false
        node.incarnation = 0
        node.generation += 1
        node.firstSeed = dice.next()
        chooseStart(of: node)
        checker.wiped(node.place)
        plan(.restart(node.place, life: node.life), after: milliseconds(5...2000))
    }

    /// Started as at the foundation, or as one who is to be taken in.
    private func chooseStart(of node: SimulatedNode) {
        guard surroundings.meetsFounders else {
            node.startConfiguration = chance(500) ? checker.initial : Configuration(voters: [])
            return
        }
        let isFounder = node.place < surroundings.nodeCount && (!isFounded || chance(500))
        node.founding = FoundingHistory(isFounder: isFounder, isAnew: true)
        node.startConfiguration = isFounder ? foundingMembership : Configuration(voters: [])
    }

    /// Whether the others would still be quorums of all memberships that may be in force.
    func canLose(_ victim: SimulatedNode) -> Bool {
        checker.configurationsAtHand { !nodes[$0].isLost }.allSatisfy { configuration in
            configuration.hasQuorum {
                $0 != victim.id && isSound($0, in: configuration)
                    && nodes[Int($0.rawValue) - 1].rottenFiles.isEmpty
            }
        }
    }

    // MARK: Calm

    /// In calm a joint membership is left, and who is to be a voter becomes one.
    func expectSettledMembership() {
        guard surroundings.changesMembership else { return }
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        expectSoon("a settled membership", milliseconds: 80 * election) {
            guard let leader = self.leader,
                let core = self.nodes[leader].process?.loop.core, core.isConfigurationCommitted
            else { return false }
            let configuration = core.configuration
            return !configuration.isJoint
                && configuration.promoting.allSatisfy { !self.isSound($0, in: configuration) }
        }
    }

    /// In calm no node that was removed, or is not heard, can disturb the others.
    func expectPeace() {
        guard surroundings.changesMembership, surroundings.node.core.usesPreVote,
            surroundings.node.core.checksQuorum, checker.finding == nil, let leader
        else { return }
        let term = checker.witnesses[leader].hardState.term
        pass(milliseconds: 10 * UInt64(surroundings.node.electionTimeoutMilliseconds))
        checker.expect(
            self.leader == leader && checker.witnesses[leader].hardState.term == term,
            "the leader of term \(term) was disturbed in calm")
    }
}
