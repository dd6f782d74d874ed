internal import Raft
internal import RaftRuntime

// Liveness without healing: where some quorum of the voters all talk with one another, a leader must be
// found, keep its office and commit, whatever the other links do. Which graphs these are says
// `LinkGraph.hasTalkingQuorum`; without pre-votes and check-quorum nothing of this is promised. Where it
// is open who votes, as a change of the membership is under way, nothing is asked for.

extension Simulator {
    /// Those who decide, by place: all of them, and those that are there and take part.
    private struct Electorate: Equatable {
        var configuration: Configuration
        var living: [Int]

        var quorum: Int { configuration.incoming.count / 2 + 1 }
    }

    /// Everything heals but some links.
    func settleBesideCuts() {
        guard surroundings.node.core.usesPreVote, surroundings.node.core.checksQuorum else {
            return
        }
        guard let electorate else { return mark(.votersUnclear) }
        let graph = chance(500) ? graphAroundLeader(electorate) : anyPromisingGraph(electorate)
        guard isOfUse(graph, electorate) else { return }
        links.mendAll(but: graph.cuts)
        note("cut stay \(graph.cuts)")
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        passWhatIsUnderWay()
        let deadline = time + 80 * election * 1_000_000
        var settled: Int?
        while checker.finding == nil, settled == nil, self.electorate == electorate {
            guard time <= deadline else {
                return checker.expect(
                    false, "no leader keeps its office while the links \(graph.cuts) stay cut")
            }
            settled = leaderThatStays(graph, for: 10 * election)
        }
        // What was under way has changed the membership.
        guard let settled else { return mark(.votersUnclear) }
        mark(.ledWithoutHealing)
        if hasOneWayLinks(graph) { mark(.ledBesideOneWayLinks) }
        if electorate.configuration.members != checker.initial.members {
            mark(.ledByOthersWithoutHealing)
        }
        expectBacklogDone()
        // Founders meet all others or none.
        for node in livingNodes where checker.finding == nil && !isFounding(node) {
            guard node.place == settled || graph.talk(node.place, settled) else { continue }
            expectService(at: node)
        }
    }

    /// Nothing when that is not clear: some log holds a membership that is not committed, or a leader would make
    /// a next one of this by itself.
    private var electorate: Electorate? {
        let configurations = checker.configurationsAtHand { !nodes[$0].isLost }
        guard configurations.count == 1, let configuration = configurations.first,
            !configuration.isJoint,
            configuration.promoting.allSatisfy({ !isSound($0, in: configuration) })
        else { return nil }
        let living = configuration.incoming.filter { node in
            isSound(node, in: configuration) && !isFounding(nodes[Int(node.rawValue) - 1])
        }
        return Electorate(
            configuration: configuration, living: living.map { Int($0.rawValue) - 1 })
    }

    private func anyPromisingGraph(_ electorate: Electorate) -> LinkGraph {
        for _ in 0..<64 {
            let graph = nextGraph()
            if isOfUse(graph, electorate) { return graph }
        }
        return LinkGraph(nodes: nodes.count)
    }

    /// A quorum with the leader; the others can talk with one of its followers, but do not hear the leader.
    private func graphAroundLeader(_ electorate: Electorate) -> LinkGraph {
        var order = shuffledPlaces().filter(electorate.living.contains)
        if let leader {
            order.removeAll { $0 == leader }
            order.insert(leader, at: 0)
        }
        let living = order + livingNodes.map(\.place).filter { !order.contains($0) }
        let quorum = electorate.quorum
        var graph = LinkGraph(nodes: nodes.count)
        guard living.count > quorum, order.count >= quorum else { return graph }
        for other in living[quorum...] {
            for peer in living where peer != other && peer != order[1] {
                graph.cut(peer, other)
                if chance(700) { graph.cut(other, peer) }
            }
        }
        return graph
    }

    private func isOfUse(_ graph: LinkGraph, _ electorate: Electorate) -> Bool {
        !graph.cuts.isEmpty
            && LinkGraph.hasTalkingQuorum(among: electorate.living, of: electorate.quorum) {
                graph.talk($0, $1) && admits($0, $1) && admits($1, $0)
            }
    }

    /// Whether a node hears another one as a candidate: it may know an earlier disk of it, until it has
    /// caught up.
    private func admits(_ node: Int, _ peer: Int) -> Bool {
        nodes[node].process?.loop.admits(
            nodes[peer].id, incarnation: nodes[peer].incarnation) ?? false
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
