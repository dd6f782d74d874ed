internal import Platform
internal import Raft
internal import RaftHost
internal import RaftStorage

/// The log against the floor: what it costs to write and sync the same bytes in the same batches with
/// nothing around it, on the same file system and on files that were prepared alike.
///
/// The two take turns, so that whatever else the machine does hits both.
struct LogBench {
    struct Options {
        var directory: String?
        var seconds = 0.4
        var pairs = 5
        var segmentBytes = LogSettings().segmentBytes
        var isFresh = false
        var writers = [1, 64, 1024]
        var entryBytes = [64, 256, 4096]
    }

    private let options: Options
    private let directory: String

    init(_ options: Options, in directory: String) {
        self.options = options
        self.directory = directory
    }

    func run() throws {
        print(
            "\(options.pairs) pairs of \(options.seconds) s, segments of \(options.segmentBytes) bytes,",
            options.isFresh ? "all of them new files" : "old ones used again", "in", directory)
        print(
            "         entry   appends           latency in µs    µs a batch  median ratio   fdatasync alone"
        )
        print(
            "writers  bytes  a second     p50      p99     p999     log   floor  ratio   (of pairs)"
        )
        for writers in options.writers {
            for bytes in options.entryBytes { try measure(writers, bytes) }
        }
    }

    private func measure(_ writers: Int, _ entryBytes: Int) throws {
        let place = directory + "/\(writers)-\(entryBytes)"
        try Directory.create(place)
        defer { try? Directory.removeTree(place) }
        let log = try LogRun(options, writers: writers, entryBytes: entryBytes, in: place)
        var floor = try FloorRun(options, batchBytes: log.batchBytes, in: place)
        // The first pair warms up files, caches and threads; with --fresh there is nothing to warm.
        if !options.isFresh { try log.age() }
        _ = try log.run(seconds: options.seconds)
        try floor.run(syncs: 20)
        let before = (log: log.syncNanoseconds, floor: floor.syncNanoseconds)
        var latencies: [UInt64] = []
        var ratios: [Double] = []
        var (logTime, floorTime, syncs): (UInt64, UInt64, Int) = (0, 0, 0)
        for _ in 0..<options.pairs {
            let batches = try log.run(seconds: options.seconds)
            let bare = try floor.run(syncs: batches.count)
            let whole = batches.reduce(0, +)
            latencies += batches
            ratios.append(Double(whole) / Double(bare))
            (logTime, floorTime, syncs) = (logTime + whole, floorTime + bare, syncs + batches.count)
        }
        try log.close()
        latencies.sort()
        ratios.sort()
        func part(_ permille: Int) -> Int {
            Int(latencies[min(latencies.count - 1, latencies.count * permille / 1000)] / 1000)
        }
        print(
            column(writers, 7), column(entryBytes, 6),
            column(Int(Double(syncs * writers) / Double(logTime) * 1e9), 9), column(part(500), 7),
            column(part(990), 8), column(part(999), 8), column(Int(logTime) / syncs / 1000, 7),
            column(Int(floorTime) / syncs / 1000, 7),
            column(ratios[ratios.count / 2], 12),
            column(Int(log.syncNanoseconds - before.log) / syncs / 1000, 7),
            column(Int(floor.syncNanoseconds - before.floor) / syncs / 1000, 7))
    }
}

extension LogBench.Options {
    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--dir":
                guard let path = rest.popFirst(), Directory.isDirectory(path) else {
                    fail("--dir takes a directory that is there")
                }
                directory = path
            case "--seconds":
                guard let value = rest.popFirst().flatMap(Double.init), (0.01...60).contains(value)
                else { fail("--seconds takes a number up to 60") }
                seconds = value
            case "--pairs": pairs = Self.number(rest.popFirst(), name, 1...1000)
            case "--segment":
                segmentBytes = Self.number(rest.popFirst(), name, 4096...StorageLimits.segmentBytes)
            case "--writers": writers = [Self.number(rest.popFirst(), name, 1...100_000)]
            case "--entry": entryBytes = [Self.number(rest.popFirst(), name, 0...1 << 20)]
            case "--fresh": isFresh = true
            default: fail("\(name) is not known:\n\(BenchCommand.usage)")
            }
        }
    }

    private static func number(_ text: String?, _ name: String, _ range: ClosedRange<Int>) -> Int {
        guard let number = text.flatMap(Int.init), range.contains(number) else {
            fail("\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
