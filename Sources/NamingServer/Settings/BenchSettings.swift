/// What `muster bench` measures.
package struct BenchSettings: Equatable, Sendable {
    /// How many instances the registry holds.
    package let instances: Int?
    /// Of how many services.
    package let services: Int?
    /// How many snapshots are written.
    package let snapshots: Int?

    /// Reads what follows `muster bench`.
    package init(arguments: [String]) throws(UsageError) {
        let options = try CommandLineOptions(
            arguments, arguments: ["what to measure"],
            values: ["--instances", "--services", "--snapshots"], flags: [])
        guard options.arguments == ["snapshot"] else {
            throw UsageError("there is no benchmark '\(options.arguments[0])'; there is: snapshot")
        }
        instances = try options.number("--instances", in: 1...10_000_000)
        services = try options.number("--services", in: 1...1_000_000)
        snapshots = try options.number("--snapshots", in: 1...100)
    }
}
