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
}
