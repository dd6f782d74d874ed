/// What `muster wal inspect` and `muster snapshot inspect` look at.
package struct InspectSettings: Equatable, Sendable {
    /// The directory or the file.
    package var path: String
    /// Whether the answer is for a program.
    package var printsJSON: Bool

    /// Reads what follows `muster wal` or `muster snapshot`.
    init(arguments: [String], of thing: String, _ argument: String) throws(UsageError) {
        guard arguments.first == "inspect" else {
            throw UsageError("the command is 'muster \(thing) inspect \(argument)'")
        }
        let options = try CommandLineOptions(
            Array(arguments.dropFirst()), arguments: [argument], values: [], flags: ["--json"])
        path = options.arguments[0]
        printsJSON = options.flag("--json")
    }
}
