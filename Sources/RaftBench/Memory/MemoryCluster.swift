internal import Platform
internal import Raft
internal import RaftRuntime
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

        init(_ id: NodeID, of ids: [NodeID], _ settings: NodeSettings) throws {
            links = MemoryLinks(from: id)
            jobs = MemoryJobs()
            loop = try Loop(
                NodeStart(
                    directory: "/\(id.rawValue)", cluster: "bench", node: id,
                    initialConfiguration: Configuration(voters: ids), seed: id.rawValue),
                machine: CountingMachine(), files: MemoryFileSystem(), network: links,
                background: jobs, settings: settings, at: .present)
            loop.start()
        }
    }

    private let nodes: [Node]
    private var leader: Int?

    init(nodes count: Int, settings: NodeSettings) throws {
        let ids = (1...count).map { NodeID(UInt64($0)) }
        nodes = try ids.map { try Node($0, of: ids, settings) }
        let mailboxes = nodes.map { Mailbox(incarnation: $0.loop.identity.incarnation) }
        for node in nodes { node.links.mailboxes = mailboxes }
        for (node, mailbox) in zip(nodes, mailboxes) { node.links.own = mailbox }
        while leader == nil {
            for i in nodes.indices { try turn(i) }
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

    private func turn(_ i: Int) throws {
        let node = nodes[i]
        if let mailbox = node.links.own {
            for letter in mailbox.takeAll() {
                node.loop.receive(
                    letter.envelope, from: letter.from, incarnation: letter.incarnation)
            }
        }
        for result in node.jobs.takeResults() { node.loop.finished(result) }
        node.loop.turn(at: .present, wallMilliseconds: 1)
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
