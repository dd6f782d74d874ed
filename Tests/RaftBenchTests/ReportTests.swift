internal import Platform
internal import Testing

@testable internal import RaftBench

@Suite struct `Reports of benchmarks` {
    @Test func `figures have three digits that count`() {
        let figures: [(Double, String)] = [
            (0, "0.00"), (0.004, "0.00"), (0.005, "0.01"), (1.999, "2.00"), (9.5, "9.50"),
            (12.34, "12.3"), (99.96, "100.0"), (123.4, "123"), (1_234_567, "1234567"),
            (-1.5, "-1.50"), (-0.001, "0.00"),
        ]
        for (value, text) in figures { #expect(BenchReport.figure(value) == text) }
    }

    @Test func `rows with the same columns stand under one heading`() {
        func row(_ suite: String, _ outstanding: Int, _ metrics: [(String, Double)]) -> BenchRow {
            BenchRow(
                suite: suite,
                parameters: [BenchRow.Parameter(name: "outstanding", value: "\(outstanding)")],
                metrics: metrics.map { BenchRow.Metric(name: $0, unit: "µs", value: $1) },
                noise: 1)
        }
        var table = BenchTable()
        let rows = [
            row("x", 1, [("p50", 12.34), ("longest turn", 123_456)]), row("x", 1024, [("p50", 5)]),
            row("y", 1, [("p50", 5)]),
        ]
        #expect(
            rows.flatMap { table.lines(for: $0) } == [
                "", "x",
                "                      longest",
                "                 p50     turn",
                "outstanding       µs       µs    noise",
                "          1     12.3   123456     1.00",
                "       1024     5.00              1.00",
                "", "y",
                "                 p50",
                "outstanding       µs    noise",
                "          1     5.00     1.00",
            ])
    }

    @Test func `quantiles are of what was recorded`() {
        for factor in [1, 3, 1000, 123_456, 1 << 43] as [UInt64] {
            var latencies = Latencies()
            for number in (1...1000).reversed() { latencies.record(UInt64(number) * factor) }
            let exact = [501, 991, 1000].map { Double($0 * factor) / 1000 }
            for (found, value) in zip(latencies.metrics.map(\.value), exact) {
                #expect(abs(found - value) <= value / 100)
            }
            #expect(latencies.metrics.last?.value == exact.last)
        }
        #expect(Latencies().metrics.map(\.value) == [0, 0, 0])
    }

    @Test func `a run in memory commits what it says, and can be compared with another`() throws {
        var bench = CommitBench()
        bench.electionMilliseconds = 1000
        bench.stages = [.memory]
        bench.outstanding = [3]
        bench.entryBytes = [10]
        bench.entries = 50
        var lines: [String] = []
        let report = try BenchReport(asJSON: true, settings: "test") { lines.append($0) }
        try bench.run(report)
        #expect(lines.count == 2)

        let directory = try Directory.makeTemporary(prefix: "muster-test")
        defer { #expect(throws: Never.self) { try Directory.removeTree(directory) } }
        let paths = try ["a", "b"].map { name in
            let file = try File("\(directory)/\(name)", .readWrite, create: .always)
            let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
            try file.write(bytes.span, at: 0)
            return "\(directory)/\(name)"
        }
        var told: [String] = []
        try BenchComparison.run(paths[0], paths[1]) { told.append($0) }
        #expect(told[0].hasPrefix("commit stage=a nodes=3 outstanding=3 bytes=10"))
        #expect(told.contains { $0.hasPrefix("  allocations: ") && $0.hasSuffix(" 1.00 times") })
        #expect(told.last == "1 of 1 and 1 rows compared")
    }

    @Test(arguments: CommitBench.Stage.allCases)
    func `nodes commit so many entries, whatever they stand on`(stage: CommitBench.Stage) throws {
        var bench = CommitBench()
        bench.stages = [stage]
        bench.outstanding = [7]
        bench.entryBytes = [10]
        bench.entries = 100
        bench.electionMilliseconds = 1000
        bench.executable = try TestProgram.path()
        var lines: [String] = []
        try bench.run(BenchReport(asJSON: true, settings: "test") { lines.append($0) })
        #expect(lines.count == 2)
        #expect(lines.last?.contains(#""name":"stage","value":"\#(stage.rawValue)""#) == true)
    }

    @Test(arguments: [CommitBench.Request.read, .leaseRead], CommitBench.Stage.allCases)
    func `nodes are read from, by rounds and from leases`(
        request: CommitBench.Request, stage: CommitBench.Stage
    ) throws {
        var bench = CommitBench()
        bench.request = request
        bench.stages = [stage]
        bench.outstanding = [7]
        bench.entries = 100
        bench.electionMilliseconds = 1000
        bench.executable = try TestProgram.path()
        var lines: [String] = []
        try bench.run(BenchReport(asJSON: true, settings: "test") { lines.append($0) })
        #expect(lines.count == 2)
        #expect(lines.last?.contains(#""name":"by","value":"\#(request.rawValue)""#) == true)
    }

    @Test func `a thread that ends without an answer is told of`() throws {
        let loop = try EventLoop()
        loop.stop()
        loop.run()
        let waker = loop.waker
        #expect(throws: BenchError.self) { try answer(from: waker) { tell in tell(1) } }
    }

    @Test func `what is no report is refused by file and line`() throws {
        let directory = try Directory.makeTemporary(prefix: "muster-test")
        defer { #expect(throws: Never.self) { try Directory.removeTree(directory) } }
        let path = "\(directory)/x"
        let file = try File(path, .readWrite, create: .always)
        let bytes = Array("{\n".utf8)
        try file.write(bytes.span, at: 0)
        let error = #expect(throws: BenchError.self) {
            try BenchComparison.run(path, path) { _ in }
        }
        #expect(error?.description.hasPrefix("\(path), line 1 is no line of a report") == true)
    }
}
