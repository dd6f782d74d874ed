internal import Platform

/// What `muster demo` starts: a cluster of one's own on the loopback interface.
package struct DemoSettings: Equatable, Sendable {
    /// How many nodes.
    package var nodes = 3
    /// The HTTP port of the first node; each further one is `portStep` higher.
    package var firstHTTPPort: UInt16 = 8848
    /// Where the nodes keep their data; nil for a temporary directory that goes with the demo.
    package var dataDirectory: String?
    /// The least grave line that the nodes log.
    package var logLevel = LogLevel.info

    /// How far the ports of neighbouring nodes are apart.
    package static let portStep = 10
    /// How far the Raft port of a node lies below its HTTP port, as in Nacos.
    package static let raftPortDistance = 1_000
    /// How the names of the temporary directories of demos begin.
    package static let directoryPrefix = "muster-demo"
    /// The most nodes that one demo starts.
    package static let maxNodes = 7

    package init() {}

    /// Reads what follows `muster demo`.
    package init(arguments: [String]) throws(UsageError) {
        let options = try CommandLineOptions(
            arguments, values: ["--nodes", "--http-port", "--data", "--log-level"], flags: [])
        nodes = try options.number("--nodes", in: 1...Self.maxNodes) ?? nodes
        let highest = Int(UInt16.max) - (Self.maxNodes - 1) * Self.portStep
        let ports = Self.raftPortDistance + 1...highest
        if let port = try options.number("--http-port", in: ports) { firstHTTPPort = UInt16(port) }
        dataDirectory = try options.text("--data")
        logLevel = try LogLevel(option: options) ?? logLevel
    }

    /// The members of the cluster, with their addresses.
    package var peers: [ServeSettings.Peer] {
        (0..<nodes).map { place in
            let port = firstHTTPPort + UInt16(place * Self.portStep)
            return ServeSettings.Peer(
                node: UInt64(place + 1),
                raft: Address(host: "127.0.0.1", port: port - UInt16(Self.raftPortDistance)),
                http: Address(host: "127.0.0.1", port: port))
        }
    }

    /// The words after `muster` that start one of the nodes.
    package func serveArguments(for peer: ServeSettings.Peer, data: String) -> [String] {
        let members = peers.map { "\($0.node)=\($0.raft)" }.joined(separator: ",")
        return [
            "serve", "--id", "\(peer.node)", "--data", data, "--http", "\(peer.http)",
            "--raft", "\(peer.raft)", "--peers", members, "--log-level", logLevel.rawValue,
            ServeSettings.stopWhenInputEndsOption,
        ]
    }
}
