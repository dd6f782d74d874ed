internal import CBench
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime

/// A process that is one node, as in production, with a port for the clients of the bench beside it.
package enum NodeProcess {
    /// The command under which `raft-lab` is such a process.
    package static let name = "bench-node"
    /// The command under which it removes a directory when the process that has started it is gone.
    package static let cleanerName = "bench-cleaner"

    /// What a line begins with that says where clients find the node.
    static let readiness = "clients at "

    /// Runs until the process that has started this one is gone; gives the exit status of one that could not.
    package static func run(_ arguments: [String]) -> Int32 {
        do {
            CurrentProcess.ignoreBrokenPipes()
            try CurrentProcess.dieWithParent()
            _ = try? OpenFileLimit.raise()
            // What is said of a node's allocations is a difference of two reports.
            muster_count_allocations(1)
            let loop = try EventLoop()
            let port = try start(NodeArguments(arguments), on: loop)
            withExtendedLifetime(port) { loop.run() }
            return 0
        } catch {
            LineWriter.error.write("\(error)")
            return 1
        }
    }

    private static func start(_ arguments: NodeArguments, on loop: EventLoop) throws -> ClientPort {
        let host = try NodeHost(
            try arguments.options(), machine: CountingMachine(), on: loop)
        host.onFailure = { failure in
            LineWriter.error.write("\(failure)")
            CurrentProcess.exit(1)
        }
        let port = try ClientPort(host, on: loop)
        host.start()
        guard let address = port.address else { throw BenchError("no port for clients") }
        LineWriter.output.write("\(readiness)\(address)")
        return port
    }

    /// Does what `cleanerName` stands for.
    package static func clean(_ arguments: [String]) -> Int32 {
        do {
            guard arguments.count == 1 else { throw BenchError("one directory") }
            return try DirectoryCleaner.run(arguments[0])
        } catch {
            LineWriter.error.write("\(error)")
            return 1
        }
    }
}

/// What a node is started with, as words of a command line.
struct NodeArguments: Equatable {
    /// This one's place in `addresses`, beginning with 1.
    var node: Int
    var directory: String
    /// Where each node of the cluster listens for the others.
    var addresses: [Address]
    var timeouts: BenchTimeouts
    /// Whether reads may be answered from leases.
    var allowsLeases = false

    var words: [String] {
        [
            "\(node)", directory, addresses.map(\.description).joined(separator: ","),
            "\(timeouts.electionMilliseconds)", "\(timeouts.heartbeatMilliseconds)",
            allowsLeases ? "leases" : "rounds",
        ]
    }
}

/// How soon a leader is taken for lost, and how often it is heard.
package struct BenchTimeouts: Equatable, Sendable {
    /// See `NodeSettings.electionTimeoutMilliseconds`.
    package var electionMilliseconds: Int
    /// See `NodeSettings.heartbeatMilliseconds`.
    package var heartbeatMilliseconds: Int

    /// As far apart as in `NodeSettings` where nothing is chosen.
    package init(electionMilliseconds: Int) {
        let usual = NodeSettings()
        self.electionMilliseconds = electionMilliseconds
        heartbeatMilliseconds = max(
            1,
            electionMilliseconds * usual.heartbeatMilliseconds / usual.electionTimeoutMilliseconds)
    }

    /// Both.
    package init(electionMilliseconds: Int, heartbeatMilliseconds: Int) {
        self.electionMilliseconds = electionMilliseconds
        self.heartbeatMilliseconds = heartbeatMilliseconds
    }
}

extension NodeArguments {
    /// Reads them back.
    init(_ words: [String]) throws {
        guard words.count == 6, let node = Int(words[0]), let election = Int(words[3]),
            let heartbeat = Int(words[4])
        else { throw BenchError("a node is not started like this: \(words)") }
        self.node = node
        directory = words[1]
        addresses = try words[2].split(separator: ",").map { try Address(parsing: String($0)) }
        timeouts = BenchTimeouts(electionMilliseconds: election, heartbeatMilliseconds: heartbeat)
        allowsLeases = words[5] == "leases"
        guard (1...addresses.count).contains(node) else {
            throw BenchError("no node \(node) among \(addresses.count)")
        }
    }

    /// What production makes of the same choices.
    func options() throws -> NodeOptions {
        var settings = NodeSettings()
        try settings.setTimeouts(
            electionMilliseconds: timeouts.electionMilliseconds,
            heartbeatMilliseconds: timeouts.heartbeatMilliseconds)
        if allowsLeases { try settings.allowLeaseReads(maxClockDriftPermille: 10) }
        let nodes = (1...addresses.count).map { NodeID(UInt64($0)) }
        var random = SystemRandom()
        var start = NodeStart(
            directory: directory, cluster: "bench", node: nodes[node - 1],
            initialConfiguration: Configuration(voters: nodes), seed: random.next())
        start.meetsFounders = true
        start.repair = .rejoin
        start.peers = nodes
        return NodeOptions(
            start: start, listen: addresses[node - 1], peers: Array(zip(nodes, addresses)),
            settings: settings)
    }
}
