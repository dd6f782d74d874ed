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

    // MARK: Membership

    /// Takes in a node that gets the whole log and has no say. Only the leader can.
    ///
    /// The node must run already, started with `RaftNodeSettings.isJoining`, and answer at `address`: its
    /// incarnation is asked there, and from then on nobody else is heard under its name.
    public func addLearner(
        _ node: NodeID, at address: String, priority: UInt8 = 0
    ) async -> MembershipOutcome {
        let member = Member(node, address: address, priority: priority)
        return await change(.add(member, asVoter: false))
    }

    /// Takes in a node that votes as soon as it has caught up with the log; as `addLearner` otherwise.
    public func addVoter(
        _ node: NodeID, at address: String, priority: UInt8 = 0
    ) async -> MembershipOutcome {
        let member = Member(node, address: address, priority: priority)
        return await change(.add(member, asVoter: true))
    }

    /// Makes a learner a voter as soon as it has caught up. Only the leader can.
    public func promote(_ node: NodeID) async -> MembershipOutcome { await change(.promote(node)) }

    /// Lets a voter go on without a say. Only the leader can; it may demote itself, and another one leads then.
    public func demote(_ node: NodeID) async -> MembershipOutcome { await change(.demote(node)) }

    /// Takes a member out. Only the leader can; it may remove itself, and another one leads then.
    public func removeMember(_ node: NodeID) async -> MembershipOutcome {
        await change(.remove(node))
    }

    private func change(_ change: MembershipChange) async -> MembershipOutcome {
        await withCheckedContinuation { inbox.add(.change(change, $0)) }
    }

    /// Hands leadership to another voter, or to the best there is. Only the leader can.
    ///
    /// Proposals that come meanwhile are not done, with `NotDoneReason.transferring` as the reason.
    public func transferLeadership(to node: NodeID? = nil) async -> TransferOutcome {
        await withCheckedContinuation { inbox.add(.transfer(node, $0)) }
    }

    // MARK: The node itself

    /// Makes a snapshot durable at this node that covers whatever was `.done` anywhere before the call.
    ///
    /// It is the newest file in `snapshots` below the node's directory, until another one takes its place; a copy
    /// of it is a backup, with which a new cluster can begin (`RestoredDirectory`).
    public func takeSnapshot() async -> SnapshotOutcome {
        await withCheckedContinuation { inbox.add(.snapshot($0)) }
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
    /// A leader hands over first, so that the others need not wait out an election timeout; this takes no
    /// longer than one.
    /// Everything that was `.done` is durable. A second call does nothing.
    public func shutdown() async {
        await withCheckedContinuation { inbox.add(.stop($0)) }
        thread.stop()
    }
}
