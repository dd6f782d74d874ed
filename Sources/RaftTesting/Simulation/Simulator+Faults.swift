internal import Raft
internal import RaftRuntime

// What goes wrong. Several faults may be under way at once; each heals by itself after a while.

extension Simulator {
    func nextFaultDelay() -> UInt64 { milliseconds(0...2 * surroundings.faultInterval) }

    func fault() {
        guard isTroubled else { return }
        plan(.fault, after: nextFaultDelay())
        let kind = surroundings.faults[draw(0...surroundings.faults.count - 1)]
        let victim = chooseVictim()
        note("fault \(kind) at node \(victim.id)")
        switch kind {
        case .kill: if victim.isUp { kill(victim) }
        case .powerLoss: if victim.isUp { losePower(victim) }
        case .powerLossWithinStep: victim.disk.lastCall = victim.disk.callCount + draw(1...60)
        case .allDown: endAll()
        case .isolate: cut(links(of: victim, outward: true) + links(of: victim, outward: false))
        case .cutOneWay:
            mark(.cutOneWay)
            cut(links(of: victim, outward: chance(500)))
        case .split: split(keepingBridge: false)
        case .bridge: split(keepingBridge: true)
        case .reset: resetSome(victim)
        case .lossBurst:
            lossPermille = draw(100...600)
            plan(.endLossBurst, after: milliseconds(100...3000))
        case .pause: pause(victim)
        case .slowDisk:
            victim.diskSlowness = UInt64(draw(5...40))
            plan(.quicken(victim.place), after: milliseconds(500...5000))
        case .diskFailure:
            victim.disk.failingCall = victim.disk.callCount + draw(1...60)
        }
    }

    /// Leaders are the more interesting victims.
    private func chooseVictim() -> SimulatedNode {
        if chance(400), let leader { return nodes[leader] }
        return nodes[draw(0...nodes.count - 1)]
    }

    private func endAll() {
        mark(.allDown)
        let isPowerLoss = chance(700)
        for node in nodes where node.isUp {
            if isPowerLoss { losePower(node) } else { kill(node) }
        }
    }

    private func pause(_ node: SimulatedNode) {
        guard node.isUp else { return }
        mark(.paused)
        node.pausedUntil = max(node.pausedUntil, time + milliseconds(20...4000))
    }

    private func resetSome(_ victim: SimulatedNode) {
        for peer in nodes where peer !== victim && chance(600) { resetConnection(victim, peer) }
    }

    // MARK: Cuts

    private func links(of node: SimulatedNode, outward: Bool) -> [Int] {
        nodes.filter { $0 !== node }.map { peer in
            outward
                ? links.link(node.place, peer.place) : links.link(peer.place, node.place)
        }
    }

    /// Two groups that cannot hear each other, but for one node that both can, with a bridge.
    private func split(keepingBridge: Bool) {
        var order = Array(nodes.indices)
        order.shuffle(using: &dice)
        let bridge = keepingBridge ? order.removeLast() : nil
        let border = draw(1...order.count - 1)
        var cutLinks: [Int] = []
        for one in order[..<border] {
            for other in order[border...] where one != bridge && other != bridge {
                cutLinks.append(links.link(one, other))
                cutLinks.append(links.link(other, one))
            }
        }
        cut(cutLinks)
    }

    private func cut(_ chosen: [Int]) {
        mark(.partitioned)
        links.cut(chosen)
        for link in chosen where chance(300) { links.refuse(link, true) }
        // Connections do not outlive a long cut: sooner or later both ends give them up.
        for link in chosen where chance(250) {
            plan(.reset(link: link), after: milliseconds(0...4000))
        }
        plan(.mend(chosen), after: milliseconds(50...8000))
    }
}
