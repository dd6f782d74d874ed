internal import Raft
internal import Wire

/// The proposals that wait for their outcome at the node that took them.
///
/// A proposal is *queued* until a leader is known, then *forwarded* to it or, at the leader itself,
/// *appended*. One whose leader has lost its office is an *orphan*: its entry may still be committed.
///
/// Those that came together go the same way together, so they are kept as groups and not one by one.
struct PendingProposals {
    /// Proposals with numbers that follow on each other, which came at the same moment.
    struct Group {
        var first: ProposalID
        var count: Int
        var deadline: Instant
        var since: Instant

        var ids: [ProposalID] { (0..<count).map { first.advanced(by: $0) } }

        mutating func removeFirst(_ removed: Int = 1) {
            first = first.advanced(by: removed)
            count -= removed
        }
    }

    /// Proposals that another node was asked to append, under numbers of their own that follow on each other.
    struct Forwarded {
        var group: Group
        var sequence: UInt64
        var leader: NodeID
    }

    /// Proposals that are in this node's log; the entries follow on the first one's and have its term.
    struct Appended {
        var group: Group
        var entry: EntryID

        /// Takes out the first, if it stands at this place or before it.
        mutating func popFirst(through index: LogIndex) -> (id: ProposalID, entry: EntryID)? {
            guard group.count > 0, entry.index <= index else { return nil }
            let popped = (group.first, entry)
            group.removeFirst()
            entry = EntryID(term: entry.term, index: entry.index.next)
            return popped
        }
    }

    /// Those that are not sent anywhere yet; their commands are in `commands`, in the same order.
    private(set) var queued: [Group] = []
    private(set) var commands = PackedBytes()
    private(set) var forwarded = Queue<Forwarded>()
    private(set) var appended = Queue<Appended>()
    private(set) var orphans: [Appended] = []
    private var superseded: [ProposalID] = []
    /// The number of the next forwarded proposal. It starts at random in each life of the node, so that
    /// an entry from an earlier life is never taken for a new one.
    var nextSequence: UInt64 = 0
    private var lastID: UInt64 = 0

    /// Gives so many proposals their numbers, which follow on each other, and returns the first.
    mutating func nextIDs(_ count: Int = 1) -> ProposalID {
        defer { lastID += UInt64(count) }
        return ProposalID(rawValue: lastID + 1)
    }

    /// Each list is in the order of its deadlines, for all proposals have the same time.
    var nextDeadline: Instant? {
        let sent = (forwarded.first?.group.deadline).orSooner(appended.first?.group.deadline)
        return (queued.first?.deadline).orSooner(sent).orSooner(orphans.first?.group.deadline)
    }

    // MARK: Queued

    /// Takes in one command.
    mutating func enqueue(
        _ id: ProposalID, _ command: Span<UInt8>, deadline: Instant, since: Instant
    ) {
        commands.append(command)
        enqueue(Group(first: id, count: 1, deadline: deadline, since: since))
    }

    /// Takes commands out of the list and in here, all of them; `first` is the number of the first.
    mutating func enqueue(
        _ first: ProposalID, all added: inout PackedBytes, deadline: Instant, since: Instant
    ) {
        let count = added.count
        if commands.isEmpty {
            swap(&commands, &added)  // which keeps the memory of both
        } else {
            commands.append(added, 0..<count)
            added.removeAll()
        }
        enqueue(Group(first: first, count: count, deadline: deadline, since: since))
    }

    private mutating func enqueue(_ group: Group) {
        if let last = queued.last, last.since == group.since, last.deadline == group.deadline,
            last.first.advanced(by: last.count) == group.first
        {
            queued[queued.count - 1].count += group.count
        } else {
            queued.append(group)
        }
    }

    /// The queue has been appended to the log, from this entry on.
    mutating func queueWasAppended(first: EntryID) {
        var entry = first
        for group in queued {
            appended.append(Appended(group: group, entry: entry))
            entry = EntryID(term: entry.term, index: entry.index.advanced(by: group.count))
        }
        clearQueue()
    }

    /// The queue has been sent to a leader, under numbers from this one on.
    mutating func queueWasForwarded(firstSequence: UInt64, to leader: NodeID) {
        var sequence = firstSequence
        for group in queued {
            forwarded.append(Forwarded(group: group, sequence: sequence, leader: leader))
            sequence &+= UInt64(group.count)
        }
        clearQueue()
    }

    /// Takes out those that were never sent anywhere.
    mutating func takeUnsent() -> [ProposalID] {
        defer { clearQueue() }
        return queued.flatMap(\.ids)
    }

    private mutating func clearQueue() {
        queued.removeAll(keepingCapacity: true)
        commands.removeAll()
    }

    // MARK: Outcomes

    /// This node leads no more: what it had appended may be committed by others, or replaced.
    mutating func orphanAppended() { orphans += appended.removeAll() }

    /// Whether nobody waits for an entry: there is nothing to settle.
    var isNothingSent: Bool { forwarded.isEmpty && appended.isEmpty && orphans.isEmpty }

