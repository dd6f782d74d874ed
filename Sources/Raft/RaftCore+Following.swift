// The follower's side of replication: taking entries, finding conflicts, answering (thesis §3.5, §3.6).

extension RaftCore {
    /// Takes entries that follow on one that this log has; otherwise says where the logs may agree.
    mutating func receiveAppend(_ request: AppendRequest, into effects: inout [Effect]) {
        if request.previous.index < commitIndex {
            // Late, or from before a snapshot: all that is committed here agrees anyway.
            noteVerified(commitIndex)
            return
        }
        guard log.contains(request.previous) else {
            let hint = log.lastEntry(
                notAfter: request.previous.index, termAtMost: request.previous.term)
            guard let leader else { return }
            let response = AppendResponse.rejected(
                previousIndex: request.previous.index, hint: hint)
            send(.appendResponse(response), to: leader, into: &effects)
            return
        }
        guard takeEntries(of: request, into: &effects) else { return }
        noteVerified(request.lastIndex)
        receiveCommit(min(request.commitIndex, request.lastIndex))
    }

    /// Appends those entries that are not here yet. Only an entry of another term at the same place,
    /// never the mere end of the message, makes the log shorter (thesis §3.5, step 3).
    ///
    /// - Returns: False when the node has stopped.
    private mutating func takeEntries(of request: AppendRequest, into effects: inout [Effect])
        -> Bool
    {
        var index = request.previous.index.next
        var skipped = 0
        var rest = request.entries[...]
        while let run = rest.first, index <= log.lastIndex {
            let shared = sharedEntries(run, from: index)
            index = index.advanced(by: shared)
            skipped += shared
            if shared < run.count {
                rest[rest.startIndex].count -= shared
                break
            }
            rest.removeFirst()
        }
        guard !rest.isEmpty else { return true }
        if index <= log.lastIndex {
            guard index > commitIndex else {
                let fault = Fault.committedEntryContradicted(index: index, commitIndex: commitIndex)
                stop(fault, into: &effects)
                return false
            }
            truncate(from: index, into: &effects)
        }
        let entries = Array(rest)
        log.append(entries)
        noteUnwritten(from: index)
        effects.append(.entriesReceived(first: index, skip: skipped, entries: entries))
        takeConfigurations(request.configurations.filter { $0.index >= index }, into: &effects)
        return true
    }

    /// How many entries of a run, from `index` on, this log has with the same term.
    private func sharedEntries(_ run: TermRun, from index: LogIndex) -> Int {
        let end = min(log.lastIndex, index.previous.advanced(by: run.count))
        var shared = 0
        for here in log.runs(from: index, through: end) {
            guard here.term == run.term else { break }
            shared += here.count
        }
        return shared
    }

    private mutating func truncate(from index: LogIndex, into effects: inout [Effect]) {
        log.truncate(from: index)
        durability.truncate(from: index)
        effects.append(.trace(.truncated(from: index)))
        cutConfigurations(from: index, into: &effects)
    }

    /// Notes how far the log is known to agree with the leader's, and that the leader wants to know.
    mutating func noteVerified(_ index: LogIndex) {
        role.follower.verifiedIndex = max(role.follower.verifiedIndex, index)
        role.follower.owesAnswer = true
    }

    /// Commits what the leader has committed, but no further than the log is known to agree: the rest
    /// may be another leader's.
    mutating func receiveCommit(_ index: LogIndex) {
        let known = min(index, role.follower.verifiedIndex)
        if known > commitIndex { commit(through: known) }
    }

    /// The leader has committed this entry. If it is here, so is all before it (log matching, thesis §3.5).
    mutating func receiveCommitted(_ entry: EntryID) {
        guard entry.index > commitIndex, log.contains(entry) else { return }
        role.follower.verifiedIndex = max(role.follower.verifiedIndex, entry.index)
        commit(through: entry.index)
    }

    /// Tells the leader how far the log agrees and is durable, once that says something.
    ///
    /// Appends that came together, and writes that ended together, share one answer.
    mutating func acknowledge(into effects: inout [Effect]) {
        guard case .follower(let follower) = role, follower.owesAnswer, let leader = follower.leader
        else { return }
        let agreed = min(follower.verifiedIndex, durability.index)
        let isComplete = agreed == follower.verifiedIndex
        guard isComplete || agreed > follower.answeredIndex ?? commitIndex else { return }
        role.follower.owesAnswer = !isComplete
        role.follower.answeredIndex = agreed
        send(.appendResponse(.accepted(matchIndex: agreed)), to: leader, into: &effects)
    }
}
