// Snapshots: compaction of the own log, and what a peer gets whose entries are gone (thesis §5).

extension RaftCore {
    /// A snapshot of the own state is durable, and the log before `base` may be forgotten.
    mutating func compact(base: EntryID, snapshot: SnapshotPoint) {
        invariant(snapshot.lastIncluded.index <= commitIndex, "a snapshot of what is not committed")
        invariant(
            base.index <= snapshot.lastIncluded.index, "the log would start after its snapshot")
        if snapshot.lastIncluded.index > self.snapshot?.lastIncluded.index ?? .zero {
            self.snapshot = snapshot
            history.compact(through: snapshot.lastIncluded.index, snapshot.configuration)
        }
        guard base.index > log.base.index else { return }
        invariant(log.contains(base), "compaction through \(base), which is not in the log")
        log.compact(through: base)
    }

    // MARK: Sending

    mutating func startSnapshot(_ i: Int, into effects: inout [Effect]) {
        guard let snapshot else {
            return invariant(false, "the log starts after \(log.base) and there is no snapshot")
        }
        let node = role.leadership.peers[i].node
        role.leadership.peers[i].state = .snapshot(SnapshotProgress(snapshot))
        role.leadership.peers[i].inflight.removeAll()
        effects.append(.trace(.snapshotNeeded(peer: node, lastIncluded: snapshot.lastIncluded)))
        sendSnapshotPart(i, into: &effects)
    }

    private mutating func sendSnapshotPart(_ i: Int, into effects: inout [Effect]) {
        guard case .snapshot(var sending) = role.leadership.peers[i].state, let snapshot else {
            return
        }
        guard sending.lastIncluded == snapshot.lastIncluded || sending.offset > 0 else {
            return startSnapshot(i, into: &effects)  // a newer one was taken before the first piece
        }
        sending.patience = SnapshotProgress.maxPatience
        role.leadership.peers[i].state = .snapshot(sending)
        let part = SnapshotPart(
            lastIncluded: sending.lastIncluded, configuration: sending.configuration,
            offset: sending.offset)
        send(.snapshotPart(part), to: role.leadership.peers[i].node, into: &effects)
    }

    mutating func receiveSnapshotResponse(
        _ response: SnapshotResponse, from node: NodeID, into effects: inout [Effect]
    ) {
        guard let i = noteAlive(node), case .snapshot(var sending) = role.leadership.peers[i].state,
            response.lastIncluded == sending.lastIncluded, response.received != sending.offset
        else { return }  // late, doubled, or about a snapshot that is no longer being sent
        sending.offset = response.received
        role.leadership.peers[i].state = .snapshot(sending)
        sendSnapshotPart(i, into: &effects)
    }

    /// The peer lives and has not asked for the next piece: after some heartbeats the last one counts as lost.
    mutating func nudgeSnapshot(_ i: Int, into effects: inout [Effect]) {
        guard case .snapshot(var sending) = role.leadership.peers[i].state else { return }
        sending.patience -= 1
        role.leadership.peers[i].state = .snapshot(sending)
        if sending.patience <= 0 { sendSnapshotPart(i, into: &effects) }
    }

    /// The host has dropped the snapshot that was being sent; the newest takes its place.
    mutating func snapshotUnavailable(peer node: NodeID, into effects: inout [Effect]) {
        guard let i = position(ofPeer: node),
            case .snapshot(let sending) = role.leadership.peers[i].state,
            sending.lastIncluded != snapshot?.lastIncluded
        else { return }
        startSnapshot(i, into: &effects)
    }

    // MARK: Receiving

