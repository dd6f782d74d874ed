/// What a core can be told.
///
/// After a group of events the host says `.flush`; what the group caused is then sent and written in
/// as few messages and writes as possible.
public enum Event: Hashable, Sendable {
    /// The node may begin: arms the first timer. Once, before anything else.
    case start
    /// A message has come. For an append the host holds the entries' contents ready.
    case message(Message)
    /// Somebody wants that many commands, of that many bytes together, in the log.
    case propose(count: Int, bytes: Int)
    /// Somebody wants to read at this node what is committed now.
    case read(ReadID)
    /// A timer that was set has run out.
    case timerFired(TimerID)
    /// The connection from a peer's process was closed by it (the process ended), not merely silent.
    case connectionClosed(NodeID)
    /// Every write up to this one is durable.
    case persisted(PersistID)
    /// Of the entries just handed out for a peer those up to `last` were sent, and they take `bytes`; fewer
    /// than asked when there were too many for a message. Said after every append that has entries, once the
    /// effects at hand are carried out: the next append for this peer waits for it.
    case appendSent(peer: NodeID, last: LogIndex, bytes: Int)
    /// A snapshot of the own state is durable, and the log up to `base`, which it covers, is forgotten.
    case compacted(base: EntryID, snapshot: RaftCore.SnapshotPoint)
    /// This node's disk holds this much of the snapshot that a leader is sending.
    case snapshotReceived(lastIncluded: EntryID, bytes: UInt64)
    /// A received snapshot is complete, checked and durable.
    case snapshotStored(lastIncluded: EntryID, configuration: Configuration)
    /// A received snapshot was of no use; it must come again from its start.
    case snapshotRejected(lastIncluded: EntryID)
    /// The host no longer has the snapshot that the core wanted to send to a peer.
    case snapshotUnavailable(peer: NodeID)
    /// Somebody wants another membership.
    case changeMembership(MembershipChange)
    /// Somebody wants another leader: this one, or the best that there is.
    case transferLeadership(to: NodeID?)
    /// The own disk hangs, or works again.
    case diskHealth(isStalled: Bool)
    /// The host's monotonic clock, which goes on while the machine sleeps, in nanoseconds. Read after the
    /// events before it came and before those after it are answered. Only lease reads need it.
    case clock(nanoseconds: UInt64)
    /// The host has no more events for now.
    case flush
}

/// The timers of a core. Each is set, or cancelled, by name; setting one again starts it anew.
public enum TimerID: UInt8, Hashable, Sendable, CaseIterable {
    /// The election timeout: after it a silent leader counts as lost. A fixed time.
    case election
    /// The random wait before a campaign, up to one more election timeout (thesis §3.4).
    case campaign
    /// As `campaign`, but a few milliseconds: the leader's process is known to be gone.
    case earlyCampaign
    /// The leader's next heartbeat.
    case heartbeat
    /// The leader's next look whether a quorum still answers (thesis §6.2): one election timeout.
    case quorumCheck
    /// The end of the leader's patience with the one it hands over to: one election timeout (§3.10).
    case transfer
}
