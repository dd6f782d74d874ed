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
        case .endWithVote: victim.fatalVote = chance(800) ? .decided : .sent
        case .isolate, .split, .cutOneWay, .bridge, .ring, .chain, .star, .graph, .flap:
            partition(kind, victim)
        case .reset: resetSome(victim)
        case .lossBurst:
            lossPermille = draw(100...600)
            plan(after: milliseconds(100...3000)) { simulator in
                simulator.lossPermille =
                    simulator.isTroubled ? simulator.surroundings.lossPermille : 0
            }
        case .loseKind, .loseBig, .slowLink: trouble(kind, victim)
        case .echo:
            echoPermille = draw(5...50)
            plan(after: milliseconds(500...5000)) { $0.echoPermille = 0 }
        case .change: changeMembership(near: victim)
        case .wipe: wipe(victim)
        case .transfer: if victim.isUp { hand(.transfer, toInboxOf: victim) }
        case .resign: if victim.isUp { hand(.resign, toInboxOf: victim) }
        case .pause, .suspend, .drift, .lateTurns, .wallJump: disturbClock(kind, of: victim)
        case .slowDisk, .stallDisk, .fullDisk, .diskFailure, .brokenDisk, .callFailure, .rot:
            disturbDisk(kind, of: victim)
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

    private func resetSome(_ victim: SimulatedNode) {
        for peer in nodes where peer !== victim && chance(600) { resetConnection(victim, peer) }
    }

    // MARK: Clocks

    private func disturbClock(_ kind: FaultKind, of node: SimulatedNode) {
        guard node.isUp else { return }
        switch kind {
        case .pause: pause(node)
        case .suspend:
            mark(.suspended)
            // Often out of reach as well, so that it wakes without news of what it has missed.
            if chance(400) { partition(.isolate, node) }
            pause(node)
            node.clock.stop(from: time, until: node.pausedUntil)
        case .drift:
            // Up to a tenth too fast or too slow.
            mark(.clockDrifted)
            node.clock.setRate(UInt64(1024 + draw(-102...102)), at: time)
            plan(turnOf: node, at: time + 1)
        case .lateTurns:
            mark(.turnsBunched)
            node.turnGrid = milliseconds(5...300)
            plan(after: milliseconds(500...8000)) { _ in node.turnGrid = 1 }
        default:
            mark(.wallClockJumped)
            let jump = UInt64(draw(0...1_000_000_000))
            let isBack = chance(500)
            node.wallMilliseconds =
                isBack
                ? node.wallMilliseconds - min(jump, node.wallMilliseconds)
                : node.wallMilliseconds + jump
        }
    }

    /// Shorter than an election timeout, about as long, or much longer.
    private func pause(_ node: SimulatedNode) {
        mark(.paused)
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        let longest = [election / 2, 2 * election, 4000][draw(0...2)]
        node.pausedUntil = max(node.pausedUntil, time + milliseconds(20...longest))
    }
}
