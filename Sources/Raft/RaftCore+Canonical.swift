// A core as canonical bytes. Left out is only what follows from the rest (the newest membership, the role
// that was announced, the sum of the backlog's bytes), what never changes (the settings), what nothing
// depends on by these settings (the clock, without leases), and the numbers of writes: those that are open
// are told by their order. A test holds the lists of stored properties against this file.

extension RaftCore {
    /// Writes all that what this core does next depends on.
    package func encode(into writer: inout CanonicalWriter) {
        writer.add(id)
        writer.add(incarnation)
        writer.add(history.base)
        writer.add(history.changes)
        writer.add(hardState)
        writer.add(writtenHardState)
        writer.add(log.base)
        writer.add(log.runs)
        writer.add(commitIndex)
        writer.add(announcedCommit)
        writer.add(firstUnwritten)
        writer.add(timerIsStale)
        writer.add(hurriedCampaigns)
        writer.add(isDiskStalled)
        if settings.lease != nil { writer.add(clock ?? 0) }
        writer.add(fault != nil)
        writer.add(snapshot != nil)
        if let snapshot { snapshot.encode(into: &writer) }
        durability.encode(into: &writer)
        writer.add(held.count)
        for place in writer.places(of: held, by: \.to) { writer.add(held[place]) }
        switch role {
        case .follower(let follower): follower.encode(into: &writer)
        case .preCandidate(let campaign):
            writer.add(2)
            writer.addGroup(campaign.granted)
        case .candidate(let campaign):
            writer.add(3)
            writer.addGroup(campaign.granted)
        case .leader(let leadership):
            leadership.encode(settings, into: &writer)
        }
    }
}

extension RaftCore.SnapshotPoint {
    package func encode(into writer: inout CanonicalWriter) {
        writer.add(lastIncluded)
        writer.add(configuration)
    }
}

extension Role.Follower {
    fileprivate func encode(into writer: inout CanonicalWriter) {
        writer.add(1)
        writer.add(leader)
        writer.add(hearsLeader)
        writer.add(verifiedIndex)
        writer.add(owesAnswer)
        writer.add(answeredIndex)
        writer.add(incoming?.lastIncluded)
        writer.add(incoming?.received ?? 0)
        writer.add(incoming?.isWriting ?? false)
        writer.add(reads.count)
        for question in reads {
            writer.add(question.id.rawValue)
            writer.add(question.patience)
            writer.add(question.nextPatience)
        }
        writer.add(isBound)
    }
}

extension Leadership {
    fileprivate func encode(_ settings: CoreSettings, into writer: inout CanonicalWriter) {
        writer.add(4)
        writer.add(firstIndex)
        writer.add(uncommitted.count)
        for batch in uncommitted {
            writer.add(batch.last)
            writer.add(batch.bytes)
        }
        writer.addRound(round)
        writer.add(needsRound)
        writer.add(mayCommit)
        writer.add(reads.count)
        for read in reads {
            writer.add(read.id.rawValue)
            writer.add(read.origin)
            writer.add(read.index)
            writer.add(read.round ?? 0)
        }
        writer.add(transfer?.target)
        writer.add(transfer?.isOrdered ?? false)
        if settings.lease != nil { lease.encode(into: &writer) }
        for place in writer.places(of: peers, by: \.node) {
            peers[place].encode(settings, into: &writer)
        }
    }
}

extension Progress {
    fileprivate func encode(_ settings: CoreSettings, into writer: inout CanonicalWriter) {
        writer.add(node)
        writer.add(matchIndex)
        writer.add(nextIndex)
        inflight.encode(into: &writer)
        writer.add(isActive && settings.checksQuorum)
        writer.add(isDueForRepeat)
        writer.addRound(answeredRound)
        if settings.lease != nil { writer.add(promiseMilliseconds) }
        writer.add(catchUp != nil)
        catchUp?.encode(into: &writer)
        writer.add(toldCommit)
        switch state {
        case .probe(let isWaiting): writer.add(isWaiting ? 1 : 2)
        case .replicate: writer.add(3)
        case .snapshot(let sending):
            writer.add(4)
            writer.add(sending.lastIncluded)
            writer.add(sending.configuration)
            writer.add(sending.offset)
            writer.add(sending.patience)
        }
    }
}
