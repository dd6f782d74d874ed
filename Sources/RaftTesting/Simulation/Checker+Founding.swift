internal import Raft
internal import RaftRuntime

// Founders that get to know each other: of each name one incarnation takes part, and all mean the same members.

extension Checker {
    /// A founder takes part from now on.
    func tookPart(_ node: SimulatedNode, _ configuration: Configuration) {
        if initial.roster.isEmpty {
            expect(
                configuration.roster.map(\.id) == initial.incoming,
                "node \(node.id) founded the cluster and knows only \(configuration.roster)")
            initial = configuration
        }
        let own = node.incarnation
        let known = participants[node.place]
        expect(
            known == nil || known == own,
            "two incarnations of founder \(node.id) took part, \(known ?? 0) and \(own)")
        guard known == nil else { return }
        participants[node.place] = own
        // Somebody may have put down another one, which then can never take part.
        initial = Configuration(
            voters: initial.incoming,
            roster: initial.roster.map { $0.id == node.id ? Member($0.id, incarnation: own) : $0 })
    }

    /// As long as a node goes by the founding membership, that is the one that all go by. Incarnations may
    /// differ only of those who have not taken part, and cannot any more.
    func checkFoundingMembership(_ core: RaftCore) {
        let configuration = core.configuration
        guard meetsFounders, !configuration.incoming.isEmpty,
            !configurations.contains(where: { $0.configuration == configuration })
        else { return }
        let isThatOfAll =
            configuration.incoming == initial.incoming && !configuration.isJoint
            && configuration.learners.isEmpty
            && configuration.roster.allSatisfy { member in
                let place = Int(member.id.rawValue) - 1
                guard let known = participants[place] else {
                    return incarnations[place].contains(member.incarnation)
                }
                return known == member.incarnation
            }
        expect(
            isThatOfAll,
            "node \(core.id) has founded \(configuration), the others \(initial)")
    }
}
