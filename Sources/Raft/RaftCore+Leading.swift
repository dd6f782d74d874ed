// The leader's side of replication: proposals, appends, answers, commit (thesis §3.5, §3.6, §10.2).

extension RaftCore {
    mutating func propose(count: Int, bytes: Int, into effects: inout [Effect]) {
        guard count > 0 else { return }
        guard role.isLeader else {
            effects.append(.proposalRefused(.notLeader(leader: leader)))
            return
        }
        if let transfer = role.leadership.transfer {
            effects.append(.proposalRefused(.transferring(to: transfer.target)))
            return
        }
        let waiting = role.leadership.uncommittedBytes
        guard waiting == 0 || waiting + bytes <= settings.maxUncommittedBytes else {
            effects.append(.proposalRefused(.overloaded))
            return
        }
        let first = EntryID(term: term, index: log.lastIndex.next)
        log.append(term: term, count: count)
        noteUnwritten(from: first.index)
        role.leadership.uncommitted.append(Leadership.Batch(last: log.lastIndex, bytes: bytes))
        role.leadership.uncommittedBytes += bytes
        effects.append(.proposalAppended(first: first, count: count))
    }

    // MARK: Sending

    mutating func heartbeatTimeout(into effects: inout [Effect]) {
        guard role.isLeader else { return }  // a late timer
        effects.append(.setTimer(.heartbeat))
        sendHeartbeats(into: &effects)
        for i in role.leadership.peers.indices { role.leadership.peers[i].isDueForRepeat = true }
        // The order to campaign may be lost; the flush gives it again.
        role.leadership.transfer?.isOrdered = false
    }

    /// Starts a round of heartbeats; the reads that wait for one belong to it.
    mutating func sendHeartbeats(into effects: inout [Effect]) {
        role.leadership.round += 1
        let round = role.leadership.round
        assignRound(round)
        role.leadership.lease.noteRound(round, sentAt: clock)
        for i in role.leadership.peers.indices {
            role.leadership.peers[i].toldCommit = commitIndex
            let node = role.leadership.peers[i].node
            send(.heartbeat(committed: lastCommitted, round: round), to: node, into: &effects)
        }
    }

    private var lastCommitted: EntryID {
        guard let term = log.term(at: commitIndex) else {
            fatalError(
                "Raft invariant broken: commit \(commitIndex) is before the log's base \(log.base)")
        }
        return EntryID(term: term, index: commitIndex)
    }

    /// Sends every peer what it lacks and may have now, or else the news that more is committed.
    ///
    /// One append each: how much of it fits a message only the host knows, and with its word the next one
    /// follows (`appendSent`).
    mutating func replicate(into effects: inout [Effect]) {
        for i in role.leadership.peers.indices {
            if needsAppend(i), sendAppend(i, into: &effects) { continue }
            sendCommitNotice(i, into: &effects)
        }
    }

    private func needsAppend(_ i: Int) -> Bool {
        let peer = role.leadership.peers[i]
        guard peer.canSend(settings) else { return false }
        if case .probe = peer.state { return true }
        return peer.nextIndex <= log.lastIndex
    }

    /// Sends one append, or starts a snapshot when the entries are gone.
    ///
    /// - Returns: Whether an append went out.
    private mutating func sendAppend(_ i: Int, into effects: inout [Effect]) -> Bool {
        let next = role.leadership.peers[i].nextIndex
        let node = role.leadership.peers[i].node
        guard let previousTerm = log.term(at: next.previous) else {
            startSnapshot(i, into: &effects)
            return false
        }
        let last = min(log.lastIndex, next.previous.advanced(by: settings.maxEntriesPerAppend))
        let request = AppendRequest(
            previous: EntryID(term: previousTerm, index: next.previous),
            entries: log.runs(from: next, through: last), commitIndex: commitIndex)
        switch role.leadership.peers[i].state {
        case .probe: role.leadership.peers[i].state = .probe(isWaiting: true)
        case .replicate:
            role.leadership.peers[i].inflight.append(last)
            role.leadership.peers[i].nextIndex = last.next
        case .snapshot: invariant(false, "an append to \(node), which gets a snapshot")
        }
        role.leadership.peers[i].toldCommit = min(commitIndex, last)
        send(.append(request), to: node, into: &effects)
        return true
    }

    /// The host says what it sent of the append just handed out: all of it, or as much as fits a message.
    /// What is left follows at once, as far as the windows allow.
    mutating func appendSent(
        _ last: LogIndex, bytes: Int, to node: NodeID, into effects: inout [Effect]
    ) {
        guard let i = position(ofPeer: node),
            case .replicate = role.leadership.peers[i].state,  // a probe sends once anyway
            role.leadership.peers[i].inflight.close(through: last, bytes: max(0, bytes))
        else { return }
        role.leadership.peers[i].nextIndex = last.next
        role.leadership.peers[i].toldCommit = min(role.leadership.peers[i].toldCommit, last)
        if needsAppend(i) { _ = sendAppend(i, into: &effects) }
    }

    private mutating func sendCommitNotice(_ i: Int, into effects: inout [Effect]) {
        guard commitIndex > role.leadership.peers[i].toldCommit else { return }
        role.leadership.peers[i].toldCommit = commitIndex
        let node = role.leadership.peers[i].node
        send(.commitNotice(committed: lastCommitted), to: node, into: &effects)
    }

    /// What was on its way to a peer is lost: look anew for the place where the logs agree.
    mutating func restartReplication(_ i: Int, into effects: inout [Effect]) {
        switch role.leadership.peers[i].state {
        case .probe:
            // The place to ask about is as good as before; only the question may be lost.
            role.leadership.peers[i].probe(from: role.leadership.peers[i].nextIndex)
        case .replicate:
            role.leadership.peers[i].probe(from: role.leadership.peers[i].matchIndex.next)
        case .snapshot: break  // the next answered heartbeats send the piece again
        }
        role.leadership.peers[i].toldCommit = .zero
    }

