internal import Raft
internal import RaftStorage
internal import RaftTransport
public import Wire

extension NodeLoop {
    /// Takes a command to be replicated. The outcome comes as a completion, after the next turns.
    ///
    /// - Returns: The number under which the outcome will be told. Every proposal has exactly one.
    public mutating func propose(_ command: Span<UInt8>) -> ProposalID {
        let id = proposals.nextIDs()
        counters.proposals += 1
        if let reason = reasonToRefuse(byteCount: command.count) {
            endUntaken(id, reason)
        } else {
            proposals.enqueue(id, command, deadline: requestDeadline, since: now)
        }
        return id
    }

    /// Takes commands out of a list, all of them, to be replicated; as `propose(_:)`, only that what is the same for
    /// all is done once.
    ///
    /// - Parameter commands: Empty afterwards, with memory to be used again.
    /// - Returns: The number of the first; those of the others follow on it.
    public mutating func propose(all commands: inout PackedBytes) -> ProposalID {
        let count = commands.count
        let first = proposals.nextIDs(count)
        counters.proposals += UInt64(count)
        // Almost always all can be taken, or the sum is too great, and then each is looked at.
        if commands.longest <= settings.maxCommandBytes,
            reasonToRefuse(byteCount: commands.byteCount) == nil
        {
            proposals.enqueue(first, all: &commands, deadline: requestDeadline, since: now)
            return first
        }
        for i in 0..<count {
            let id = first.advanced(by: i)
            let range = commands.range(of: i)
            if let reason = reasonToRefuse(byteCount: range.count) {
                endUntaken(id, reason)
            } else {
                let command = commands.bytes.span.extracting(range)
                proposals.enqueue(id, command, deadline: requestDeadline, since: now)
            }
        }
        commands.removeAll()
        return first
    }

    private func reasonToRefuse(byteCount: Int) -> NotDoneReason? {
        if failure != nil { return .stopped }
        if space.isFull { return .diskFull }
        if byteCount > settings.maxCommandBytes {
            return .tooLarge(limit: settings.maxCommandBytes)
        }
        let waiting = proposals.commands.byteCount
        return waiting + byteCount > settings.maxWaitingBytes ? .overloaded : nil
    }

    // Apart, like `beginSync`: outcomes are generic.
    @inline(never)
    private mutating func endUntaken(_ id: ProposalID, _ reason: NotDoneReason) {
        complete(id, .notDone(reason))
    }

    /// Asks for a moment at which the machine here holds all that is committed now anywhere.
    ///
    /// - Returns: The number under which the outcome will be told. Every read has exactly one.
    public mutating func read() -> ReadTicket {
        let ticket = reads.enqueue(deadline: requestDeadline)
        if failure != nil || reads.count > settings.maxWaitingReads {
            reads.queued.removeLast()
            completions.append(.read(ticket, failure == nil ? .overloaded : .stopped))
        }
        return ticket
    }

    var requestDeadline: Instant {
        now.advanced(byMilliseconds: settings.requestTimeoutMilliseconds)
    }

    /// Hands what waits to the core, or to the leader, if one is known.
    mutating func submit() {
        submitMembership()
        guard let leader = core.leader else { return }
        if leader == identity.node {
            appendQueued()
        } else if !proposals.queued.isEmpty {
            forwardQueued(to: leader)
        }
        if let question = reads.ask() { feed(.read(question)) }
    }

    // MARK: At the leader

    private mutating func appendQueued() {
        guard !proposals.queued.isEmpty else { return }
        entryBuffer.removeAll()
        let header = EntryHeader(kind: .command, timeMilliseconds: clock.newest)
        entryBuffer.append(header, before: proposals.commands)
        guard hasRoom(forBytes: entryBuffer.byteCount, entries: entryBuffer.count) else {
            return proposalRefused(.diskFull)
        }
        feed(.propose(count: entryBuffer.count, bytes: entryBuffer.byteCount))
    }

    /// The entries in `entryBuffer` are in the log. Those of this node's own proposals are awaited.
    mutating func proposalAppended(first: EntryID, count: Int) {
        let runs = [TermRun(term: first.term, count: count)]
        log.append(entryBuffer, 0..<count, first: first.index, runs: runs)
        guard !isAppendingForwarded else { return }
        proposals.queueWasAppended(first: first)
    }

    mutating func proposalRefused(_ refusal: ProposalRefusal) {
        guard !isAppendingForwarded else {
            forwardedRefusal = refusal
            return
        }
        for id in proposals.takeUnsent() { complete(id, .notDone(Self.reason(refusal))) }
    }

