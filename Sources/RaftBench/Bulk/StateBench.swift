internal import Platform
internal import RaftRuntime

/// What a snapshot of a large state costs those who write meanwhile: three nodes as in production.
package struct StateBench {
    package var stateBytes = 256 << 20
    package var outstanding = 64
    /// For how long it is watched without a snapshot.
    package var seconds = 3.0
    package var electionMilliseconds = 2000

    /// Takes the defaults.
    package init() {}

    /// Measures a snapshot at the leader, and one at each node at once.
    package func run(_ report: BenchReport) throws {
        for isAtAll in [false, true] {
            let parameters = [
                BenchRow.Parameter(name: "at", value: isAtAll ? "all" : "leader"),
                BenchRow.Parameter(name: "MiB", value: "\(stateBytes >> 20)"),
                BenchRow.Parameter(name: "outstanding", value: "\(outstanding)"),
            ]
            try report.measure("snapshot", parameters) { try measure(atAll: isAtAll) }
        }
    }

    private func measure(atAll isAtAll: Bool) throws -> [BenchRow.Metric] {
        var settings = NodeSettings()
        let timeouts = BenchTimeouts(electionMilliseconds: electionMilliseconds)
        try settings.setTimeouts(
            electionMilliseconds: timeouts.electionMilliseconds,
            heartbeatMilliseconds: timeouts.heartbeatMilliseconds)
        settings.snapshotEntries = .max
        settings.snapshotLogBytes = .max
        let values = stateBytes / TableMachine.valueBytes
        var plan = ThreadCluster.Plan(nodes: 3, settings: settings, hasSockets: true)
        plan.tableValues = values
        let cluster = try ThreadCluster(plan)
        defer { cluster.close() }
        var load = Load(
            isRead: false, outstanding: outstanding, entryBytes: 8 + TableMachine.valueBytes,
            goal: .entries(20 * outstanding))
        load.keys = values
        _ = try cluster.run(load)
        let (quiet, quietTurns) = try watch(cluster, load) {
            try ThreadCluster.pause(milliseconds: Int(seconds * 1000))
        }
        var bytes = 0
        var nanoseconds: UInt64 = 0
        let (busy, busyTurns) = try watch(cluster, load) {
            let start = MonotonicTime.now
            bytes = try cluster.takeSnapshot(at: isAtAll ? [0, 1, 2] : [cluster.leader])
            nanoseconds = MonotonicTime.now.nanoseconds(since: start)
        }
        return [
            BenchRow.Metric(name: "in all", unit: "ms", value: Double(nanoseconds) / 1e6),
            BenchRow.Metric(name: "written", unit: "MiB", value: Double(bytes) / 1_048_576),
        ] + quiet.latencies.metrics(" before") + quietTurns.metrics(" before")
            + busy.latencies.metrics(" meanwhile") + busyTurns.metrics(" meanwhile")
    }

    private func watch(
        _ cluster: ThreadCluster, _ load: Load, during body: () throws -> Void
    ) throws -> (LoadOutcome, BenchTurns) {
        let leader = cluster.leader
        _ = try cluster.ask(leader) { ($0 as? any SocketBenchNode)?.watchTurns() != nil }
        let (outcome, _) = try cluster.run(load, during: body)
        let turns = try cluster.ask(leader) { ($0 as? any SocketBenchNode)?.longestTurns }
        return (outcome, turns ?? BenchTurns())
    }
}

extension BenchTurns {
    func metrics(_ when: String) -> [BenchRow.Metric] {
        [
            BenchRow.Metric(
                name: "longest turn" + when, unit: "µs", value: Double(wall) / 1000),
            BenchRow.Metric(
                name: "its processor time" + when, unit: "µs", value: Double(processor) / 1000),
        ]
    }
}

extension Latencies {
    /// What they are called besides.
    func metrics(_ when: String) -> [BenchRow.Metric] {
        metrics.map { BenchRow.Metric(name: $0.name + when, unit: $0.unit, value: $0.value) }
    }
}

extension ThreadCluster {
    /// Has these nodes write a snapshot at once; returns the bytes of all.
    func takeSnapshot(at places: [Int]) throws -> Int {
        let pending = Guarded(places.count)
        let total = Guarded(0)
        let failed = Guarded(false)
        for place in places {
            _ = try ask(place) { node in
                (node as? any SocketBenchNode)?.takeSnapshot { bytes in
                    total.withLock { $0 += bytes ?? 0 }
                    if bytes == nil { failed.withLock { $0 = true } }
                    pending.withLock { $0 -= 1 }
                } != nil
            }
        }
        while pending.withLock({ $0 }) > 0 { try Self.pause(milliseconds: 2) }
        guard !failed.withLock({ $0 }) else { throw BenchError("no snapshot was taken") }
        return total.withLock { $0 }
    }
}
