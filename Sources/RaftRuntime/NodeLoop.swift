public import Raft
public import RaftStorage
public import RaftTransport
internal import Wire

/// One node: the core, its log and snapshots, its state machine, joined and driven.
///
/// Synchronous, without threads or clocks: whoever owns it hands in what has happened, calls `turn`,
/// and takes out what came of it. The production host and the simulator own the same loop.
///
/// In one turn of the host:
/// 1. `receive`, `connectionClosed`, `finished`, `propose`, `read`, `changeMembership`,
///    `transferLeadership`, in the order in which they happened;
/// 2. `turn(at:)` once;
/// 3. `takeCompletions`, `takeNotices`, and a look at `failure`;
/// 4. the next turn not after `nextDeadline`.
///
/// Not copyable: there is one node, and a copy would cost as much as a turn.
public struct NodeLoop<
    Machine: StateMachine, Files: FileSystem, Links: Network, Jobs: Background
>: ~Copyable
where Jobs.Files == Files, Jobs.Image == Machine.Image {
    /// The consensus core.
    public internal(set) var core: RaftCore
    /// The entry that was applied last.
    public internal(set) var applied: EntryID
    /// Why the node has stopped, once it has.
    public internal(set) var failure: NodeFailure?
    /// What the node has done.
    public internal(set) var counters = NodeCounters()
    /// From a proposal's arrival at this node to its answer.
    public internal(set) var proposalLatency = LatencyHistogram()
    /// This node's choices.
    public let settings: NodeSettings
    /// Who this node is.
    public let identity: NodeIdentity

    let directory: String
    /// While the cluster is being founded: this node takes no part yet.
    var founding: Founding?
    /// The founders that this node has put down, once that is over; empty for one that was taken in later.
    var founders: [Member]
    /// While the cluster knows this node by an earlier incarnation.
    var rejoining: Rejoining?
    var hasStarted = false
    var log: LogStore<Files>
    var random: SplitMix64
    var clock: ClusterClock
    /// The cluster time of the entry that was applied last: on a leader the clock may be further.
    var appliedMilliseconds: UInt64
    var now: Instant
    var wallMilliseconds: UInt64 = 0
    var timers = TimerTable()
    /// The leader that was known last, until this node is about to campaign.
    var lostLeader: NodeID?
    var hasReceived = false
    var effects: [Effect] = []
    /// What was sent of appends, to be told to the core once the effects at hand are carried out.
    var sentAppends: [Event] = []
    /// The newest write that is in the page cache, and the newest that the running sync covers.
    var writtenPersist = PersistID(0)
    var syncingPersist: PersistID?
    var proposals = PendingProposals()
    var reads = PendingReads()
    var membership = PendingMembership()
    /// Questions of followers that wait for the lease clock of the next turn.
    var leaseQuestions: [Message] = []
    var disk = DiskWatch()
    var space = SpaceWatch()
    /// When the log says on disk what is durable, unless something is written before.
    var markDeadline: Instant?
    /// Nodes without their data directory that were told of already.
    var strangers: [(node: NodeID, incarnation: UInt64)] = []
    var snapshotting = SnapshotActivity()
    var snapshotRequests = PendingSnapshots()
    /// The heartbeats that each peer had answered when the last one was due.
    var answeredRounds: [(node: NodeID, round: UInt64)] = []
    var completions: [Completion<Machine.Answer>] = []
    var notices: [NodeNotice] = []
    var entryBuffer = PackedBytes()
    /// The commands that are being applied.
    var run = CommandRun()
    /// While another node's proposals are handed to the core, and what it then said.
    var isAppendingForwarded = false
    var forwardedRefusal: ProposalRefusal?

    // What has a size that depends on the types chosen comes last: the places of all other fields are known then,
    // and code that does not know the types need not ask for them.

    /// The replicated state, as far as it is applied here.
    public internal(set) var machine: Machine
    /// The way to the other nodes.
    public var network: Links
    /// Where blocking work is done.
    public var background: Jobs
    let files: Files
    var snapshots: SnapshotStore<Files>
    /// The state in the snapshot that the core is told of.
    var restored: RestoredState<Machine.Image>?

    /// The cluster time, in milliseconds, that the newest entry known here carries.
    public var clusterTimeMilliseconds: UInt64 { clock.newest }

    /// Entries up to here are committed.
    public var commitIndex: LogIndex { core.commitIndex }

    /// Whether the disk has no space for the log to grow: proposals are refused until it has.
    public var isDiskFull: Bool { space.isFull }

    /// The bytes that the log has handed to the system since the node was opened.
    public var logBytesWritten: UInt64 { log.bytesWritten }

    /// The membership that counts at this node: the newest in its log, committed or not.
    public var configuration: Configuration { founding?.configuration ?? core.configuration }

    /// The nodes and what the leader knows of them; empty on a follower.
    public var peers: [Progress] { core.peers }

    /// When the loop wants its next turn at the latest; nothing when only news from outside can move it.
    public var nextDeadline: Instant? {
        guard failure == nil else { return nil }
        if applied.index < core.commitIndex { return now }
        return timers.next
            .orSooner(proposals.nextDeadline).orSooner(reads.nextDeadline)
            .orSooner(membership.nextDeadline).orSooner(rejoining?.nextWish)
            .orSooner(disk.nextDeadline(settings.diskStallMilliseconds))
            .orSooner(space.nextRetry).orSooner(space.nextSnapshot).orSooner(markDeadline)
    }

    /// Takes what has ended since the last call.
    public mutating func takeCompletions() -> [Completion<Machine.Answer>] {
        guard !completions.isEmpty else { return [] }
        var taken: [Completion<Machine.Answer>] = []
        swap(&taken, &completions)
        return taken
    }

    /// Takes what has happened since the last call.
    public mutating func takeNotices() -> [NodeNotice] {
        guard !notices.isEmpty else { return [] }
        var taken: [NodeNotice] = []
        swap(&taken, &notices)
        return taken
    }

    /// Hands the machine out for what is no part of the replicated state: taking its change events, say.
    ///
    /// The replicated state itself must change in `StateMachine.apply` alone.
    public mutating func withMachine<Result>(_ body: (inout Machine) -> Result) -> Result {
        body(&machine)
    }

    /// Stops the node: an error that it cannot go on with.
    mutating func fail(_ failure: NodeFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        endEverything()
    }

    /// Ends all that waits: the node stops. What is not committed here may still be, elsewhere.
    public mutating func endEverything() {
        for id in proposals.takeUnsent() { complete(id, .notDone(.stopped)) }
        for id in proposals.takeSent() { complete(id, .unknown(.stopped)) }
        for ticket in reads.takeAll() { completions.append(.read(ticket, .stopped)) }
        endMembership()
        endSnapshotRequests(upTo: LogIndex(.max), .stopped)
    }

    mutating func complete(_ id: ProposalID, _ outcome: ProposalOutcome<Machine.Answer>) {
        completions.append(.proposal(id, outcome))
    }
}
