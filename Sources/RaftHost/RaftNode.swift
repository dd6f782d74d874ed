internal import Platform
public import Raft
public import RaftRuntime

/// A node of a cluster with a state machine, for async callers.
///
/// It runs on a thread of its own with sockets, files and timers; the methods may be called from any
/// task. Calls are handed over in batches, and callers are resumed in batches.
///
/// ```swift
/// let node = try await RaftNode.start(Counter(), settings)
/// let outcome = await node.propose([UInt8]("+1".utf8))
/// ```
public final class RaftNode<Machine: StateMachine>: Sendable where Machine: Sendable {
    private let thread: LoopThread
    private let inbox: Inbox<Machine>

    private init(_ thread: LoopThread, _ inbox: Inbox<Machine>) {
        self.thread = thread
        self.inbox = inbox
    }

    /// Opens the node's directory and begins to take part in its cluster.
    ///
    /// - Parameters:
    ///   - machine: An empty machine; it is brought to the newest snapshot and gets the log after it.
    ///   - settings: Who the node is, where it listens, who its peers are.
    /// - Throws: `RaftNodeError`: a bad address, a directory of another node or in use, a port in use.
    public static func start(
        _ machine: Machine, _ settings: RaftNodeSettings
    ) async throws(RaftNodeError) -> RaftNode {
        let options = try settings.nodeOptions()
        do {
            let (thread, inbox) = try LoopThread.start(name: "raft-\(settings.node)") { loop in
                let host = try NodeHost(options, machine: machine, on: loop)
                let inbox = Inbox(host, on: loop)
                host.start()
                return inbox
            }
            return RaftNode(thread, inbox)
        } catch { throw .cannotStart("\(error)") }
    }

    /// Has a command replicated and applied.
    ///
    /// May be called at any node; a follower passes the command to the leader, and the answer comes from
    /// this node's own machine. When the outcome is `.done`, a quorum has the command on disk, this
    /// node has applied it, and a `read` at any node sees it.
    /// - Parameter command: At most `NodeSettings.maxCommandBytes` bytes.
    public func propose(_ command: [UInt8]) async -> ProposalOutcome<Machine.Answer> {
        await withCheckedContinuation { continuation in
            inbox.add(.propose(command, continuation))
        }
    }

    /// Looks at the state as of now or later: whatever was `.done` anywhere before the call is seen.
    ///
    /// Linearizable, without a log entry (ReadIndex, thesis §6.4); costs a round of heartbeats, shared by
    /// all reads of the moment.
    /// - Parameter body: Runs on the node's thread and must be quick.
    /// - Throws: `ReadError` when there is no leader in time, or the node is stopping.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (Machine) -> Result
    ) async throws(ReadError) -> Result {
        let outcome = await withCheckedContinuation {
            (caller: CheckedContinuation<Swift.Result<Result, ReadError>, Never>) in
            inbox.add(.read { caller.resume(returning: $0.map(body)) })
        }
        return try outcome.get()
    }

    /// The node's part in the cluster, and how far it is; nothing after `shutdown`.
    public func status() async -> NodeStatus? {
        await withCheckedContinuation { inbox.add(.status($0)) }
    }

    /// The node's part from now on, each time it changes. The newest 64 are kept for a slow reader.
    public func roleChanges() -> AsyncStream<RoleChange> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RoleChange.self, bufferingPolicy: .bufferingNewest(64))
        inbox.add(.watch(continuation))
        return stream
    }

    /// Stops the node: what waits is answered, the disk's work is ended, sockets and directory are let go.
    ///
    /// Everything that was `.done` is durable. A second call does nothing.
    public func shutdown() async {
        await withCheckedContinuation { inbox.add(.stop($0)) }
        thread.stop()
    }
}
