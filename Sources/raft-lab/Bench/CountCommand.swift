internal import RaftBench

/// `raft-lab bench allocations`.
enum CountCommand {
    /// Whether it could be counted.
    static func run(_ arguments: [String]) -> Bool {
        var bench = AllocationBench()
        var isJSON = false
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--json": isJSON = true
            case "--outstanding": bench.outstanding = [number(rest.popFirst(), name)]
            default: fail("\(name) is not known:\n\(BenchCommand.usage)")
            }
        }
        do {
            try bench.run(BenchReport(asJSON: isJSON, settings: "exact counts") { print($0) })
            return true
        } catch {
            print("\(error)")
            return false
        }
    }
}
