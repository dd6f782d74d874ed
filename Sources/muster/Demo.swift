internal import NamingClient
internal import NamingServer
internal import Platform

/// A cluster of this machine's own: some `muster serve` processes, watched until they are told to stop.
///
/// The nodes hold the end of a pipe that only the demo keeps open, and so does a cleaner that removes
/// a temporary directory: however the demo ends, nothing of it stays.
final class Demo {
    /// How long a node may take to stop before it is killed.
    private static let stoppingMilliseconds = 10_000
    /// How long the nodes may take to elect a leader.
    private static let startingMilliseconds = 30_000
    /// How often a node is asked whether there is a leader.
    private static let askingMilliseconds = 100

    private let settings: DemoSettings
    private let directory: String
    private let executable: String
    private let loop: EventLoop
    private let startTime: MonotonicTime
    private var nodes: [(peer: ServeSettings.Peer, process: ChildProcess)] = []
    private var cleaner: ChildProcess?
    private var isStopping = false
    private var failure: String?

    /// Runs until a signal, or until the nodes cannot go on; gives the exit status.
    static func run(_ settings: DemoSettings) throws -> Int32 {
        let loop = try EventLoop()
        let demo = try Demo(settings, loop)
        let signals = try SignalWatch([.interrupt, .terminate, .hangUp], on: loop) { _ in
            demo.stop()
        }
        defer { signals.close() }
        try demo.start()
        loop.run()
        try demo.removeData()
        guard let failure = demo.failure else { return 0 }
        LineWriter.error.write("muster: \(failure)")
        return 1
    }

    private init(_ settings: DemoSettings, _ loop: EventLoop) throws {
        // Before anything is made: an error here leaves nothing behind.
        for peer in settings.peers {
            for address in [peer.http, peer.raft] {
                try Listener(at: address, on: loop) { $0.close() }.close()
            }
        }
        self.settings = settings
        self.loop = loop
        startTime = .now
        executable = try CurrentProcess.executablePath()
        directory =
            try settings.dataDirectory
            ?? Directory.makeTemporary(prefix: DemoSettings.directoryPrefix)
    }

    // MARK: Starting

    private func start() throws {
        if settings.dataDirectory == nil {
            cleaner = try ChildProcess(
                executable: executable, arguments: ["clean-up-demo", directory],
                output: .inherited, on: loop
            ) { _ in }
        }
        for peer in settings.peers {
            nodes.append((peer, try startNode(peer)))
        }
        print("\(nodes.count) nodes, their data is in \(directory)")
        for (peer, process) in nodes {
            print("  node \(peer.node)  http \(peer.http)  raft \(peer.raft)  pid \(process.pid)")
        }
        askForLeader()
    }

    private func startNode(_ peer: ServeSettings.Peer) throws -> ChildProcess {
        try ChildProcess(
            executable: executable,
            arguments: settings.serveArguments(for: peer, data: data(of: peer)),
            output: .lines { [self] _, line in print("[node \(peer.node)] \(line)") }, on: loop
        ) { [self] status in ended(peer, status) }
    }

    private func data(of peer: ServeSettings.Peer) -> String { "\(directory)/node-\(peer.node)" }

    private func print(_ line: String) { LineWriter.output.write(line) }

    private func askForLeader() {
        guard !isStopping else { return }
        let waited = MonotonicTime.now.milliseconds(since: startTime)
        guard waited < Self.startingMilliseconds else {
            return fail("no leader was elected within \(Self.startingMilliseconds / 1_000) s")
        }
        StatusReport.askForLeader(
            settings.peers[0].http, on: loop, timeoutMilliseconds: 1_000
        ) { [self] leader in
            if let leader { return greet(leader) }
            let next = MonotonicTime.now.advanced(byMilliseconds: Self.askingMilliseconds)
            loop.schedule(at: next) { [self] in askForLeader() }
        }
    }

    private func greet(_ leader: UInt64) {
        guard !isStopping, let first = settings.peers.first, let last = settings.peers.last else {
            return
        }
        let service = "/nacos/v1/ns/instance"
        print(
            """
            ready, node \(leader) leads; try in another terminal:
              curl -X POST 'http://\(first.http)\(service)?serviceName=web&ip=10.0.0.1&port=8080'
              curl 'http://\(last.http)\(service)/list?serviceName=web'
              \(executable) status --server \(first.http)
            Ctrl-C stops the nodes.
            """)
    }

    // MARK: Stopping

    private func ended(_ peer: ServeSettings.Peer, _ status: ChildProcess.Status) {
        let isLast = nodes.allSatisfy { $0.process.status != nil }
        if isStopping {
            if isLast { loop.stop() }
            return
        }
        switch status {
        case .signal where !isLast:
            // Somebody is trying out what happens; let them also bring it back.
            var arguments = settings.serveArguments(for: peer, data: data(of: peer))
            arguments.removeAll { $0 == ServeSettings.stopWhenInputEndsOption }
            print(
                """
                node \(peer.node) was ended by \(status), the others go on; to bring it back:
                  \(executable) \(arguments.joined(separator: " "))
                """)
        case .signal, .code: fail("node \(peer.node) has ended with \(status)")
        }
    }

    private func fail(_ reason: String) {
        guard failure == nil else { return }
        failure = reason
        stop()
    }

    /// Asks the nodes to stop; asked again, or after a while, it kills them.
    private func stop() {
        let running = nodes.filter { $0.process.status == nil }
        guard !running.isEmpty else { return loop.stop() }
        for (_, process) in running { process.signal(isStopping ? .kill : .terminate) }
        guard !isStopping else { return }
        isStopping = true
        print("stopping \(running.count) nodes")
        let limit = MonotonicTime.now.advanced(byMilliseconds: Self.stoppingMilliseconds)
        loop.schedule(at: limit) { [self] in stop() }
    }

    private func removeData() throws {
        if settings.dataDirectory == nil { try Directory.removeTree(directory) }
    }
}
