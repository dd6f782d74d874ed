internal import Platform
internal import RaftRuntime

/// What an entry costs behind ever more of them.
///
/// Stage a takes snapshots and forgets what they cover, as nodes do by default; stage b keeps all entries on the disk,
/// and its log is then opened.
package struct GrowthBench {
    package var stages = [CommitBench.Stage.memory, .disk]
    /// How many entries the log has had, or has, where a window begins.
    package var lengths = [10_000, 100_000, 1_000_000, 10_000_000]
    /// So many are measured there.
    package var window = 200_000
    package var outstanding = 1024
    package var entryBytes = 64
    package var electionMilliseconds = 2000

    /// Takes the defaults.
    package init() {}

    /// Measures all cases.
    package func run(_ report: BenchReport) throws {
        for stage in stages {
            let settings = try settings(stage)
            if stage == .memory {
                try runInMemory(report, settings)
            } else {
                try runOnDisk(report, settings)
            }
        }
    }

    private func settings(_ stage: CommitBench.Stage) throws -> NodeSettings {
        var settings = NodeSettings()
        let timeouts = BenchTimeouts(electionMilliseconds: electionMilliseconds)
        try settings.setTimeouts(
            electionMilliseconds: timeouts.electionMilliseconds,
            heartbeatMilliseconds: timeouts.heartbeatMilliseconds)
        if stage != .memory {
            settings.snapshotEntries = .max
            settings.snapshotLogBytes = .max
        }
        return settings
    }

    private func parameters(_ stage: String, _ entries: Int) -> [BenchRow.Parameter] {
        [
            BenchRow.Parameter(name: "stage", value: stage),
            BenchRow.Parameter(name: "behind", value: "\(entries)"),
            BenchRow.Parameter(name: "bytes", value: "\(entryBytes)"),
        ]
    }

    private func runInMemory(_ report: BenchReport, _ settings: NodeSettings) throws {
        let cluster = try MemoryCluster(nodes: 3, settings: settings)
        var proposer = Proposer(
            .entry, outstanding: outstanding, bytes: entryBytes)
        var growth = Growth()
        try run(report, "a") { count in
            try proposer.run(until: .entries(count), at: cluster)
            proposer.forget()
        } window: {
            let written = cluster.logBytes
            let meter = Meter()
            try proposer.run(until: .entries(window), at: cluster)
            let use = meter.stop(operations: proposer.ended)
            let log = Double(cluster.logBytes - written) / Double(3 * proposer.ended)
            let latencies = proposer.latencies
            proposer.forget()
            return growth.metrics(use, latencies, log)
        }
    }

    private func runOnDisk(_ report: BenchReport, _ settings: NodeSettings) throws {
        let cluster = try ThreadCluster(nodes: 3, settings: settings, hasSockets: false)
        defer { cluster.close() }
        var load = Load(
            isRead: false, outstanding: outstanding, entryBytes: entryBytes,
            goal: .entries(window))
        var growth = Growth()
        try run(report, "b") { count in
            load.goal = .entries(count)
            _ = try cluster.run(load)
        } window: {
            load.goal = .entries(window)
            let written = try cluster.logBytes()
            let meter = Meter()
            let outcome = try cluster.run(load)
            let use = meter.stop(operations: outcome.ended)
            let log = Double(try cluster.logBytes() - written) / Double(3 * outcome.ended)
            return growth.metrics(use, outcome.latencies, log)
        }
        cluster.stopNodes()
        let entries = (lengths.last ?? 0) + window
        try report.measure("opening", parameters("b", entries)) {
            let meter = Meter()
            try cluster.start(0)
            let use = meter.stop(operations: entries)
            return [
                BenchRow.Metric(
                    name: "in all", unit: "ms", value: Double(use.nanoseconds) / 1e6),
                BenchRow.Metric(
                    name: "an entry", unit: "ns",
                    value: Double(use.nanoseconds) / Double(entries)),
            ]
        }
    }

    /// Fills up to each length, in pieces so that what is recorded of them takes no memory, and measures a window there.
    private func run(
        _ report: BenchReport, _ stage: String, fill: (Int) throws -> Void,
        window measure: () throws -> [BenchRow.Metric]
    ) throws {
        var done = 0
        for length in lengths {
            while done < length {
                let count = min(length - done, window)
                try fill(count)
                done += count
            }
            try report.measure("growth", parameters(stage, length), measure)
            done += window
        }
    }

    /// What the first window has cost, beside which the others are set.
    private struct Growth {
        private var first: Double?

        mutating func metrics(
            _ use: Meter.Use, _ latencies: Latencies, _ log: Double
        ) -> [BenchRow.Metric] {
            let first = self.first ?? use.processorEach
            self.first = first
            let resident = BenchHeading.text("/proc/self/status").split(separator: "\n")
                .first { $0.hasPrefix("VmRSS:") }.flatMap {
                    $0.split(separator: " ").dropFirst().first
                }
                .flatMap { Double($0) }
            return use.metrics + latencies.metrics + [
                .bytes("log", each: log),
                BenchRow.Metric(
                    name: "CPU to the first", unit: "times", value: use.processorEach / first),
                BenchRow.Metric(name: "memory", unit: "MiB", value: (resident ?? 0) / 1024),
            ]
        }
    }
}
