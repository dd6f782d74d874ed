internal import Raft
internal import RaftRuntime

// The state machines: the same state at the same place, everywhere and always.

extension Checker {
    /// Holds what a node has applied in a turn against the state that belongs there.
    ///
    /// - Parameter restored: The snapshots that have taken the place of the state in this turn.
    func observeApplied(_ node: SimulatedNode, restored: [EntryID]) {
        guard let journal = node.process?.loop.withMachine({ $0.takeJournal() }),
            let last = node.process?.loop.applied, let state = node.process?.loop.machine.state,
            let commitIndex = node.process?.loop.core.commitIndex
        else { return }
        for entry in restored {
            expect(
                entry.index.rawValue <= UInt64(applied.count),
                "node \(node.id) took the snapshot \(entry) of a state that nobody had")
        }
        let before = witnesses[node.place].applied
        expect(last.index >= before, "node \(node.id) went back from \(before) to \(last)")
        expect(last.index <= commitIndex, "node \(node.id) applied \(last), beyond \(commitIndex)")
        witnesses[node.place].applied = last.index
        var previous = LogIndex.zero
        for fact in journal {
            expect(
                fact.entry.index > previous, "node \(node.id) applied \(fact.entry) out of order")
            previous = fact.entry.index
            observe(fact, at: node.id)
        }
        extendWithEmptyEntries(through: last.index, at: node.id)
        if !journal.isEmpty || last.index != before { checkState(node.id, last, state) }
        if let violation = workload.violation {
            expect(false, "node \(node.id), applied \(last): \(violation)")
        }
    }

    private func observe(_ fact: Ledger.Applied, at node: NodeID) {
        let index = fact.entry.index
        expect(
            term(of: index) == fact.entry.term,
            "node \(node) applied \(fact.entry), which is not committed")
        extendWithEmptyEntries(through: index.previous, at: node)
        if index.rawValue > UInt64(applied.count) { return firstApplication(fact, at: node) }
        let known = applied[Int(index.rawValue) - 1]
        expect(
            known.operation == fact.operation && known.hash == fact.hash
                && known.timeMilliseconds == fact.timeMilliseconds,
            "node \(node) applied another command at \(fact.entry), or to another state")
        expect(
            workload.isSameAnswer(Int(fact.operation), fact.answer),
            "node \(node) gave another answer at \(fact.entry) than the first one")
    }

    private func firstApplication(_ fact: Ledger.Applied, at node: NodeID) {
        let last = applied.last ?? Applied(operation: 0, timeMilliseconds: 0, hash: 1, count: 0)
        expect(
            fact.timeMilliseconds >= last.timeMilliseconds,
            "cluster time fell from \(last.timeMilliseconds) to \(fact.timeMilliseconds)")
        applied.append(
            Applied(
                operation: fact.operation, timeMilliseconds: fact.timeMilliseconds, hash: fact.hash,
                count: last.count + 1))
        if let contents = entries[fact.entry]?.contents {
            expect(
                contents.operation == fact.operation,
                "entry \(fact.entry) held \(contents.operation), applied was \(fact.operation)")
        }
        noteEffect(of: Int(fact.operation), at: fact.entry.index)
        if finding == nil { workload.applied(Int(fact.operation), fact.answer) }
    }

    /// Entries that no machine has seen: the first ones of terms.
    private func extendWithEmptyEntries(through index: LogIndex, at node: NodeID) {
        while UInt64(applied.count) < index.rawValue {
            let last = applied.last ?? Applied(operation: 0, timeMilliseconds: 0, hash: 1, count: 0)
            let place = LogIndex(UInt64(applied.count) + 1)
            guard let term = term(of: place) else {
                return expect(false, "node \(node) applied \(place), which is not committed")
            }
            let contents = entries[EntryID(term: term, index: place)]?.contents
            expect(
                contents?.operation ?? 0 == 0,
                "node \(node) did not apply the command at \(term)/\(place)")
            applied.append(
                Applied(
                    operation: 0, timeMilliseconds: last.timeMilliseconds, hash: last.hash,
                    count: last.count))
        }
    }

    /// The state is the one that replaying the log gives, also when it came from a snapshot.
    func checkState(_ node: NodeID, _ last: EntryID, _ state: LedgerState) {
        guard last.index > .zero else { return }
        guard last.index.rawValue <= UInt64(applied.count) else {
            return expect(false, "node \(node) has the state of \(last), which nobody reached")
        }
        let known = applied[Int(last.index.rawValue) - 1]
        expect(
            known.hash == state.hash && known.count == state.count,
            "node \(node) has another state at \(last) than the others")
        expect(
            term(of: last.index) == last.term,
            "node \(node) applied \(last), which is not committed")
    }
}
