internal import Raft
internal import RaftRuntime

// What goes wrong between the nodes: cuts in all shapes, and links that lose or delay some messages.

extension Simulator {
    /// Cuts links in the shape that the fault names.
    func partition(_ kind: FaultKind, _ victim: SimulatedNode) {
        var graph = LinkGraph(nodes: nodes.count)
        switch kind {
        case .isolate:
            graph.cutOff(victim.place, outward: true)
            graph.cutOff(victim.place, outward: false)
        case .cutOneWay:
            mark(.cutOneWay)
            graph.cutOff(victim.place, outward: chance(500))
        case .split:
            let order = shuffledPlaces()
            let border = draw(1...order.count - 1)
            for one in order[..<border] {
                for other in order[border...] { graph.cutBoth(one, other) }
            }
        case .bridge:
            mark(.bridge)
            let order = shuffledPlaces()
            graph = .bridge(order, border: draw(1...order.count - 1))
        case .ring:
            mark(.ring)
            graph = .ring(shuffledPlaces())
        case .chain:
            mark(.chain)
            graph = .chain(shuffledPlaces())
        case .star:
            mark(.star)
            // With a leader as a leaf: whoever is in the middle may be able to win, and may not.
            graph = .star(shuffledPlaces())
        case .flap: return flap(victim)
        default:
            mark(.anyGraph)
            graph = nextGraph()
        }
        cut(graph.cuts, for: milliseconds(50...8000))
    }

    /// All graphs one after the other where they are few, or any.
    func nextGraph() -> LinkGraph {
        defer { graphNumber += 1 }
        if nodes.count == 3 { return LinkGraph(nodes: 3, number: graphNumber % 64) }
        var graph = LinkGraph(nodes: nodes.count)
        let share = draw(100...900)
        for from in nodes.indices {
            for to in nodes.indices where from != to && chance(share) { graph.cut(from, to) }
        }
        return graph
    }

    func shuffledPlaces() -> [Int] {
        var order = Array(nodes.indices)
        order.shuffle(using: &dice)
        return order
    }

    private func cut(_ chosen: [Int], for nanoseconds: UInt64) {
        mark(.partitioned)
        links.cut(chosen)
        for link in chosen where chance(300) { links.refuse(link, true) }
        // Connections do not outlive a long cut: sooner or later both ends give them up.
        for link in chosen where chance(250) {
            plan(after: milliseconds(0...4000)) { simulator in
                let count = simulator.nodes.count
                simulator.resetConnection(
                    simulator.nodes[link / count], simulator.nodes[link % count])
            }
        }
        plan(after: nanoseconds) { $0.links.mend(chosen) }
    }

    /// A pair's links, or one of them, go and come many times.
    private func flap(_ victim: SimulatedNode) {
        let peer = nodes[draw(0...nodes.count - 1)]
        guard peer !== victim else { return }
        mark(.flapped)
        var chosen = [links.link(victim.place, peer.place)]
        if chance(700) { chosen.append(links.link(peer.place, victim.place)) }
        let longest: UInt64 = [20, 200, 1000][draw(0...2)]
        flap(chosen, longest: longest, left: draw(3...15))
    }

    private func flap(_ chosen: [Int], longest: UInt64, left: Int) {
        guard left > 0, isTroubled else { return }
        links.cut(chosen)
        let down = milliseconds(5...longest)
        plan(after: down) { $0.links.mend(chosen) }
        plan(after: down + milliseconds(5...longest)) {
            $0.flap(chosen, longest: longest, left: left - 1)
        }
    }

    /// Some messages of some links are lost, or wait.
    func trouble(_ kind: FaultKind, _ victim: SimulatedNode) {
        let everywhere = chance(300)
        let chosen = nodes.indices.flatMap { from in
            nodes.indices.filter { to in
                from != to && (everywhere || from == victim.place || to == victim.place)
            }.map { links.link(from, $0) }
        }
        var trouble = SimulatedLinks.Trouble()
        switch kind {
        case .loseKind:
            trouble.lostKind = EnvelopeKind(rawValue: draw(0...EnvelopeKind.allCases.count - 1))
        case .loseBig: trouble.maxFrameBytes = draw(60...400)
        default: trouble.nanosecondsPerByte = UInt64(draw(2000...200_000))
        }
        for link in chosen { links.troubles[link] = trouble }
        plan(after: milliseconds(200...6000)) { simulator in
            for link in chosen { simulator.links.troubles[link] = SimulatedLinks.Trouble() }
        }
    }
}

extension LinkGraph {
    /// Cuts all links of a node in one direction.
    mutating func cutOff(_ node: Int, outward: Bool) {
        for peer in 0..<count where peer != node {
            if outward { cut(node, peer) } else { cut(peer, node) }
        }
    }

    mutating func cutBoth(_ one: Int, _ other: Int) {
        cut(one, other)
        cut(other, one)
    }
}
