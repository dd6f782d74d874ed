internal import Raft
internal import RaftStorage
internal import Wire

extension NodeLoop {
    /// Applies what is committed, up to so many entries a turn, and answers those who wait for it.
    mutating func applyCommitted() {
        var left = settings.maxEntriesPerTurn
        while failure == nil, left > 0, applied.index < core.commitIndex {
            let through = min(core.commitIndex, applied.index.advanced(by: left))
            do throws(StorageError) {
                let (entries, range) = try log.view(
                    from: applied.index.next, through: through, maxBytes: 1 << 20)
                left -= range.count
                snapshotting.bytesSinceTried += entries.range(of: range).count
                apply(entries, range)
            } catch { fail(.storage(error)) }
        }
    }

    /// Answers the reads whose moment the machine has reached.
    mutating func answerReads() {
        for ticket in reads.takeReady(applied: applied.index) {
            completions.append(.read(ticket, .ready))
        }
    }

    /// Applies entries that follow on what is applied.
    private mutating func apply(_ entries: PackedBytes, _ range: Range<Int>) {
        run.begin(in: entries.bytes)
        defer { run.end() }
        let (last, problem) = prepare(entries, range)
        for id in proposals.takeSuperseded() { complete(id, .notDone(.superseded)) }
        do throws(CommandRun.Failure) {
            try machine.apply(run, into: &completions)
            counters.applied += UInt64(last.index.distance(from: applied.index))
            applied = last
            if let problem { fail(problem) }
        } catch {
            let before = error.entry.index.previous
            counters.applied += UInt64(before.distance(from: applied.index))
            applied = EntryID(term: core.log.term(at: before) ?? applied.term, index: before)
            for id in run.waiting(from: error.entry) { complete(id, .unknown(.stopped)) }
            fail(.machine(at: error.entry, reason: error.reason))
        }
    }

    /// Makes the run of the commands among entries, with those who wait for them; returns the last entry that could
    /// be read, and what is wrong with the next one, if anything is.
    private mutating func prepare(
        _ entries: PackedBytes, _ range: Range<Int>
    ) -> (last: EntryID, problem: NodeFailure?) {
        var last = applied
        let end = applied.index.advanced(by: range.count)
        let isAwaited = !proposals.isNothingSent
        var headers = EntryHeaderReader()
        var ofOneTerm = TermRun(term: applied.term, count: 0)
        for i in range {
            if ofOneTerm.count == 0 {
                ofOneTerm = core.log.run(from: last.index.next, through: end)
            }
            ofOneTerm.count -= 1
            let entry = EntryID(term: ofOneTerm.term, index: last.index.next)
            do throws(DecodeError) {
                try prepare(entries.bytes.span, entries.range(of: i), entry, &headers, isAwaited)
            } catch {
                return (last, .malformedEntry(entry, reason: "\(error)"))
            }
            last = entry
        }
        return (last, nil)
    }

    private mutating func prepare(
        _ entries: Span<UInt8>, _ range: Range<Int>, _ entry: EntryID,
        _ headers: inout EntryHeaderReader, _ isAwaited: Bool
    ) throws(DecodeError) {
        var offset = range.lowerBound
        let header = try headers.read(entries.extracting(..<range.upperBound), at: &offset)
        clock.see(header.timeMilliseconds)
        appliedMilliseconds = header.timeMilliseconds
        let waiting =
            isAwaited ? proposals.settle(entry, header.kind, at: identity.node) : nil
        if let waiting {
            proposalLatency.record(nanoseconds: now.nanoseconds(since: waiting.since))
        }
        guard header.kind.isCommand else { return }
        let position = LogPosition(entry: entry, timeMilliseconds: header.timeMilliseconds)
        run.append(offset..<range.upperBound, at: position, for: waiting?.id)
    }
}
