internal import Platform
internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTransport

/// Several nodes on one thread: their logs are arrays, and what one sends the next one has in its next turn.
///
/// What is left is what consensus itself costs: `NodeLoop` as it is in production.
final class MemoryCluster {
    typealias Loop = NodeLoop<CountingMachine, MemoryFileSystem, MemoryLinks, MemoryJobs>

    private final class Node {
        var loop: Loop
        let links: MemoryLinks
        let jobs: MemoryJobs

        init(
            _ id: NodeID, of ids: [NodeID], _ settings: NodeSettings, _ log: LogSettings,
            files: MemoryFileSystem, at now: Instant
        ) throws {
            links = MemoryLinks(from: id)
            jobs = MemoryJobs()
            loop = try Loop(
                NodeStart(
                    directory: "/\(id.rawValue)", cluster: "bench", node: id,
                    initialConfiguration: Configuration(voters: ids), seed: id.rawValue),
                machine: CountingMachine(), files: files, logSettings: log, network: links,
                background: jobs, settings: settings, at: now)
            loop.start()
        }
    }

    private let nodes: [Node]
    /// What they write to: each has directories of its own.
    let files = MemoryFileSystem()
    private var leader: Int?
    private var clock: MemoryClock

    init(
        nodes count: Int, settings: NodeSettings, log: LogSettings = LogSettings(),
        clock source: MemoryClock.Source = .machine
    ) throws {
        let ids = (1...count).map { NodeID(UInt64($0)) }
        var clock = MemoryClock(source)
        let now = clock.now()
        self.clock = clock
        nodes = try ids.map { [files] in
            try Node($0, of: ids, settings, log, files: files, at: now)
        }
        let mailboxes = nodes.map { Mailbox(incarnation: $0.loop.identity.incarnation) }
        for node in nodes { node.links.mailboxes = mailboxes }
        for (node, mailbox) in zip(nodes, mailboxes) { node.links.own = mailbox }
        // Nobody has to wait for an election here.
        while leader == nil {
            for i in nodes.indices { try turn(i) }
            self.clock.skip(milliseconds: 10)
            leader = nodes.firstIndex { $0.loop.core.roleName == .leader }
        }
    }

    /// Proposes at the leader.
    func propose(_ command: Span<UInt8>) throws -> ProposalID {
        guard let leader else { throw BenchError("no leader") }
        return nodes[leader].loop.propose(command)
    }

    /// Asks the leader for a moment to read at.
    func read() throws {
        guard let leader else { throw BenchError("no leader") }
        _ = nodes[leader].loop.read()
    }

    /// One turn of each node; returns what has ended at the leader.
    func turn() throws -> [Completion<UInt64>] {
        for i in nodes.indices where i != leader { try turn(i) }
        guard let leader else { throw BenchError("no leader") }
        try turn(leader)
        guard nodes[leader].loop.core.roleName == .leader else {
            throw BenchError("the leader was deposed while this was measured")
        }
        return nodes[leader].loop.takeCompletions()
    }

    /// The bytes that the logs of all nodes have been written with.
    var logBytes: UInt64 { nodes.reduce(0) { $0 + $1.loop.logBytesWritten } }

    private func turn(_ i: Int) throws {
        let node = nodes[i]
        if let mailbox = node.links.own {
            for letter in mailbox.takeAll() {
                node.loop.receive(
                    letter.envelope, from: letter.from, incarnation: letter.incarnation)
            }
        }
        for result in node.jobs.takeResults() { node.loop.finished(result) }
        node.loop.turn(at: clock.now(), wallMilliseconds: MemoryClock.wallMilliseconds)
        _ = node.loop.takeNotices()
        if let failure = node.loop.failure { throw failure }
    }
}

extension Instant {
    static var present: Instant { Instant(nanoseconds: MonotonicTime.now.nanoseconds) }
}

/// Why a benchmark could not be run, in one line.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
