internal import RaftRuntime
internal import RaftStorage
internal import Testing

@testable internal import RaftBench

/// What can be counted to the last: on one thread, with a clock that goes by steps.
@Suite struct `Exact counts` {
    struct Case: Sendable {
        var outstanding: Int
        var entryBytes: Int
        /// Written by three nodes together for ten batches.
        var bytes: UInt64
    }

    @Test(arguments: [
        Case(outstanding: 64, entryBytes: 64, bytes: 199_336),
        Case(outstanding: 64, entryBytes: 256, bytes: 568_808),
        Case(outstanding: 1024, entryBytes: 64, bytes: 2_331_304),
        Case(outstanding: 1024, entryBytes: 256, bytes: 8_233_824),
    ])
    func `a batch takes at most 1.2 times its payload and 48 bytes an entry on the disk`(
        _ batch: Case
    ) throws {
        let entries = 10 * batch.outstanding
        let cluster = try MemoryCluster(
            nodes: 3, settings: NodeSettings(), log: LogSettings(segmentBytes: 1 << 20),
            clock: .steps(nanoseconds: 10_000))
        var proposer = Proposer(
            .entry, outstanding: batch.outstanding, bytes: batch.entryBytes)
        try proposer.run(until: .entries(entries), at: cluster)
        proposer.forget()
        let before = (files: cluster.files.writtenBytes, logs: cluster.logBytes)
        try proposer.run(until: .entries(entries), at: cluster)
        let written = cluster.files.writtenBytes - before.files
        #expect(written == batch.bytes)
        #expect(cluster.logBytes - before.logs == written, "the logs count what the files do")
        let limit = Double(3 * entries) * (1.2 * Double(batch.entryBytes) + 48)
        #expect(Double(written) <= limit)
    }

    /// How often is held where a release build is measured (`make bench-instructions`): a debug build asks more often.
    @Test func `memory is asked for as often in each run`() throws {
        var bench = AllocationBench()
        bench.cacheBytes = 64 << 10
        let count = try bench.count(outstanding: 256)
        #expect(count > 0)
        #expect(try bench.count(outstanding: 256) == count)
    }
}
