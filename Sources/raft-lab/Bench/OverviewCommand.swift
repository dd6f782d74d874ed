internal import RaftBench

/// `raft-lab bench` alone: every suite in a short form, in a minute or two.
enum OverviewCommand {
    /// Whether all could be measured.
    static func run(_ arguments: [String]) -> Bool {
        let isJSON = arguments == ["--json"]
        guard arguments.isEmpty || isJSON else { fail(BenchCommand.usage) }
        do {
            let settings = "every suite in a short form; each alone says more"
            try run(BenchReport(asJSON: isJSON, settings: settings) { print($0) })
            // The other two have tables of their own.
            guard !isJSON else { return true }
            print("\nraft-lab bench crc")
            guard ChecksumBench.run() else { return false }
            print("\nraft-lab bench wal --pairs 1 --seconds 0.2 --entry 256")
            return BenchCommand.run(["wal", "--pairs", "1", "--seconds", "0.2", "--entry", "256"])
        } catch {
            print("\(error)")
            return false
        }
    }

    private static func run(_ report: BenchReport) throws {
        let electionMilliseconds = 500
        var commit = CommitBench()
        commit.electionMilliseconds = electionMilliseconds
        commit.entryBytes = [64]
        commit.seconds = 0.3
        try commit.run(report)
        commit.stages = [.sockets]
        commit.outstanding = [1, 64]
        for request in [CommitBench.Request.read, .leaseRead] {
            commit.request = request
            try commit.run(report)
        }
        var growth = GrowthBench()
        growth.electionMilliseconds = electionMilliseconds
        growth.lengths = [10_000, 100_000, 1_000_000]
        try growth.run(report)
        var catchUp = CatchupBench()
        catchUp.electionMilliseconds = electionMilliseconds
        catchUp.entries = 200_000
        catchUp.entryBytes = [64]
        catchUp.stateBytes = 64 << 20
        try catchUp.run(report)
        var snapshot = StateBench()
        snapshot.electionMilliseconds = electionMilliseconds
        snapshot.stateBytes = 64 << 20
        snapshot.seconds = 1
        try snapshot.run(report)
        var failover = FailoverBench()
        failover.electionMilliseconds = [300]
        failover.kills = 5
        try failover.run(report)
        var idle = IdleBench()
        idle.seconds = 3
        try idle.run(report)
        // Last, because it changes how memory is given from then on.
        try AllocationBench().run(report)
    }
}
