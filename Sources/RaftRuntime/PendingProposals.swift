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
    private var superseded: [ProposalID] = []
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

    /// Finds who waits for this place in the log: returns the one whose command it is, and since when. Those whose
    /// entries stood there once, and will now never be committed, are put aside for `takeSuperseded`.
    mutating func settle(
        _ entry: EntryID, _ kind: EntryHeader.Kind, at node: NodeID
    ) -> (id: ProposalID, since: Instant)? {
        var waiting: (ProposalID, Instant)?
        if case .forwarded(let origin, let sequence) = kind, origin == node {
            waiting = settleForwarded(sequence)
        }
        while let first = appended.first, first.entry.index <= entry.index {
            _ = appended.popFirst()
            settle(first, entry, kind, &waiting)
        }
        guard !orphans.isEmpty else { return waiting }
        let ended = orphans.filter { $0.entry.index <= entry.index }
        orphans.removeAll { $0.entry.index <= entry.index }
        for orphan in ended { settle(orphan, entry, kind, &waiting) }
        return waiting
    }

    private mutating func settle(
        _ proposal: Appended, _ entry: EntryID, _ kind: EntryHeader.Kind,
        _ waiting: inout (ProposalID, Instant)?
    ) {
        if proposal.entry == entry, kind.isCommand {
            waiting = (proposal.id, proposal.since)
        } else {
            superseded.append(proposal.id)
        }
    }

    private mutating func settleForwarded(_ sequence: UInt64) -> (ProposalID, Instant)? {
        if let first = forwarded.first, first.sequence == sequence {
            _ = forwarded.popFirst()
            return (first.id, first.since)
        }
        return forwarded.removeAll { $0.sequence == sequence }.first.map { ($0.id, $0.since) }
    }

    /// Takes out those that `settle` has put aside.
    mutating func takeSuperseded() -> [ProposalID] {
        guard !superseded.isEmpty else { return [] }
        defer { superseded = [] }
        return superseded
    }

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
