internal import RaftRuntime

/// Entries committed and applied, while a fixed number of proposals is outstanding.
package struct CommitBench {
    /// What the nodes stand on.
    package enum Stage: String, CaseIterable, Sendable {
        /// Logs in memory, messages handed over in memory, all nodes on one thread.
        case memory = "a"
        /// Logs on the disk, every write synced; messages handed over in memory; a thread for each node.
        case disk = "b"
        /// Nodes as they are in production, with TCP between them; a thread for each.
        case sockets = "c"
        /// The same nodes as processes of their own, and their clients in this one: each has a connection to the leader.
        case processes = "d"
    }

    /// What is asked for.
    package enum Request: String, CaseIterable, Sendable {
        /// An entry, committed and applied.
        case entry
        /// A linearizable read, by a round of heartbeats (thesis §6.4).
        case read = "round"
        /// One that the leader answers from its lease (§6.4.1).
        case leaseRead = "lease"
    }

    package var request = Request.entry
    package var stages = Stage.allCases
    /// By default 1, 64 and 1024, and in stage d 256, too: so many clients are what servers are often measured with.
    package var outstanding: [Int]?
    package var entryBytes = [64, 256]
    package var nodes = [3]
    /// How long each case is measured, when not for a fixed number of entries.
    package var seconds = 1.0
    package var entries: Int?
    /// Long by default: the machine may do something else for a while, and a new leader would only blur the figure.
    package var electionMilliseconds = 2000
    /// What is started as a node of stage d, when it is not this program.
    package var executable: String?

    /// Takes the defaults.
    package init() {}

    /// Measures all cases.
    package func run(_ report: BenchReport) throws {
        for stage in stages {
            for nodes in nodes {
                for count in outstanding ?? Self.usualOutstanding(stage) {
                    for bytes in request == .entry ? entryBytes : [0] {
                        let row = parameters(stage, nodes, count, bytes)
                        try report.measure(request == .entry ? "commit" : "read", row) {
                            try measure(stage, nodes: nodes, outstanding: count, bytes: bytes)
                        }
                    }
                }
            }
        }
    }

    private static func usualOutstanding(_ stage: Stage) -> [Int] {
        stage == .processes ? [1, 64, 256, 1024] : [1, 64, 1024]
    }

    private func parameters(
        _ stage: Stage, _ nodes: Int, _ outstanding: Int, _ bytes: Int
    ) -> [BenchRow.Parameter] {
        [
            BenchRow.Parameter(name: "stage", value: stage.rawValue),
            BenchRow.Parameter(name: "nodes", value: "\(nodes)"),
            BenchRow.Parameter(name: "outstanding", value: "\(outstanding)"),
            request == .entry
                ? BenchRow.Parameter(name: "bytes", value: "\(bytes)")
                : BenchRow.Parameter(name: "by", value: request.rawValue),
        ]
    }

    private func measure(
        _ stage: Stage, nodes: Int, outstanding: Int, bytes: Int
    ) throws -> [BenchRow.Metric] {
        guard stage != .processes else {
            return try measureProcesses(nodes: nodes, outstanding: outstanding, bytes: bytes)
        }
        var settings = NodeSettings()
        let timeouts = BenchTimeouts(electionMilliseconds: electionMilliseconds)
        try settings.setTimeouts(
            electionMilliseconds: timeouts.electionMilliseconds,
            heartbeatMilliseconds: timeouts.heartbeatMilliseconds)
        if request == .leaseRead { try settings.allowLeaseReads(maxClockDriftPermille: 10) }
        guard stage != .memory else {
            return try measureInMemory(
                settings, nodes: nodes, outstanding: outstanding, bytes: bytes)
        }
        let cluster = try ThreadCluster(
            nodes: nodes, settings: settings, hasSockets: stage == .sockets)
        defer { cluster.close() }
        let metrics = try measure(
            cluster, nodes: nodes, outstanding: outstanding, bytes: bytes)
        guard request == .entry else { return metrics }
        return try metrics
            + floor(
                of: metrics, nodes: nodes, outstanding: outstanding, bytes: bytes,
                in: cluster.directory,
                trips: stage == .sockets ? 1 : 0)
    }

    /// The least that could be, beside what one outstanding request takes.
    func floor(
        of metrics: [BenchRow.Metric], nodes: Int, outstanding: Int, bytes: Int,
        in directory: String,
        trips: Int
    ) throws -> [BenchRow.Metric] {
        guard outstanding == 1 else { return [] }
        let floor = CommitFloor(nodes: nodes, entryBytes: bytes, roundTrips: trips)
        let least = try floor.measure(in: directory)
        let middle = metrics.first { $0.name == "p50" }?.value ?? 0
        return [
            BenchRow.Metric(name: "floor", unit: "µs", value: least),
            BenchRow.Metric(name: "p50 over floor", unit: "times", value: middle / least),
        ]
    }

    var goal: Load.Goal { entries.map { .entries($0) } ?? .seconds(seconds) }

    /// What warms up the nodes.
    func load(outstanding: Int, bytes: Int) -> Load {
        Load(
            isRead: request != .entry, outstanding: outstanding, entryBytes: bytes,
            goal: .entries(max(20 * outstanding, 1000)))
    }

    private func measureInMemory(
        _ settings: NodeSettings, nodes: Int, outstanding: Int, bytes: Int
    ) throws -> [BenchRow.Metric] {
        let cluster = try MemoryCluster(nodes: nodes, settings: settings)
        var proposer = Proposer(request, outstanding: outstanding, bytes: bytes)
        // Memory that is asked for once is asked for before this is measured.
        try proposer.run(until: .entries(max(20 * outstanding, 2000)), at: cluster)
        proposer.forget()
        let written = cluster.logBytes
        let meter = Meter()
        try proposer.run(until: goal, at: cluster)
        let use = meter.stop(operations: proposer.ended)
        let metrics = use.metrics + proposer.latencies.metrics
        guard request == .entry else { return metrics }
        let copies = Double(proposer.ended * nodes)
        return metrics
            + [.bytes("log", each: Double(cluster.logBytes - written) / copies)]
    }

    private func measure(
        _ cluster: ThreadCluster, nodes: Int, outstanding: Int, bytes: Int
    ) throws -> [BenchRow.Metric] {
        var load = load(outstanding: outstanding, bytes: bytes)
        _ = try cluster.run(load)
        load.goal = goal
        let before = (syncs: try cluster.syncs(), log: try cluster.logBytes(), disk: DiskUse())
        let meter = Meter()
        let outcome = try cluster.run(load)
        let use = meter.stop(operations: outcome.ended)
        guard request == .entry else { return use.metrics + outcome.latencies.metrics }
        let copies = Double(outcome.ended * nodes)
        let disk = DiskUse().bytes - before.disk.bytes
        return use.metrics + outcome.latencies.metrics + [
            .bytes("log", each: Double(try cluster.logBytes() - before.log) / copies),
            .bytes("disk", each: Double(disk) / copies),
            BenchRow.Metric(
                name: "a sync", unit: "entries",
                value: copies / Double(try cluster.syncs() - before.syncs)),
        ]
    }
}
