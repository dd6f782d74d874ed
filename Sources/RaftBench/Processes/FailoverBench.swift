internal import Platform
internal import RaftRuntime

/// How long nothing is committed when the leader's process is no more, or says nothing any more.
package struct FailoverBench {
    /// What befalls the leader.
    package enum Fault: String, CaseIterable, Sendable {
        /// Its process is killed: its connections are closed.
        case kill
        /// Its process is stopped: its connections stay open, and nothing comes from it. Later it goes on.
        case cut
    }

    package var faults = Fault.allCases
    package var electionMilliseconds = [150, 300, 1000]
    /// How often for each.
    package var kills = 50
    package var nodes = 3
    /// What is started as a node, when it is not this program.
    package var executable: String?
    /// Is told the parts that nodes take, one by one.
    package var trace: ((String) -> Void)?

    /// Takes the defaults.
    package init() {}

    /// Measures all cases.
    package func run(_ report: BenchReport) throws {
        for fault in faults {
            for milliseconds in electionMilliseconds {
                let timeouts = BenchTimeouts(electionMilliseconds: milliseconds)
                let parameters = [
                    BenchRow.Parameter(name: "fault", value: fault.rawValue),
                    BenchRow.Parameter(name: "nodes", value: "\(nodes)"),
                    BenchRow.Parameter(name: "election", value: "\(milliseconds)"),
                    BenchRow.Parameter(
                        name: "heartbeat", value: "\(timeouts.heartbeatMilliseconds)"),
                    BenchRow.Parameter(name: "kills", value: "\(kills)"),
                ]
                try report.measure("failover", parameters) { try measure(fault, timeouts) }
            }
        }
    }

    private func measure(_ fault: Fault, _ timeouts: BenchTimeouts) throws -> [BenchRow.Metric] {
        let cluster = try ProcessCluster(nodes: nodes, timeouts: timeouts, executable: executable)
        defer { cluster.close() }
        var outcomes: [FailoverOutcome] = []
        for number in 1...kills {
            let patience = 30 * timeouts.electionMilliseconds + 5000
            try wait(timeouts, cluster)
            try cluster.wait(milliseconds: patience, "a leader") { $0.settledLeader != nil }
            let result: Result<FailoverOutcome, BenchError> = try cluster.perform { nodes, tell in
                FailoverRound(fault, nodes, patienceMilliseconds: patience).run(then: tell)
            }
            let outcome = try result.get()
            for line in outcome.story { trace?("\(number): \(line)") }
            outcomes.append(outcome)
            try revive(outcome.victim, after: fault, in: cluster, patience)
        }
        return metrics(outcomes, timeouts)
    }

    /// The next fault shall come at any moment between two heartbeats.
    private func wait(_ timeouts: BenchTimeouts, _ cluster: ProcessCluster) throws {
        let heartbeat = UInt64(timeouts.heartbeatMilliseconds) * 1_000_000
        var random = SystemRandom()
        let nanoseconds = 2 * heartbeat + random.next() % heartbeat
        let _: Bool = try cluster.perform { nodes, tell in
            let end = MonotonicTime.now.advanced(byNanoseconds: nanoseconds)
            nodes.loop.schedule(at: end) { tell(true) }
        }
    }

    private func revive(
        _ victim: Int, after fault: Fault, in cluster: ProcessCluster, _ patience: Int
    ) throws {
        switch fault {
        case .kill:
            try cluster.wait(milliseconds: patience, "the end of the leader") {
                $0.members[victim].process == nil
            }
            let failure: String? = try cluster.perform { nodes, tell in
                do {
                    try nodes.start(victim)
                    tell(nil)
                } catch { tell("\(error)") }
            }
            if let failure { throw BenchError(failure) }
        case .cut:
            let _: Bool = try cluster.perform { nodes, tell in
                nodes.signal(victim, .continue)
                tell(true)
            }
        }
        try cluster.wait(milliseconds: patience, "the last leader to follow") {
            $0.settledLeader != nil && $0.settledLeader != victim
        }
    }

    private func metrics(
        _ outcomes: [FailoverOutcome], _ timeouts: BenchTimeouts
    ) -> [BenchRow.Metric] {
        var (committed, led) = (Latencies(), Latencies())
        for outcome in outcomes {
            committed.record(outcome.committedNanoseconds)
            led.record(outcome.ledNanoseconds)
        }
        let election = Double(timeouts.electionMilliseconds)
        let (names, permille) = (["p50", "p90", "p99", "max"], [500, 900, 990, 1000])
        var metrics: [BenchRow.Metric] = []
        for (name, value) in zip(names, committed.quantiles(permille)) {
            metrics.append(BenchRow.Metric(name: name, unit: "ms", value: value / 1e6))
        }
        for (name, value) in zip(names, committed.quantiles(permille)) {
            metrics.append(
                BenchRow.Metric(
                    name: "\(name) of the timeout", unit: "times", value: value / 1e6 / election))
        }
        for (name, value) in zip(names, led.quantiles(permille)) {
            metrics.append(
                BenchRow.Metric(name: "\(name) to a leader", unit: "ms", value: value / 1e6))
        }
        let terms = outcomes.reduce(0) { $0 + $1.terms }
        let each = Double(terms) / Double(outcomes.count)
        return metrics + [BenchRow.Metric(name: "terms", unit: "each", value: each)]
    }
}
