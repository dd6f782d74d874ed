internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime

/// Runs a node until it is told to stop.
///
/// - Returns: The exit code: 0 after SIGINT or SIGTERM, 1 when the node cannot start or cannot go on;
///   one line on standard error then says why.
package func serve(_ settings: ServeSettings) -> Int32 {
    CurrentProcess.ignoreBrokenPipes()
    do {
        // Before anything is made: whoever started this node may be gone already.
        if settings.stopsWhenInputEnds { try CurrentProcess.exitWhenParentCloses() }
        let loop = try EventLoop()
        let server = try ServerNode(settings, on: loop)
        let signals = try SignalWatch([.interrupt, .terminate], on: loop) { _ in
            server.handOverAndStop()
        }
        defer { signals.close() }
        loop.run()
        return server.exitCode
    } catch {
        LineWriter.error.write("muster: \(error)")
        return 1
    }
}

/// A node with all its doors, on one event loop.
final class ServerNode {
    private(set) var exitCode: Int32 = 0

    private let loop: EventLoop
    private let host: NodeHost<RegistryMachine>
    private let service: RegistryService
    private let door: HTTPDoor
    private let log: EventLog
    private var isStopped = false

    init(_ settings: ServeSettings, on loop: EventLoop) throws {
        self.loop = loop
        // Whoever reads the log and does not keep up loses lines; the node does not wait for it.
        let writer = LineWriter(1, patienceMilliseconds: 20)
        log = EventLog(node: settings.node, level: settings.logLevel, to: writer)
        host = try NodeHost(try settings.nodeOptions(), machine: RegistryMachine(), on: loop)
        service = RegistryService(host: host, on: loop)
        let cluster = ClusterView(settings: settings, host: host)
        let metrics = MetricsPage(service)
        let nacos = NacosDoor(
            service, cluster, metrics, BackupDoor(host, on: loop))
        door = try HTTPDoor(at: settings.http, on: loop) { nacos.handle($0, $1) }
        metrics.door = door
        observe()
        host.start()
        service.start()
        log.write(
            .info, .node, "started",
            [
                ("cluster", settings.clusterName), ("http", settings.http.description),
                ("raft", settings.raft.description), ("data", settings.dataDirectory),
                ("version", musterVersion),
            ])
    }

    private func observe() {
        host.onNotice = { [log] in log.write($0) }
        host.transport.onNotice = { [log] in log.write($0) }
        host.onTurn = { [service] in service.nodeMoved() }
        host.onFailure = { [unowned self] failure in
            log.write(.error, .node, "stopped: the node cannot go on", [("reason", "\(failure)")])
            LineWriter.error.write("muster: \(failure)")
            stop(exitCode: 1)
        }
    }

    /// Where clients connect, with the real port; nothing once the node has stopped.
    var httpAddress: Address? { door.address }

    /// Stops in good order: another node leads before this one goes.
    func handOverAndStop() {
        host.handOver { [weak self] in self?.stop(exitCode: 0) }
    }

    func stop(exitCode: Int32) {
        guard !isStopped else { return }
        isStopped = true
        self.exitCode = exitCode
        host.stop()
        door.close()
        log.write(.info, .node, "stopped")
        loop.stop()
    }
}

extension ServeSettings {
    /// The settings of the Raft node below the doors.
    func nodeOptions() throws(SettingsError) -> NodeOptions {
        var settings = NodeSettings()
        try settings.setTimeouts(
            electionMilliseconds: electionTimeoutMilliseconds,
            heartbeatMilliseconds: heartbeatMilliseconds)
        settings.snapshotEntries = snapshotEntries
        settings.requestTimeoutMilliseconds = RegistryService.patienceMilliseconds
        var random = SystemRandom()
        var start = NodeStart(
            directory: dataDirectory, cluster: clusterName, node: NodeID(node),
            initialConfiguration: Configuration(voters: peers.map { NodeID($0.node) }),
            seed: random.next())
        start.meetsFounders = true
        start.repair = rejoinsWhenDamaged ? .rejoin : .refuse
        start.peers = peers.map { NodeID($0.node) }
        return NodeOptions(
            start: start, listen: raft, peers: peers.map { (NodeID($0.node), $0.raft) },
            settings: settings)
    }
}
