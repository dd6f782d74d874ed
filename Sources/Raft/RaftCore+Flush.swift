// What a group of events has caused leaves together: messages first, so that the followers' disks
// work while ours does (thesis §10.2.1), then one write, then the news for the state machine.

extension RaftCore {
    mutating func flush(into effects: inout [Effect]) {
        advanceCommit(into: &effects)
        continueMembership(into: &effects)
        if role.isLeader {
            continueTransfer(into: &effects)
            if role.leadership.needsRound { sendHeartbeats(into: &effects) }
            confirmReads(into: &effects)
            replicate(into: &effects)
        } else {
            acknowledge(into: &effects)
        }
        write(into: &effects)
        if timerIsStale {
            timerIsStale = false
            effects.append(.setTimer(.election))
        }
        if commitIndex > announcedCommit {
            announcedCommit = commitIndex
            effects.append(.commit(upTo: commitIndex))
        }
    }

    /// Notes that entries from `index` on must be written.
    mutating func noteUnwritten(from index: LogIndex) {
        firstUnwritten = min(firstUnwritten ?? index, index)
    }

    private mutating func write(into effects: inout [Effect]) {
        let state = writtenHardState == hardState ? nil : hardState
        let entries = firstUnwritten.map { Persist.Entries(first: $0, last: log.lastIndex) }
        guard state != nil || entries != nil else { return }
        firstUnwritten = nil
        writtenHardState = hardState
        let id = durability.begin(hardState: state, lastIndex: log.lastIndex)
        effects.append(.persist(Persist(id: id, hardState: state, entries: entries)))
    }

    /// A write is durable: what waited for it may leave, and what it makes true is taken in.
    mutating func persisted(_ write: PersistID, into effects: inout [Effect]) {
        durability.finish(through: write)
        if role.isLeader { role.leadership.mayCommit = true }
        guard durability.hardState == hardState else { return }
        for message in held { effects.append(.send(message)) }
        held.removeAll(keepingCapacity: true)
        if hardState.vote == id { receiveGrant(from: id, into: &effects) }
    }
}
