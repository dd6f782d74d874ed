internal import Raft
internal import RaftRuntime

// Leadership changes hands on purpose: by wish, before an orderly end, and when a leader's disk hangs.

extension Simulator {
    /// Somebody asks for another leader; mostly for one in particular.
    func askForTransfer(at node: SimulatedNode) {
        let target = chance(700) ? nodes[draw(0...nodes.count - 1)].id : nil
        note("node \(node.id) is asked to hand over to \(target.map { "\($0)" } ?? "anybody")")
        guard let ticket = node.process?.loop.transferLeadership(to: target) else { return }
        node.openTransfers[ticket.rawValue] = false
    }

    func transferEnded(_ ticket: TransferTicket, _ outcome: TransferOutcome, at node: SimulatedNode)
    {
        guard let endsProcess = node.openTransfers.removeValue(forKey: ticket.rawValue) else {
            return checker.expect(false, "node \(node.id) ended a hand-over twice")
        }
        note("node \(node.id) ends a hand-over: \(outcome)")
        switch outcome {
        case .done(let leader):
            mark(.handedOver)
            checker.expect(leader != node.id, "node \(node.id) handed over to itself")
        case .aborted: mark(.transferAborted)
        case .refused: mark(.transferRefused)
        case .noLeader, .stopped: break
        }
        guard endsProcess else { return }
        mark(.resigned)
        // In its own time, not within the turn that tells of it.
        plan(after: duration(1...1_000_000)) { [life = node.life] simulator in
            if node.life == life, node.isUp { simulator.kill(node) }
        }
    }

    /// In calm a leader hands over, and the cluster serves on.
    func expectHandOver() {
        guard let leader, canLose(nodes[leader]), checker.finding == nil else { return }
        let node = nodes[leader]
        hand(.transfer, toInboxOf: node)
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        pass(milliseconds: election / 8)
        // An election timeout on the leader's own clock, and its last turn.
        expectSoon("an end of a hand-over", milliseconds: 2 * election) {
            node.openTransfers.isEmpty
        }
        expectSoon("a leader after a hand-over", milliseconds: 40 * election) { self.hasLeader }
    }

    /// In calm a leader's disk hangs, and somebody else must lead; when it works again the node follows.
    func expectEscapeFromDisk() {
        guard let leader, canLose(nodes[leader]), checker.finding == nil else { return }
        let node = nodes[leader]
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        node.isDiskStalled = true
        propose(at: node)
        expectSoon("a leader whose disk works", milliseconds: 60 * election) {
            self.leader.map { $0 != leader } ?? false
        }
        mark(.escapedFromDisk)
        calmDisk(of: node)
        passWhatIsUnderWay()
        expectSoon("a leader whom all follow", milliseconds: 40 * election) { self.hasLeader }
    }

}