    private static func reason(_ refusal: ProposalRefusal) -> NotDoneReason {
        switch refusal {
        case .notLeader(let leader): .noLeader(known: leader)
        case .overloaded: .overloaded
        case .transferring(let target): .transferring(to: target)
        case .diskFull: .diskFull
        }
    }

    /// Another node's proposals: each entry says whose it is, so that the outcome is found at that node
    /// when it applies the entry, whoever leads by then.
    mutating func receiveForwarded(_ forwarded: ForwardedProposals, from origin: NodeID) {
        guard core.leader == identity.node else {
            let refusal = ProposalRefusal.notLeader(leader: core.leader)
            return refuse(forwarded, from: origin, refusal)
        }
        let commands = forwarded.commands
        guard !commands.isEmpty else { return }
        let isTooLarge = (0..<commands.count).contains {
            commands.range(of: $0).count > NodeSettings.largestCommandBytes
        }
        guard !isTooLarge else {
            // No node of ours sends such; the log would not take it.
            notices.append(.trace(.messageDropped(from: origin, reason: .malformed)))
            return refuse(forwarded, from: origin, .overloaded)
        }
        entryBuffer.removeAll()
        for i in 0..<commands.count {
            let kind = EntryHeader.Kind.forwarded(
                origin: origin, sequence: forwarded.firstSequence &+ UInt64(i))
            let header = EntryHeader(kind: kind, timeMilliseconds: clock.newest)
            entryBuffer.append(header, before: commands, i)
        }
        guard !space.isFull,
            hasRoom(forBytes: entryBuffer.byteCount, entries: entryBuffer.count)
        else {
            return refuse(forwarded, from: origin, .diskFull)
        }
        isAppendingForwarded = true
        forwardedRefusal = nil
        feed(.propose(count: entryBuffer.count, bytes: entryBuffer.byteCount))
        isAppendingForwarded = false
        if let refusal = forwardedRefusal { refuse(forwarded, from: origin, refusal) }
    }

    private mutating func refuse(
        _ forwarded: ForwardedProposals, from origin: NodeID, _ refusal: ProposalRefusal
    ) {
        let refused = RefusedProposals(
            firstSequence: forwarded.firstSequence, count: forwarded.commands.count,
            refusal: refusal)
        network.send(.proposalsRefused(refused), to: origin)
    }

    // MARK: At a follower

    private mutating func forwardQueued(to leader: NodeID) {
        let first = proposals.nextSequence
        proposals.nextSequence &+= UInt64(proposals.commands.count)
        let group = ForwardedProposals(firstSequence: first, commands: proposals.commands)
        guard network.send(.proposals(group), to: leader) else {
            for id in proposals.takeUnsent() { complete(id, .notDone(.noLeader(known: leader))) }
            return
        }
        proposals.queueWasForwarded(firstSequence: first, to: leader)
    }

    /// The node that was asked has not appended these, and never will.
    mutating func receiveRefusal(_ refused: RefusedProposals, from peer: NodeID) {
        let count = UInt64(max(0, refused.count))
        let ended = proposals.takeForwarded(from: refused.firstSequence, count: count) {
            $0 == peer
        }
        for id in ended.flatMap(\.ids) { complete(id, .notDone(Self.reason(refused.refusal))) }
    }

    /// The node that was asked has gone. What it has appended may be committed by others.
    mutating func loseForwarded(to peer: NodeID) {
        guard !proposals.forwarded.isEmpty else { return }
        for id in proposals.takeForwarded(to: peer) { complete(id, .unknown(.leaderLost)) }
    }

    mutating func readRefused(_ read: ReadID, _ refusal: ReadRefusal) {
        let outcome: ReadOutcome
        switch refusal {
        case .noLeader: outcome = .noLeader
        case .overloaded: outcome = .overloaded
        }
        for ticket in reads.refuse(read) { completions.append(.read(ticket, outcome)) }
    }

    // MARK: Time

    /// Whether anything has waited for too long.
    var isAnythingLate: Bool {
        guard let next = proposals.nextDeadline.orSooner(reads.nextDeadline) else { return false }
        return next <= now
    }

    /// Ends what has waited for too long.
    mutating func endLate() {
        for ticket in reads.takeExpired(at: now) { completions.append(.read(ticket, .timeout)) }
        guard let next = proposals.nextDeadline, next <= now else { return }
        for id in proposals.takeLateUnsent(at: now) {
            complete(id, .notDone(.noLeader(known: core.leader)))
        }
        for id in proposals.takeLateSent(at: now) { complete(id, .unknown(.timeout)) }
    }
}
