internal import RaftBench

/// `raft-lab bench failover`.
enum FailoverCommand {
    /// Whether it could be measured.
    static func run(_ arguments: [String]) -> Bool {
        var bench = FailoverBench()
        var isJSON = false
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--json": isJSON = true
            case "--trace": bench.trace = { print($0) }
            case "--fault":
                guard let fault = rest.popFirst().flatMap(FailoverBench.Fault.init) else {
                    fail("--fault takes kill or cut")
                }
                bench.faults = [fault]
            case "--kills": bench.kills = positive(rest.popFirst(), name, 100_000)
            case "--election":
                bench.electionMilliseconds = [positive(rest.popFirst(), name, 60_000)]
            case "--nodes": bench.nodes = positive(rest.popFirst(), name, 9)
            default: fail("\(name) is not known:\n\(BenchCommand.usage)")
            }
        }
        guard bench.nodes >= 3, bench.electionMilliseconds.allSatisfy({ $0 >= 10 }) else {
            fail("failover takes three nodes and ten milliseconds at least")
        }
        do {
            try bench.run(
                BenchReport(asJSON: isJSON, settings: "\(bench.kills) kills each") { print($0) })
            return true
        } catch {
            print("\(error)")
            return false
        }
    }
}
