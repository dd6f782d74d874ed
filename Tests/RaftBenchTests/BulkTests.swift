internal import FoundationEssentials
internal import Raft
internal import RaftRuntime
internal import Testing
internal import Wire

@testable internal import RaftBench

/// Small cases of the suites that measure much.
@Suite(.serialized) struct `Long logs and large states` {
    private func rows(_ run: (BenchReport) throws -> Void) throws -> [BenchRow] {
        var lines: [String] = []
        try run(BenchReport(asJSON: true, settings: "test") { lines.append($0) })
        return try lines.compactMap { line in
            guard
                case .row(let row) = try JSONDecoder().decode(BenchLine.self, from: Data(line.utf8))
            else { return nil }
            return row
        }
    }

    private func value(_ name: String, of row: BenchRow) -> Double? {
        row.metrics.first { $0.name == name }?.value
    }

    @Test(arguments: CatchupBench.Way.allCases)
    func `a node with nothing gets all that the others have`(way: CatchupBench.Way) throws {
        var bench = CatchupBench()
        bench.ways = [way]
        bench.entries = 3000
        bench.entryBytes = [10]
        bench.stateBytes = 1 << 20
        bench.seconds = 0.1
        bench.electionMilliseconds = 1000
        let rows = try rows(bench.run)
        #expect(rows.count == 1)
        #expect(rows[0].name.hasPrefix("catchup by=\(way.rawValue) "))
    }

    @Test func `a snapshot is written under load, at the leader and at all`() throws {
        var bench = StateBench()
        bench.stateBytes = 2 << 20
        bench.seconds = 0.1
        bench.electionMilliseconds = 1000
        let rows = try rows(bench.run)
        #expect(rows.count == 2)
        #expect(rows.map { $0.parameters[0].value } == ["leader", "all"])
        #expect(rows.map { value("written", of: $0)?.rounded() } == [2, 6])
    }

    @Test func `nodes at rest send heartbeats and write nothing`() throws {
        var bench = IdleBench()
        bench.seconds = 0.5
        let rows = try rows(bench.run)
        #expect(rows.count == 1)
        #expect(value("log bytes", of: rows[0]) == 0)
        #expect(value("messages", of: rows[0]) ?? 0 > 10)
    }

    @Test func `a log grows with snapshots and without, and the long one opens`() throws {
        var bench = GrowthBench()
        bench.lengths = [100, 1000]
        bench.window = 200
        bench.outstanding = 50
        bench.electionMilliseconds = 1000
        let rows = try rows(bench.run)
        #expect(
            rows.map(\.name) == [
                "growth stage=a behind=100 bytes=64", "growth stage=a behind=1000 bytes=64",
                "growth stage=b behind=100 bytes=64", "growth stage=b behind=1000 bytes=64",
                "opening stage=b behind=1200 bytes=64",
            ])
    }

    @Test func `a table is read as it was written, and an image keeps what it was`() throws {
        var table = TableMachine(values: 100)
        let position = LogPosition(
            entry: EntryID(term: Term(1), index: LogIndex(1)), timeMilliseconds: 1)
        let before = try written(table.image())
        let image = table.image()
        for key in [UInt64(0), 17, 99] {
            var command: [UInt8] = []
            command.write(key)
            command += [1, 2, 3]
            _ = try table.apply(command.span, at: position)
        }
        #expect(try written(image) == before)
        let after = try written(table.image())
        #expect(after.count == before.count && after != before)
        let read = try TableMachine.Image(reading: after.span)
        #expect(try written(read) == after)
        for cut in [0, 8, 15, after.count - 1] {
            #expect(throws: (any Error).self) {
                try TableMachine.Image(reading: after.span.extracting(..<cut))
            }
        }
    }

    private func written(_ image: TableMachine.Image) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try image.write { bytes += $0 }
        return bytes
    }
}