    /// Finds who waits for this place in the log: returns the one whose command it is, and since when. Those whose
    /// entries stood there once, and will now never be committed, are put aside for `takeSuperseded`.
    mutating func settle(
        _ entry: EntryID, _ kind: EntryHeader.Kind, at node: NodeID
    ) -> (id: ProposalID, since: Instant)? {
        var waiting: (ProposalID, Instant)?
        if case .forwarded(let origin, let sequence) = kind, origin == node {
            waiting = settleForwarded(sequence)
        }
        while var first = appended.first, let proposal = first.popFirst(through: entry.index) {
            settle(proposal, first.group.since, entry, kind, &waiting)
            appended.replaceFirst(first.group.count > 0 ? first : nil)
        }
        guard !orphans.isEmpty else { return waiting }
        for i in orphans.indices {
            while let proposal = orphans[i].popFirst(through: entry.index) {
                settle(proposal, orphans[i].group.since, entry, kind, &waiting)
            }
        }
        orphans.removeAll { $0.group.count == 0 }
        return waiting
    }

    private mutating func settle(
        _ proposal: (id: ProposalID, entry: EntryID), _ since: Instant, _ entry: EntryID,
        _ kind: EntryHeader.Kind, _ waiting: inout (ProposalID, Instant)?
    ) {
        if proposal.entry == entry, kind.isCommand {
            waiting = (proposal.id, since)
        } else {
            superseded.append(proposal.id)
        }
    }

    private mutating func settleForwarded(_ sequence: UInt64) -> (ProposalID, Instant)? {
        if var first = forwarded.first, first.sequence == sequence {
            defer {
                first.group.removeFirst()
                first.sequence &+= 1
                forwarded.replaceFirst(first.group.count > 0 ? first : nil)
            }
            return (first.group.first, first.group.since)
        }
        return takeForwarded(from: sequence, count: 1) { _ in true }.first.map {
            ($0.first, $0.since)
        }
    }

    /// Takes out those that were forwarded under so many numbers from this one on, to a leader that fulfils the
    /// condition.
    mutating func takeForwarded(
        from sequence: UInt64, count: UInt64, to isMeant: (NodeID) -> Bool
    ) -> [Group] {
        var taken: [Group] = []
        for forwarded in forwarded.removeAll() {
            // What is before, within and behind the range, whose numbers may go past the greatest there is.
            var (before, within, behind) = (forwarded, forwarded, forwarded)
            (before.group.count, within.group.count, behind.group.count) = (0, 0, 0)
            for i in 0..<forwarded.group.count {
                let isWithin =
                    isMeant(forwarded.leader)
                    && forwarded.sequence &+ UInt64(i) &- sequence < count
                if isWithin {
                    within.group.count += 1
                } else if within.group.count == 0 {
                    before.group.count += 1
                } else {
                    behind.group.count += 1
                }
            }
            within.group.first = forwarded.group.first.advanced(by: before.group.count)
            let place = before.group.count + within.group.count
            behind.group.first = forwarded.group.first.advanced(by: place)
            behind.sequence &+= UInt64(place)
            for kept in [before, behind] where kept.group.count > 0 { self.forwarded.append(kept) }
            if within.group.count > 0 { taken.append(within.group) }
        }
        return taken
    }

    /// Takes out those that were forwarded to a node.
    mutating func takeForwarded(to leader: NodeID) -> [ProposalID] {
        forwarded.removeAll { $0.leader == leader }.flatMap(\.group.ids)
    }

    /// Takes out those that `settle` has put aside.
    mutating func takeSuperseded() -> [ProposalID] {
        guard !superseded.isEmpty else { return [] }
        defer { superseded = [] }
        return superseded
    }

    /// Takes out the orphans whose entries would stand up to this place.
    mutating func takeOrphans(through index: LogIndex) -> [ProposalID] {
        var taken: [ProposalID] = []
        for i in orphans.indices {
            while let proposal = orphans[i].popFirst(through: index) { taken.append(proposal.id) }
        }
        orphans.removeAll { $0.group.count == 0 }
        return taken
    }

    /// Takes out those whose outcome lies with the cluster.
    mutating func takeSent() -> [ProposalID] {
        defer { orphans.removeAll() }
        return
            (forwarded.removeAll().map(\.group) + appended.removeAll().map(\.group)
            + orphans.map(\.group)).flatMap(\.ids)
    }

    // MARK: Time

    /// Takes out those that were not sent in time.
    mutating func takeLateUnsent(at now: Instant) -> [ProposalID] {
        let late = queued.prefix { $0.deadline <= now }
        guard !late.isEmpty else { return [] }
        let count = late.reduce(0) { $0 + $1.count }
        var rest = PackedBytes()
        rest.append(commands, count..<commands.count)
        commands = rest
        queued.removeFirst(late.count)
        return late.flatMap(\.ids)
    }

    /// Takes out those that were sent, and whose time is over.
    mutating func takeLateSent(at now: Instant) -> [ProposalID] {
        var late: [ProposalID] = []
        while let first = forwarded.first, first.group.deadline <= now {
            late += first.group.ids
            _ = forwarded.popFirst()
        }
        while let first = appended.first, first.group.deadline <= now {
            late += first.group.ids
            _ = appended.popFirst()
        }
        late += orphans.filter { $0.group.deadline <= now }.flatMap(\.group.ids)
        orphans.removeAll { $0.group.deadline <= now }
        return late
    }
}
