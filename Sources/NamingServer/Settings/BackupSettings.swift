package import Platform

/// What `muster backup` fetches, from whom, and where it is kept.
package struct BackupSettings: Equatable, Sendable {
    /// Any node of the cluster.
    package var server: Address
    /// The file.
    package var path: String
    /// Whether a file that is there may be replaced.
    package var replaces: Bool
    /// How long the server may say nothing.
    package var timeoutMilliseconds = 120_000

    /// Reads what follows `muster backup`.
    package init(arguments: [String]) throws(UsageError) {
        let options = try CommandLineOptions(
            arguments, values: ["--server", "--out", "--timeout"], flags: ["--force"])
        server = try options.server()
        path = try options.requiredText("--out")
        replaces = options.flag("--force")
        let timeout = try options.number("--timeout", in: 1...86_400_000)
        timeoutMilliseconds = timeout ?? timeoutMilliseconds
    }
}
