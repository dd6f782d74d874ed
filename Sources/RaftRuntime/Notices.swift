public import Raft
public import RaftStorage

/// Something that happened in a node and that those who watch it may want to know.
public enum NodeNotice: Sendable {
    /// This node's part has changed.
    case roleChanged(RoleChange)
    /// A rare event in the core.
    case trace(TraceEvent)
    /// The membership that counts here is another one: appended, cut off again, or come with a snapshot.
    case configurationChanged(Configuration)
    /// The cluster is being founded: this node takes no part before it and these know each other.
    case awaitingFounders([NodeID])
    /// A founder begins with another snapshot, name or membership than this node, so they cannot found a cluster
    /// together. Told once.
    case founderRefused(NodeID)
    /// All founders know each other: this node takes part.
    case founded(Configuration)
    /// A node speaks under the name of a member whose data directory it does not have. It is not heard.
    /// Told once.
    case strangerIgnored(NodeID, incarnation: UInt64)
    /// The data directory was damaged, as the record says: its files are kept under paths that begin with `aside`,
    /// and this node has begun anew, as a member without a vote, and asks to be readmitted. Told at each start
    /// until that is done.
    case rejoining(RejoinRecord, aside: String)
    /// The cluster knows this node by its new incarnation, and makes it a voter again if it was one.
    case rejoined(Configuration)
    /// This leader has taken the next step on the way of a member that has begun anew.
    case readmitting(NodeID, incarnation: UInt64)
    /// A sync has run longer than `NodeSettings.diskStallMilliseconds`; a leader hands over.
    case diskStalled
    /// The sync has ended.
    case diskRecovered
    /// There is no space for the log to grow, for the reason given. Proposals are refused, a leader hands over,
    /// entries are taken for as long as there is room for them; it goes on by itself when there is space.
    case diskFull(String)
    /// There is space again.
    case diskHasSpace
    /// Found and mended when the node's files were opened.
    case recovered(String)
    /// A snapshot of the own state is durable.
    case snapshotTaken(EntryID, bytes: UInt64)
    /// A snapshot from the leader has taken the place of the state.
    case snapshotRestored(EntryID, bytes: Int)
    /// A snapshot could not be written, or one from the leader could not be kept; it is tried again.
    case snapshotFailed(EntryID, String)
    /// The loop was held up for so long while it led; cluster time does not count it.
    case heldUp(milliseconds: UInt64)
}

/// Why a node had to stop. It must not go on; start it anew once the cause is gone.
public enum NodeFailure: Error, Sendable {
    /// The disk failed: after a failed write or sync nothing in the file may be trusted.
    case storage(StorageError)
    /// An invariant of the protocol is broken.
    case invariant(Fault)
    /// The state machine could not apply an entry, or take over a snapshot.
    case machine(at: EntryID, reason: String)
    /// An entry that the log vouches for cannot be read.
    case malformedEntry(EntryID, reason: String)
}

extension NodeFailure: CustomStringConvertible {
    /// One line for an operator.
    public var description: String {
        switch self {
        case .storage(let error): "\(error)"
        case .invariant(let fault): "protocol invariant broken: \(fault)"
        case .machine(let entry, let reason): "state machine failed at entry \(entry): \(reason)"
        case .malformedEntry(let entry, let reason): "entry \(entry) cannot be read: \(reason)"
        }
    }
}

/// Counts of what a node has done since it started.
public struct NodeCounters: Hashable, Sendable {
    /// Campaigns begun: pre-votes, or votes where pre-votes are off.
    public var campaigns: UInt64 = 0
    /// Elections won.
    public var electionsWon: UInt64 = 0
    /// Changes of the leader that this node has seen.
    public var leaderChanges: UInt64 = 0
    /// Proposals taken at this node.
    public var proposals: UInt64 = 0
    /// Entries applied.
    public var applied: UInt64 = 0
    /// Syncs finished.
    public var syncs: UInt64 = 0
    /// How often the disk had no space for the log to grow.
    public var fullDisks: UInt64 = 0
    /// Heartbeat intervals of this leader in which a peer answered no heartbeat, sorted by peer.
    public var missedHeartbeats: [PeerCount] = []

    /// A count that belongs to a peer.
    public struct PeerCount: Hashable, Sendable {
        /// The peer.
        public var node: NodeID
        /// The count.
        public var count: UInt64
    }

    /// Creates counters at zero.
    public init() {}

    mutating func noteMissedHeartbeat(of node: NodeID) {
        if let i = missedHeartbeats.firstIndex(where: { $0.node == node }) {
            missedHeartbeats[i].count += 1
            return
        }
        missedHeartbeats.append(PeerCount(node: node, count: 1))
        missedHeartbeats.sort { $0.node < $1.node }
    }
}
