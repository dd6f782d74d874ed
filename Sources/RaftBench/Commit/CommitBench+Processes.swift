extension CommitBench {
    /// Measures nodes that are processes: what they and their clients use together.
    func measureProcesses(
        nodes: Int, outstanding: Int, bytes: Int
    ) throws -> [BenchRow.Metric] {
        let cluster = try ProcessCluster(
            nodes: nodes, timeouts: BenchTimeouts(electionMilliseconds: electionMilliseconds),
            allowsLeases: request == .leaseRead, executable: executable)
        defer { cluster.close() }
        let question: ClientQuestion = request == .entry ? .propose : .read
        var load = load(outstanding: outstanding, bytes: bytes)
        _ = try cluster.run(load, asking: question)
        load.goal = goal
        let carried = try carry(load, asking: question, by: cluster)
        // The same bytes there and back with nothing done in between: the least that so many clients cost.
        load.goal = .entries(max(50 * outstanding, 5000))
        let exchange = try carry(load, asking: .echo, by: cluster).use.processorEach
        let metrics =
            carried.use.metrics + carried.latencies.metrics
            + [BenchRow.Metric(name: "CPU of a bare exchange", unit: "µs", value: exchange)]
        guard request == .entry else { return metrics }
        let perSync = Double(carried.use.operations * nodes) / Double(max(1, carried.syncs))
        return try metrics
            + [BenchRow.Metric(name: "a sync", unit: "entries", value: perSync)]
            + floor(
                of: metrics, nodes: nodes, outstanding: outstanding, bytes: bytes,
                in: cluster.directory,
                trips: 2)
    }

    private func carry(
        _ load: Load, asking question: ClientQuestion, by cluster: ProcessCluster
    ) throws -> (use: Meter.Use, latencies: Latencies, syncs: UInt64) {
        let before = try cluster.reports()
        let meter = Meter()
        let outcome = try cluster.run(load, asking: question)
        var use = meter.stop(operations: outcome.ended)
        let after = try cluster.reports()
        func used(_ value: (NodeReport) -> UInt64) -> UInt64 {
            after.reduce(0) { $0 + value($1) } - before.reduce(0) { $0 + value($1) }
        }
        use.processorNanoseconds += used(\.processorNanoseconds)
        use.allocations += used(\.allocations)
        return (use, outcome.latencies, used(\.syncs))
    }
}
