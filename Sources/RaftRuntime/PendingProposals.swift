internal import Raft
internal import Wire

/// The proposals that wait for their outcome at the node that took them.
///
/// A proposal is *queued* until a leader is known, then *forwarded* to it or, at the leader itself,
/// *appended*. One whose leader has lost its office is an *orphan*: its entry may still be committed.
struct PendingProposals {
    /// A proposal that is not sent anywhere yet; its command is in `commands`, in the same order.
    struct Queued {
        var id: ProposalID
        var deadline: Instant
        var since: Instant
    }

    /// A proposal that another node was asked to append.
    struct Forwarded {
        var id: ProposalID
        var sequence: UInt64
        var leader: NodeID
        var deadline: Instant
        var since: Instant
    }

    /// A proposal that is in this node's log.
    struct Appended {
        var id: ProposalID
        var entry: EntryID
        var deadline: Instant
        var since: Instant
    }

    var queued: [Queued] = []
    var commands = PackedBytes()
    var forwarded = Queue<Forwarded>()
    var appended = Queue<Appended>()
    var orphans: [Appended] = []
    /// The number of the next forwarded proposal. It starts at random in each life of the node, so that
    /// an entry from an earlier life is never taken for a new one.
    var nextSequence: UInt64 = 0
    private var lastID: UInt64 = 0

    mutating func nextID() -> ProposalID {
        lastID += 1
        return ProposalID(rawValue: lastID)
    }

    /// Each list is in the order of its deadlines, for all proposals have the same time.
    var nextDeadline: Instant? {
        let sent = (forwarded.first?.deadline).orSooner(appended.first?.deadline)
        return (queued.first?.deadline).orSooner(sent).orSooner(orphans.first?.deadline)
    }

    /// Drops the first `count` of the queue.
    mutating func removeQueued(_ count: Int) {
        guard count > 0 else { return }
        if count == queued.count {
            queued.removeAll(keepingCapacity: true)
            commands.removeAll()
            return
        }
        var rest = PackedBytes()
        rest.append(commands, count..<queued.count)
        commands = rest
        queued.removeFirst(count)
    }

    /// This node leads no more: what it had appended may be committed by others, or replaced.
    mutating func orphanAppended() { orphans += appended.removeAll() }

    /// Takes out those that were never sent anywhere.
    mutating func takeUnsent() -> [ProposalID] {
        defer { removeQueued(queued.count) }
        return queued.map { $0.id }
    }

    /// Takes out those whose outcome lies with the cluster.
    mutating func takeSent() -> [ProposalID] {
        defer { orphans.removeAll() }
        return forwarded.removeAll().map(\.id) + appended.removeAll().map(\.id) + orphans.map(\.id)
    }
}
