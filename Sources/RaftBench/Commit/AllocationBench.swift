internal import CBench
internal import RaftRuntime
internal import RaftStorage

/// How often three nodes and the proposer together ask for memory, exactly: all on one thread, with a clock that goes by
/// steps, so that two runs do the same.
package struct AllocationBench {
    /// The batches that are counted.
    static let batches = 10
    private static let entryBytes = 64

    package var outstanding = [1, 64, 1024]
    /// Before it is counted so many bytes are held in memory, and from then on old ones are let go.
    var cacheBytes = 1 << 20

    /// Takes the defaults.
    package init() {}

    /// Counts all cases.
    package func run(_ report: BenchReport) throws {
        for outstanding in outstanding {
            let parameters = [
                BenchRow.Parameter(name: "stage", value: "a"),
                BenchRow.Parameter(name: "outstanding", value: "\(outstanding)"),
            ]
            try report.measure("allocations", parameters) {
                let entries = Self.batches * outstanding
                let count = try count(outstanding: outstanding)
                return [
                    BenchRow.Metric(name: "in all", unit: "allocations", value: Double(count)),
                    BenchRow.Metric(
                        name: "an entry", unit: "each", value: Double(count) / Double(entries)),
                ]
            }
        }
    }

    /// Those of `batches` times `outstanding` entries in a cluster that has long been running.
    func count(outstanding: Int) throws -> UInt64 {
        muster_even_allocations(1)
        defer { muster_even_allocations(0) }
        let cluster = try MemoryCluster(
            nodes: 3, settings: NodeSettings(), log: LogSettings(cacheBytes: cacheBytes),
            clock: .steps(nanoseconds: 10_000))
        let warmUp = 2 * cacheBytes / Self.entryBytes
        let entries = Self.batches * outstanding
        var proposer = Proposer(
            .entry, outstanding: outstanding, bytes: Self.entryBytes)
        try proposer.run(until: .entries(warmUp), at: cluster)
        proposer.forget()
        muster_count_allocations(1)
        defer { muster_count_allocations(0) }
        let before = muster_own_allocations()
        try proposer.run(until: .entries(entries), at: cluster)
        return muster_own_allocations() - before
    }
}
