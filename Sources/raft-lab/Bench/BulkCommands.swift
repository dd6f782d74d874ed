internal import RaftBench

/// The suites that measure nodes with a long log or a large state, or with nothing to do.
enum BulkCommands {
    /// Whether it could be measured.
    static func catchUp(_ arguments: [String]) -> Bool {
        var bench = CatchupBench()
        let isJSON = read(arguments) { name, value in
            switch name {
            case "--by":
                guard let way = value().flatMap(CatchupBench.Way.init) else {
                    fail("--by takes entries or snapshot")
                }
                bench.ways = [way]
            case "--entries": bench.entries = positive(value(), name, 100_000_000)
            case "--bytes": bench.entryBytes = [positive(value(), name, 1 << 20)]
            case "--state": bench.stateBytes = positive(value(), name, 4096) << 20
            default: return false
            }
            return true
        }
        return tell(isJSON, "one of three nodes begins with nothing", bench.run)
    }

    static func snapshot(_ arguments: [String]) -> Bool {
        var bench = StateBench()
        let isJSON = read(arguments) { name, value in
            switch name {
            case "--state": bench.stateBytes = positive(value(), name, 4096) << 20
            case "--outstanding": bench.outstanding = positive(value(), name, 1_000_000)
            case "--seconds": bench.seconds = seconds(value())
            default: return false
            }
            return true
        }
        return tell(isJSON, "commands of 264 bytes, each to a key of the state", bench.run)
    }

    static func idle(_ arguments: [String]) -> Bool {
        var bench = IdleBench()
        let isJSON = read(arguments) { name, value in
            switch name {
            case "--seconds": bench.seconds = seconds(value())
            case "--nodes": bench.nodes = positive(value(), name, 9)
            default: return false
            }
            return true
        }
        return tell(isJSON, "\(bench.seconds) s, all nodes together", bench.run)
    }

    static func growth(_ arguments: [String]) -> Bool {
        var bench = GrowthBench()
        let isJSON = read(arguments) { name, value in
            switch name {
            case "--stage":
                guard let stage = value().flatMap(CommitBench.Stage.init),
                    bench.stages.contains(stage)
                else { fail("--stage takes a or b") }
                bench.stages = [stage]
            case "--entries":
                let limit = positive(value(), name, 100_000_000)
                bench.lengths.removeAll { $0 > limit }
            case "--outstanding": bench.outstanding = positive(value(), name, 1_000_000)
            case "--bytes": bench.entryBytes = positive(value(), name, 1 << 20)
            default: return false
            }
            return true
        }
        return tell(isJSON, "windows of \(bench.window) entries", bench.run)
    }

    static func allocations(_ arguments: [String]) -> Bool {
        var bench = AllocationBench()
        let isJSON = read(arguments) { name, value in
            guard name == "--outstanding" else { return false }
            bench.outstanding = [positive(value(), name, 1_000_000)]
            return true
        }
        return tell(isJSON, "exact counts", bench.run)
    }

    /// Reads options, each of which `take` must know, and takes their values from the second argument. Returns whether
    /// the report shall be JSON.
    private static func read(
        _ arguments: [String], _ take: (_ name: String, _ value: () -> String?) -> Bool
    ) -> Bool {
        var isJSON = false
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--json" {
                isJSON = true
            } else if !take(name, { rest.popFirst() }) {
                fail("\(name) is not known:\n\(BenchCommand.usage)")
            }
        }
        return isJSON
    }

    private static func tell(
        _ isJSON: Bool, _ settings: String, _ run: (BenchReport) throws -> Void
    ) -> Bool {
        do {
            try run(BenchReport(asJSON: isJSON, settings: settings) { print($0) })
            return true
        } catch {
            print("\(error)")
            return false
        }
    }
}
