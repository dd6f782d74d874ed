internal import Platform
internal import Raft

extension ServeSettings {
    /// Reads what follows `muster serve`.
    package init(arguments: [String]) throws(UsageError) {
        let options = try CommandLineOptions(
            arguments,
            values: [
                "--id", "--data", "--http", "--raft", "--peers", "--http-peers", "--cluster",
                "--election-timeout", "--heartbeat", "--log-level", "--snapshot-entries",
                "--on-damage",
            ],
            flags: [Self.stopWhenInputEndsOption])
        let node = try nodeName(options.requiredText("--id"), option: "--id")
        let data = try options.requiredText("--data")
        let http = try address(options.requiredText("--http"), option: "--http")
        let raft = try address(options.requiredText("--raft"), option: "--raft")
        let raftPeers = try members(options.requiredText("--peers"), option: "--peers")
        let httpPeers = try options.text("--http-peers").map { text throws(UsageError) in
            try members(text, option: "--http-peers")
        }
        let peers = try joinedPeers(raftPeers, httpPeers, http: http, raft: raft)
        guard peers.contains(where: { $0.node == node }) else {
            throw UsageError("--peers does not name node \(node) itself")
        }
        self.init(node: node, dataDirectory: data, http: http, raft: raft, peers: peers)
        try readTuning(options)
    }

    private mutating func readTuning(_ options: CommandLineOptions) throws(UsageError) {
        if let name = try options.text("--cluster") { clusterName = try checkedClusterName(name) }
        let election = try options.number("--election-timeout", in: 50...60_000)
        electionTimeoutMilliseconds = election ?? electionTimeoutMilliseconds
        let heartbeat = try options.number("--heartbeat", in: 10...20_000)
        heartbeatMilliseconds =
            heartbeat ?? min(heartbeatMilliseconds, electionTimeoutMilliseconds / 5)
        guard heartbeatMilliseconds <= electionTimeoutMilliseconds / 3 else {
            throw UsageError("--heartbeat must be at most a third of --election-timeout")
        }
        let entries = try options.number("--snapshot-entries", in: 1...1_000_000_000)
        snapshotEntries = entries ?? snapshotEntries
        switch try options.text("--on-damage") {
        case "rejoin", nil: rejoinsWhenDamaged = true
        case "stop": rejoinsWhenDamaged = false
        case let word?: throw UsageError("--on-damage is rejoin or stop, not '\(word)'")
        }
        logLevel = try LogLevel(option: options) ?? logLevel
        stopsWhenInputEnds = options.flag(Self.stopWhenInputEndsOption)
    }
}

/// Reads `HOST:PORT`, where the port is one that others can dial.
func address(_ text: String, option: String) throws(UsageError) -> Address {
    do {
        let address = try Address(parsing: text)
        guard address.port > 0 else { throw UsageError("the port is 0") }
        return address
    } catch {
        throw UsageError("\(option): '\(text)' is not HOST:PORT (\(error))")
    }
}

func nodeName(_ text: String, option: String) throws(UsageError) -> UInt64 {
    guard let node = UInt64(text), node > 0 else {
        throw UsageError("\(option): a node's name is a number from 1, not '\(text)'")
    }
    return node
}

/// Reads `1=HOST:PORT,2=HOST:PORT`, sorted by node.
private func members(
    _ text: String, option: String
) throws(UsageError) -> [(node: UInt64, address: Address)] {
    var result: [(node: UInt64, address: Address)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
        guard sides.count == 2 else {
            throw UsageError("\(option): '\(part)' is not NODE=HOST:PORT")
        }
        let node = try nodeName(sides[0], option: option)
        let address = try address(sides[1], option: option)
        guard !result.contains(where: { $0.node == node }) else {
            throw UsageError("\(option) names node \(node) twice")
        }
        guard !result.contains(where: { $0.address == address }) else {
            throw UsageError("\(option) gives \(address) to two nodes")
        }
        result.append((node, address))
    }
    guard result.count <= ServeSettings.maxPeers else {
        throw UsageError("\(option) names more than \(ServeSettings.maxPeers) nodes")
    }
    return result.sorted { $0.node < $1.node }
}

/// Joins the two lists. Without a list of HTTP addresses, every node is taken to serve clients on
/// the host where it serves its peers, as many ports further up (or down) as this node does.
private func joinedPeers(
    _ raftPeers: [(node: UInt64, address: Address)],
    _ httpPeers: [(node: UInt64, address: Address)]?, http: Address, raft: Address
) throws(UsageError) -> [ServeSettings.Peer] {
    guard let httpPeers else {
        let distance = Int(http.port) - Int(raft.port)
        return try raftPeers.map { peer throws(UsageError) in
            guard let port = UInt16(exactly: Int(peer.address.port) + distance), port > 0 else {
                throw UsageError(
                    "--http-peers is needed: the HTTP port of node \(peer.node) does not follow"
                        + " from its Raft port")
            }
            let derived = Address(host: peer.address.host, port: port)
            return ServeSettings.Peer(node: peer.node, raft: peer.address, http: derived)
        }
    }
    guard raftPeers.map(\.node) == httpPeers.map(\.node) else {
        throw UsageError("--http-peers and --peers do not name the same nodes")
    }
    return zip(raftPeers, httpPeers).map { raft, http in
        ServeSettings.Peer(node: raft.node, raft: raft.address, http: http.address)
    }
}