    mutating func receiveSnapshotPart(_ part: SnapshotPart, into effects: inout [Effect]) {
        let end = part.lastIncluded
        if end.index <= commitIndex || log.contains(end) {
            // Nothing is missing here. What a snapshot covers is committed, so the log agrees up to
            // its end and may be committed that far.
            role.follower.incoming = nil
            noteVerified(max(end.index, commitIndex))
            receiveCommit(end.index)
            return
        }
        // A log must not be newer than the term beside it, also not after a crash: until the term is
        // durable a piece counts as lost, and comes again.
        guard end.term <= durability.hardState.term else { return }
        if role.follower.incoming?.lastIncluded != end {
            role.follower.incoming = Role.IncomingSnapshot(lastIncluded: end)
        }
        guard let incoming = role.follower.incoming, !incoming.isWriting else { return }
        guard part.offset == incoming.received else {
            // Doubled, or a piece before it was lost: the leader must hear what is wanted.
            return answerSnapshot(incoming, into: &effects)
        }
        role.follower.incoming?.isWriting = true
        effects.append(.receiveSnapshot(part))
    }

    private mutating func answerSnapshot(
        _ incoming: Role.IncomingSnapshot, into effects: inout [Effect]
    ) {
        guard let leader else { return }
        let response = SnapshotResponse(
            lastIncluded: incoming.lastIncluded, received: incoming.received)
        send(.snapshotResponse(response), to: leader, into: &effects)
    }

    mutating func snapshotReceived(
        _ lastIncluded: EntryID, bytes: UInt64, into effects: inout [Effect]
    ) {
        guard case .follower(let follower) = role, var incoming = follower.incoming,
            incoming.lastIncluded == lastIncluded
        else { return }  // the leader has changed, or sends another one
        incoming.received = bytes
        incoming.isWriting = false
        role.follower.incoming = incoming
        answerSnapshot(incoming, into: &effects)
    }

    mutating func snapshotRejected(_ lastIncluded: EntryID) {
        guard case .follower(let follower) = role, follower.incoming?.lastIncluded == lastIncluded
        else {
            return
        }
        // The leader is not asked at once: it repeats the last piece after a while and then hears
        // that it must begin anew, so a disk that refuses everything does not make the two spin.
        role.follower.incoming = nil
    }

    /// A snapshot from a leader is durable here. It takes the place of the log, unless the log has
    /// caught up in the meantime: a late snapshot must not throw away what is newer.
    ///
    /// The node may play another part by now than when the snapshot came.
    mutating func snapshotStored(_ stored: SnapshotPoint, into effects: inout [Effect]) {
        let end = stored.lastIncluded
        if case .follower = role { role.follower.incoming = nil }
        if log.contains(end) { return takeSnapshot(stored, into: &effects) }
        // Either it is older than all that is kept here, or what it covers is committed and not here.
        guard end.index >= log.base.index else { return }
        guard end.index > commitIndex, !role.isLeader else {
            return stop(.snapshotContradictsLog(end), into: &effects)
        }
        if !role.isFollower { becomeFollower(term: term, leader: nil, into: &effects) }
        install(stored, into: &effects)
    }

    /// The snapshot ends within the log: what it covers is committed, and nothing has to go.
    private mutating func takeSnapshot(_ stored: SnapshotPoint, into effects: inout [Effect]) {
        let end = stored.lastIncluded
        if end.index > snapshot?.lastIncluded.index ?? .zero {
            snapshot = stored
            history.compact(through: end.index, stored.configuration)
        }
        adoptConfiguration(into: &effects)
        if case .follower = role { noteVerified(end.index) }
        guard end.index > commitIndex else { return }
        commit(through: end.index)
        if role.isLeader {
            role.leadership.forgetUncommitted(through: end.index)
            releaseReads(into: &effects)
        }
    }

    private mutating func install(_ stored: SnapshotPoint, into effects: inout [Effect]) {
        let end = stored.lastIncluded
        noteVerified(end.index)
        snapshot = stored
        log.reset(to: end)
        durability.reset(to: end.index)
        firstUnwritten = nil
        commitIndex = end.index
        announcedCommit = end.index
        effects.append(.trace(.snapshotInstalled(end)))
        effects.append(.restoreSnapshot(end))
        history = ConfigurationHistory(base: stored.configuration)
        adoptConfiguration(into: &effects)
    }
}
