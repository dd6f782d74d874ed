internal import RaftBench

/// `raft-lab bench commit` and `raft-lab bench read`.
enum CommitCommand {
    /// Whether it could be measured.
    static func run(_ arguments: [String], _ requests: [CommitBench.Request]) -> Bool {
        var bench = CommitBench()
        var isJSON = false
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--json": isJSON = true
            case "--stage":
                guard let stage = rest.popFirst().flatMap(CommitBench.Stage.init) else {
                    fail("--stage takes a, b, c or d")
                }
                bench.stages = [stage]
            case "--seconds": bench.seconds = seconds(rest.popFirst())
            case "--entries": bench.entries = positive(rest.popFirst(), name, 1_000_000_000)
            case "--outstanding":
                bench.outstanding = [positive(rest.popFirst(), name, 1_000_000)]
            case "--bytes": bench.entryBytes = [positive(rest.popFirst(), name, 1 << 20)]
            case "--nodes":
                let counts = (rest.popFirst() ?? "").split(separator: ",")
                bench.nodes = counts.map { positive(String($0), name, 9) }
                guard !counts.isEmpty else { fail("--nodes takes numbers such as 3,5,7") }
            default: fail("\(name) is not known:\n\(BenchCommand.usage)")
            }
        }
        do {
            let duration = bench.entries.map { "\($0) entries" } ?? "\(bench.seconds) s"
            let report = try BenchReport(asJSON: isJSON, settings: "\(duration) each") {
                print($0)
            }
            for request in requests {
                bench.request = request
                try bench.run(report)
            }
            return true
        } catch {
            print("\(error)")
            return false
        }
    }
}
