internal import Raft
internal import RaftRuntime

// Liveness without healing: where some quorum of nodes all talk with one another, a leader must be
// found, keep its office and commit, whatever the other links do. Which graphs these are says
// `LinkGraph.hasTalkingQuorum`; without pre-votes and check-quorum nothing of this is promised.

extension Simulator {
    /// Everything heals but some links.
    func settleBesideCuts() {
        guard surroundings.node.core.usesPreVote, surroundings.node.core.checksQuorum,
            !surroundings.changesMembership
        else { return }
        let graph = chance(500) ? graphAroundLeader() : anyPromisingGraph()
        guard isOfUse(graph) else { return }
        links.mendAll(but: graph.cuts)
        note("cut stay \(graph.cuts)")
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        passWhatIsUnderWay()
        let deadline = time + 80 * election * 1_000_000
        var settled: Int?
        while checker.finding == nil, settled == nil {
            guard time <= deadline else {
                return checker.expect(
                    false, "no leader keeps its office while the links \(graph.cuts) stay cut")
            }
            settled = leaderThatStays(graph, for: 10 * election)
        }
        guard let settled else { return }
        mark(.ledWithoutHealing)
        if hasOneWayLinks(graph) { mark(.ledBesideOneWayLinks) }
        expectBacklogDone()
        for place in livingNodes.map(\.place)
        where checker.finding == nil && (place == settled || graph.talk(place, settled)) {
            expectService(at: nodes[place])
        }
    }

    private func anyPromisingGraph() -> LinkGraph {
        for _ in 0..<64 {
            let graph = nextGraph()
            if isOfUse(graph) { return graph }
        }
        return LinkGraph(nodes: nodes.count)
    }

    /// A quorum with the leader; the others can talk with one of its followers, but do not hear the leader.
    private func graphAroundLeader() -> LinkGraph {
        var order = shuffledPlaces()
        if let leader {
            order.removeAll { $0 == leader }
            order.insert(leader, at: 0)
        }
        order.removeAll { nodes[$0].isLost }
        let quorum = nodes.count / 2 + 1
        var graph = LinkGraph(nodes: nodes.count)
        guard order.count > quorum else { return graph }
        let others = order[quorum...]
        for other in others {
            for peer in order where peer != other && peer != order[1] {
                graph.cut(peer, other)
                if chance(700) { graph.cut(other, peer) }
            }
        }
        return graph
    }

    private func isOfUse(_ graph: LinkGraph) -> Bool {
        var living = graph
        for node in nodes where node.isLost {
            living.cutOff(node.place, outward: true)
            living.cutOff(node.place, outward: false)
        }
        return !graph.cuts.isEmpty && living.hasTalkingQuorum
    }

    private func hasOneWayLinks(_ graph: LinkGraph) -> Bool {
        nodes.indices.contains { one in
            nodes.indices.contains { graph.isOpen(one, $0) && !graph.isOpen($0, one) }
        }
    }

    /// The node that leads after one more election timeout, if it still does after as long as is asked for.
    private func leaderThatStays(_ graph: LinkGraph, for milliseconds: UInt64) -> Int? {
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        pass(milliseconds: election)
        guard let candidate = leader, checker.finding == nil else { return nil }
        let term = checker.witnesses[candidate].hardState.term
        let end = time + milliseconds * 1_000_000
        while time < end, checker.finding == nil {
            pass(milliseconds: election / 2)
            let witness = checker.witnesses[candidate]
            guard leader == candidate, witness.hardState.term == term else { return nil }
        }
        return candidate
    }
}
