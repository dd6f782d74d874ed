internal import Platform
internal import RaftRuntime

/// How fast a node with an empty directory catches up, and what the clients of the leader notice of it: three nodes as in
/// production, of which one comes late.
package struct CatchupBench {
    /// What it gets from the leader.
    package enum Way: String, CaseIterable, Sendable {
        case entries
        case snapshot
    }

    package var ways = Way.allCases
    /// The log, when it gets entries.
    package var entries = 1_000_000
    package var entryBytes = [64, 256]
    /// The state, when it gets a snapshot.
    package var stateBytes = 256 << 20
    /// For how long the clients are watched before.
    package var seconds = 1.0
    package var electionMilliseconds = 2000

    /// Takes the defaults.
    package init() {}

    /// Measures all cases.
    package func run(_ report: BenchReport) throws {
        for way in ways {
            for bytes in way == .entries ? entryBytes : [8 + TableMachine.valueBytes] {
                let parameters = [
                    BenchRow.Parameter(name: "by", value: way.rawValue),
                    way == .entries
                        ? BenchRow.Parameter(name: "entries", value: "\(entries)")
                        : BenchRow.Parameter(name: "MiB", value: "\(stateBytes >> 20)"),
                    BenchRow.Parameter(name: "bytes", value: "\(bytes)"),
                ]
                try report.measure("catchup", parameters) { try measure(way, bytes) }
            }
        }
    }

    private func measure(_ way: Way, _ bytes: Int) throws -> [BenchRow.Metric] {
        var settings = NodeSettings()
        let timeouts = BenchTimeouts(electionMilliseconds: electionMilliseconds)
        try settings.setTimeouts(
            electionMilliseconds: timeouts.electionMilliseconds,
            heartbeatMilliseconds: timeouts.heartbeatMilliseconds)
        // Only when it is asked for.
        settings.snapshotEntries = .max
        settings.snapshotLogBytes = .max
        settings.trailingEntries = 1000
        let values = stateBytes / TableMachine.valueBytes
        var plan = ThreadCluster.Plan(nodes: 3, settings: settings, hasSockets: true)
        plan.absent = 2
        if way == .snapshot { plan.tableValues = values }
        let cluster = try ThreadCluster(plan)
        defer { cluster.close() }
        var load = Load(
            isRead: false, outstanding: 1024, entryBytes: bytes,
            goal: .entries(way == .entries ? entries : 20_000))
        load.keys = way == .entries ? nil : values
        _ = try cluster.run(load)
        let amount =
            way == .entries ? entries * bytes : try cluster.takeSnapshot(at: [cluster.leader])
        return try watch(cluster, load, entries: way == .entries ? entries : nil, bytes: amount)
    }

    /// Starts the one that is missing.
    private func watch(
        _ cluster: ThreadCluster, _ load: Load, entries: Int?, bytes: Int
    ) throws -> [BenchRow.Metric] {
        var load = load
        load.intervalNanoseconds = 1_000_000
        load.outstanding = 64
        let quietStart = MonotonicTime.ofProcess
        let (quiet, _) = try cluster.run(load) {
            try ThreadCluster.pause(milliseconds: Int(seconds * 1000))
        }
        let quietEach =
            Double(MonotonicTime.ofProcess.nanoseconds(since: quietStart)) / (seconds * 1e9)
        let target = try cluster.ask(cluster.leader) { $0.applied }
        // What is looked at late is late by some milliseconds. Processor time is that of all from the start on.
        let (busy, (use, waited)) = try cluster.run(load) { () throws -> (Meter.Use, UInt64) in
            let meter = Meter()
            let start = MonotonicTime.now
            try cluster.start(2)
            try wait { try cluster.ask(2) { $0.hasHeardMuch } }
            let waited = MonotonicTime.now.nanoseconds(since: start)
            try wait { try cluster.ask(2) { $0.applied } >= target }
            return (meter.stop(operations: 1), waited)
        }
        let nanoseconds = Double(max(use.nanoseconds - waited, 1))
        let processor = Double(use.processorNanoseconds) - quietEach * Double(use.nanoseconds)
        var metrics = [
            BenchRow.Metric(name: "until connected", unit: "ms", value: Double(waited) / 1e6),
            BenchRow.Metric(name: "then in all", unit: "ms", value: nanoseconds / 1e6),
            BenchRow.Metric(
                name: "throughput", unit: "MB/s", value: Double(bytes) / nanoseconds * 1e3),
            BenchRow.Metric(name: "CPU", unit: "ms", value: processor / 1e6),
        ]
        if let entries {
            metrics += [
                BenchRow.Metric(
                    name: "entries", unit: "/s", value: Double(entries) / nanoseconds * 1e9),
                BenchRow.Metric(
                    name: "CPU an entry", unit: "µs", value: processor / Double(entries) / 1000),
            ]
        }
        return metrics + quiet.latencies.metrics(" before") + busy.latencies.metrics(" meanwhile")
    }

    private func wait(until isSo: () throws -> Bool) throws {
        let end = MonotonicTime.now.advanced(byMilliseconds: 120_000)
        while try !isSo() {
            guard MonotonicTime.now < end else { throw BenchError("not caught up in 2 minutes") }
            try ThreadCluster.pause(milliseconds: 2)
        }
    }
}

extension BenchNode {
    /// Whether more has come than greetings: from then on it is about the contents.
    fileprivate var hasHeardMuch: Bool {
        applied > 0 || (self as? any SocketBenchNode)?.traffic.receivedBytes ?? 0 > 64 << 10
    }
}