    // MARK: Answers

    mutating func receiveAppendResponse(
        _ response: AppendResponse, from node: NodeID, into effects: inout [Effect]
    ) {
        guard let i = noteAlive(node) else { return }
        switch response {
        case .accepted(let matchIndex):
            guard matchIndex <= log.lastIndex else {
                effects.append(.trace(.messageDropped(from: node, reason: .malformed)))
                return
            }
            if role.leadership.peers[i].receiveMatch(matchIndex) {
                role.leadership.mayCommit = true
                noteCatchUp(i)
            }
        case .rejected(let previousIndex, let hint):
            receiveRejection(i, previousIndex: previousIndex, hint: hint, into: &effects)
        }
    }

    /// The peer lacks the entry that an append was to follow. Of our entries not after its hint the
    /// last one whose term is not above the hint's may be shared; all between are not (thesis §3.5).
    private mutating func receiveRejection(
        _ i: Int, previousIndex: LogIndex, hint: EntryID, into effects: inout [Effect]
    ) {
        let peer = role.leadership.peers[i]
        switch peer.state {
        case .probe:
            guard previousIndex == peer.nextIndex.previous else { return }  // late
            // Late as well, or its disk has lost what it acknowledged, and then nothing can be sent that it
            // takes: the question is repeated with the heartbeats, and not at once for ever.
            guard previousIndex > peer.matchIndex else { return }
        case .replicate: guard previousIndex > peer.matchIndex else { return }  // late
        case .snapshot: return  // late: it is known to lack entries
        }
        let shared = log.lastEntry(notAfter: hint.index, termAtMost: hint.term)
        // Where the log's base itself may differ, what is needed is gone: a place before it asks for a snapshot.
        let isGone = hint.index < log.base.index || shared.term > hint.term
        let next =
            isGone ? min(hint.index.next, log.base.index) : min(shared.index.next, previousIndex)
        role.leadership.peers[i].probe(from: next)
        effects.append(
            .trace(.appendRejected(peer: peer.node, previousIndex: previousIndex, hint: hint)))
    }

    mutating func receiveHeartbeatResponse(
        round: UInt64, promise: UInt64, from node: NodeID, into effects: inout [Effect]
    ) {
        guard let i = noteAlive(node) else { return }
        let peer = role.leadership.peers[i]
        if round <= role.leadership.round, round > peer.answeredRound {
            role.leadership.peers[i].answeredRound = round
            role.leadership.peers[i].promiseMilliseconds = promise
            extendLease()
            confirmReads(into: &effects)
        }
        // Reads cause rounds of heartbeats at any rate, also while an answer is well on its way.
        guard peer.isDueForRepeat else { return }
        role.leadership.peers[i].isDueForRepeat = false
        switch peer.state {
        case .probe(isWaiting: true):
            // The probe or its answer may be lost; sending another does no harm.
            role.leadership.peers[i].state = .probe(isWaiting: false)
        case .replicate where peer.matchIndex < log.lastIndex && !peer.inflight.isEmpty:
            probeStalledPeer(i, into: &effects)
        case .snapshot: nudgeSnapshot(i, into: &effects)
        case .probe, .replicate: break
        }
    }

    /// Entries are on their way to this peer and may be lost. An empty append right after the last of
    /// them finds out: an answer acknowledges them all, a refusal says from where to send again.
    private mutating func probeStalledPeer(_ i: Int, into effects: inout [Effect]) {
        let peer = role.leadership.peers[i]
        guard let previousTerm = log.term(at: peer.nextIndex.previous) else {
            return role.leadership.peers[i].probe(from: peer.matchIndex.next)
        }
        let request = AppendRequest(
            previous: EntryID(term: previousTerm, index: peer.nextIndex.previous), entries: [],
            commitIndex: commitIndex)
        send(.append(request), to: peer.node, into: &effects)
    }

    /// The place of a peer, or nothing when this node does not lead or the peer is no member.
    func position(ofPeer node: NodeID) -> Int? {
        guard case .leader(let leadership) = role else { return nil }
        return leadership.position(of: node)
    }

    /// Notes that a peer speaks, for the quorum check.
    mutating func noteAlive(_ node: NodeID) -> Int? {
        guard let i = position(ofPeer: node) else { return nil }
        role.leadership.peers[i].isActive = true
        return i
    }

    // MARK: Commit

    /// Commits what a quorum of the newest membership (of each half, when joint) has on its disks, if it ends in an entry of this term (thesis §3.6.2).
    ///
    /// Earlier terms' entries are committed along with it and never by counting. The leader's own copy
    /// counts like any other: once it is durable.
    mutating func advanceCommit(into effects: inout [Effect]) {
        guard role.isLeader, role.leadership.mayCommit else { return }
        role.leadership.mayCommit = false
        let peers = role.leadership.peers
        let agreed = configuration.quorumValue { node in
            if node == id { return durability.index }
            return peers.first { $0.node == node }?.matchIndex ?? .zero
        }
        guard let agreed, agreed > commitIndex, log.term(at: agreed) == term else { return }
        commit(through: agreed)
        role.leadership.forgetUncommitted(through: agreed)
        releaseReads(into: &effects)
    }

    /// Moves the commit index.
    mutating func commit(through index: LogIndex) {
        invariant(index >= commitIndex, "commit would fall from \(commitIndex) to \(index)")
        invariant(index <= log.lastIndex, "commit \(index) is beyond last \(log.lastIndex)")
        commitIndex = index
    }
}
