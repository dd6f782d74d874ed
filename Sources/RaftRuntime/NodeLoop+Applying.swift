internal import Raft
internal import RaftStorage
internal import Wire

extension NodeLoop {
    /// Applies what is committed, up to so many entries a turn, and answers those who wait for it.
    mutating func applyCommitted() {
        var left = settings.maxEntriesPerTurn
        while failure == nil, left > 0, applied.index < core.commitIndex {
            entryBuffer.removeAll()
            let through = min(core.commitIndex, applied.index.advanced(by: left))
            do throws(StorageError) {
                let count = try log.read(
                    from: applied.index.next, through: through, maxBytes: 1 << 20,
                    into: &entryBuffer)
                left -= count
                snapshotting.bytesSinceTried += entryBuffer.byteCount
                let entries = entryBuffer
                for i in 0..<count where failure == nil { applyNext(entries, i) }
            } catch { fail(.storage(error)) }
        }
    }

    /// Answers the reads whose moment the machine has reached.
    mutating func answerReads() {
        for ticket in reads.takeReady(applied: applied.index) {
            completions.append(.read(ticket, .ready))
        }
    }

    private mutating func applyNext(_ entries: PackedBytes, _ i: Int) {
        let index = applied.index.next
        guard let term = core.log.term(at: index) else {
            return fail(.malformedEntry(EntryID(term: .zero, index: index), reason: "no term"))
        }
        let entry = EntryID(term: term, index: index)
        do throws(NodeFailure) {
            try entries.withItem(i) { (bytes) throws(NodeFailure) in try apply(bytes, entry) }
            applied = entry
            counters.applied += 1
        } catch { fail(error) }
    }

    private mutating func apply(_ bytes: Span<UInt8>, _ entry: EntryID) throws(NodeFailure) {
        var offset = 0
        let header: EntryHeader
        do throws(DecodeError) {
            header = try EntryHeader(bytes, at: &offset)
        } catch { throw .malformedEntry(entry, reason: "\(error)") }
        clock.see(header.timeMilliseconds)
        switch header.kind {
        case .empty, .configuration: return settle(entry, header.kind, nil)
        case .command, .forwarded: break
        }
        let position = LogPosition(entry: entry, timeMilliseconds: header.timeMilliseconds)
        do {
            let command = bytes.extracting(offset..<bytes.count)
            let answer = try machine.apply(command, at: position)
            settle(entry, header.kind, .done(answer, at: position))
        } catch { throw .machine(at: entry, reason: "\(error)") }
    }

    /// Tells those who wait for this place in the log: the one whose entry it is, and those whose
    /// entries stood there once and will now never be committed.
    private mutating func settle(
        _ entry: EntryID, _ kind: EntryHeader.Kind, _ outcome: ProposalOutcome<Machine.Answer>?
    ) {
        if case .forwarded(let origin, let sequence) = kind, origin == identity.node, let outcome {
            settleForwarded(sequence, outcome)
        }
        while let first = proposals.appended.first, first.entry.index <= entry.index {
            _ = proposals.appended.popFirst()
            settleAppended(first, entry, outcome)
        }
        guard !proposals.orphans.isEmpty else { return }
        let ended = proposals.orphans.filter { $0.entry.index <= entry.index }
        proposals.orphans.removeAll { $0.entry.index <= entry.index }
        for orphan in ended { settleAppended(orphan, entry, outcome) }
    }

    private mutating func settleAppended(
        _ proposal: PendingProposals.Appended, _ entry: EntryID,
        _ outcome: ProposalOutcome<Machine.Answer>?
    ) {
        guard proposal.entry == entry, let outcome else {
            return complete(proposal.id, .notDone(.superseded))
        }
        proposalLatency.record(nanoseconds: now.nanoseconds(since: proposal.since))
        complete(proposal.id, outcome)
    }

    private mutating func settleForwarded(
        _ sequence: UInt64, _ outcome: ProposalOutcome<Machine.Answer>
    ) {
        guard let first = proposals.forwarded.first else { return }
        if first.sequence == sequence {
            _ = proposals.forwarded.popFirst()
            proposalLatency.record(nanoseconds: now.nanoseconds(since: first.since))
            return complete(first.id, outcome)
        }
        for proposal in proposals.forwarded.removeAll(where: { $0.sequence == sequence }) {
            complete(proposal.id, outcome)
        }
    }
}
