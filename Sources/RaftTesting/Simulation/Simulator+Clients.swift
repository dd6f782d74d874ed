internal import Raft
internal import RaftRuntime

// The clients: they propose and read at whatever node they meet, and do not wait.

extension Simulator {
    func request() {
        guard isTroubled else { return }
        plan(.request, after: milliseconds(1...2 * surroundings.requestInterval))
        let node = nodes[draw(0...nodes.count - 1)]
        guard node.isUp else { return }
        if draw(0...99) < surroundings.readPercent { return read(at: node) }
        let burst = chance(200) ? draw(1...surroundings.maxBurst) : 1
        for _ in 0..<burst { propose(at: node) }
    }

    func propose(at node: SimulatedNode) {
        let operation = checker.beginOperation()
        let command = Ledger.command(
            workload.beginCommand(operation, using: &dice), operation: UInt64(operation),
            padding: draw(0...surroundings.maxPadding))
        note("operation \(operation) is proposed at node \(node.id)")
        traceHash.mix(node.place, operation)
        hand(.propose(operation: operation, command: command), toInboxOf: node)
    }

    func read(at node: SimulatedNode) {
        let number = checker.beginRead()
        workload.beginRead(number, using: &dice)
        traceHash.mix(node.place, -number)
        hand(.read(number), toInboxOf: node)
    }

    func readEnded(_ ticket: ReadTicket, _ outcome: ReadOutcome, at node: SimulatedNode) {
        guard let read = node.openReads.removeValue(forKey: ticket.rawValue),
            let begun = node.turnsOfReads.removeValue(forKey: ticket.rawValue),
            let core = node.process?.loop.core
        else { return checker.expect(false, "node \(node.id) ended a read twice") }
        // Without a lease a leader needs an answer from others, which cannot come in one turn.
        let isOfThisTurn = begun == node.turns - 1
        if outcome == .ready, isOfThisTurn, core.configuration.incoming.count > 1 {
            mark(.leaseRead)
            if core.roleName == .leader { node.leasedTerm = core.term }
        }
        if outcome != .ready, node.ledBefore, core.roleName != .leader, !isOfThisTurn {
            mark(.readLostWithOffice)
        }
        checker.ended(read: read, outcome, at: node)
    }

    /// A leader that has read from its lease, has changed nothing since and has applied all, lets a read wait.
    func noteLapsedLease(of node: SimulatedNode) {
        guard let term = node.leasedTerm, let core = node.process?.loop.core,
            let applied = node.process?.loop.applied.index
        else { return }
        guard core.term == term, core.roleName == .leader else { return node.leasedTerm = nil }
        guard applied == core.commitIndex, core.successor == nil,
            node.turnsOfReads.values.contains(node.turns - 1)
        else { return }
        mark(.leaseFoundOver)
        node.leasedTerm = nil
    }
}
