package import Platform

/// What `muster status` asks, and of whom.
package struct StatusSettings: Equatable, Sendable {
    /// The server that is asked for the members; it may be any of them.
    package var server: Address
    /// Whether the answer is for a program.
    package var printsJSON = false
    /// How long one server may take to answer.
    package var timeoutMilliseconds = 3_000

    /// Reads what follows `muster status`. A server is `HOST:PORT`, or a URL that says no more.
    package init(arguments: [String]) throws(UsageError) {
        let options = try CommandLineOptions(
            arguments, values: ["--server", "--timeout"], flags: ["--json"])
        server = try options.server()
        printsJSON = options.flag("--json")
        let timeout = try options.number("--timeout", in: 1...600_000)
        timeoutMilliseconds = timeout ?? timeoutMilliseconds
    }
}

extension CommandLineOptions {
    /// Reads `--server`: `HOST:PORT`, or a URL that says no more.
    func server() throws(UsageError) -> Address {
        var text = try text("--server") ?? "127.0.0.1:8848"
        if text.hasPrefix("https://") {
            throw UsageError("--server: this version speaks plain HTTP only")
        }
        if text.hasPrefix("http://") { text.removeFirst("http://".count) }
        while text.hasSuffix("/") { text.removeLast() }
        return try address(text, option: "--server")
    }
}
