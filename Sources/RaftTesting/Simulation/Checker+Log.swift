internal import Raft

// The logs: matching, append-only for leaders, and never cut where committed.

extension Checker {
    /// Holds what has changed in a node's log against all that was ever seen in any.
    func observeLog(_ place: Int, _ core: RaftCore) {
        let before = witnesses[place].log
        let log = core.log
        guard log != before else { return }
        witnesses[place].log = log
        let from = firstChange(before, log)
        if from <= before.lastIndex { observeTruncation(place, core, before, from) }
        checkBase(core)
        var previous = log.term(at: from.previous) ?? .zero
        for index in stride(from: from.rawValue, through: log.lastIndex.rawValue, by: 1) {
            guard let term = log.term(at: LogIndex(index)) else {
                return expect(false, "node \(core.id) has a hole in its log at \(index)")
            }
            noteEntry(EntryID(term: term, index: LogIndex(index)), after: previous, at: core.id)
            previous = term
        }
        expect(previous <= core.term, "node \(core.id) in \(core.term) has entries of \(previous)")
    }

    /// The first position at which two states of one log differ; those before the new base are gone.
    private func firstChange(_ before: LogOutline, _ now: LogOutline) -> LogIndex {
        if now.contains(before.last) { return before.lastIndex.next }
        var last = min(before.lastIndex, now.lastIndex)
        while last > now.base.index, last > before.base.index,
            before.term(at: last) != now.term(at: last)
        {
            last = last.previous
        }
        return max(last, now.base.index).next
    }

    private func observeTruncation(
        _ place: Int, _ core: RaftCore, _ before: LogOutline, _ from: LogIndex
    ) {
        marks.hit(.truncated)
        let witness = witnesses[place]
        expect(
            witness.role != .leader || witness.hardState.term != core.term
                || core.roleName != .leader,
            "node \(core.id) cut its log at \(from) while it led term \(core.term)")
        expect(
            from > witness.commitIndex,
            "node \(core.id) cut its log at \(from), committed was \(witness.commitIndex)")
        for index in stride(from: from.rawValue, through: before.lastIndex.rawValue, by: 1) {
            guard index <= UInt64(committed.count) else { break }
            let entry = committed[Int(index) - 1]
            expect(
                entry.byTerm > core.term || before.term(at: LogIndex(index)) != entry.term,
                "node \(core.id) in term \(core.term) cut the committed entry \(entry.term)/\(index)"
            )
        }
        if witness.acknowledged.index >= from {
            let last = max(from.previous, core.log.base.index)
            witnesses[place].acknowledged = EntryID(
                term: core.log.term(at: last) ?? .zero, index: last)
        }
    }

    /// What was forgotten is committed, and ends where all others have the same entry.
    private func checkBase(_ core: RaftCore) {
        let base = core.log.base
        guard base.index > .zero else { return }
        expect(
            term(of: base.index) == base.term,
            "node \(core.id) has forgotten its log up to \(base), which is not committed")
    }

    /// The same position and term is the same entry, after the same entries, everywhere.
    func noteEntry(_ entry: EntryID, after previous: Term, at node: NodeID) {
        guard let known = entries[entry] else {
            entries[entry] = EntryFacts(previousTerm: previous)
            return expect(previous <= entry.term, "terms fall before \(entry) at node \(node)")
        }
        expect(
            known.previousTerm == previous,
            "entry \(entry) follows term \(previous) at node \(node), elsewhere \(known.previousTerm)"
        )
    }

    // MARK: Commit

    func observeCommit(_ place: Int, _ core: RaftCore) {
        let before = witnesses[place].commitIndex
        let now = core.commitIndex
        guard now != before else { return }
        witnesses[place].commitIndex = now
        expect(now > before, "node \(core.id) went back from commit \(before) to \(now)")
        expect(
            now <= core.log.lastIndex,
            "node \(core.id) committed \(now) of \(core.log.lastIndex) entries")
        let start = max(
            before, core.log.base.index.rawValue > 0 ? core.log.base.index.previous : .zero)
        for index in stride(from: start.rawValue + 1, through: now.rawValue, by: 1) {
            guard let here = core.log.term(at: LogIndex(index)) else { continue }
            if let known = term(of: LogIndex(index)) {
                expect(
                    here == known,
                    "node \(core.id) committed \(here)/\(index), elsewhere it is \(known)/\(index)")
            }
        }
        if now.rawValue > UInt64(committed.count) { firstCommit(place, core) }
    }

    /// Nobody had committed these before: a leader has, by what a quorum holds on its disks.
    private func firstCommit(_ place: Int, _ core: RaftCore) {
        let top = core.commitIndex
        guard let term = core.log.term(at: top) else {
            return expect(false, "node \(core.id) committed \(top), whose term it does not know")
        }
        let entry = EntryID(term: term, index: top)
        // A leader may have changed the membership in the same turn, or died in it.
        let office = leaders[core.term].map { witnesses[$0.node].configuration }
        let isHeld = [witnesses[place].configuration, core.configuration, office].contains {
            guard let configuration = $0 else { return false }
            return configuration.hasQuorum { holdsDurably($0, entry, in: configuration) }
        }
        expect(isHeld, "node \(core.id) committed \(entry), which no quorum holds on its disks")
        if core.roleName == .leader {
            expect(
                term == core.term,
                "leader \(core.id) of term \(core.term) committed \(entry) by counting")
        }
        for index in stride(from: UInt64(committed.count) + 1, through: top.rawValue, by: 1) {
            guard let term = core.log.term(at: LogIndex(index)) else {
                return expect(false, "node \(core.id) committed \(index), which nobody had")
            }
            if term < core.term { marks.hit(.oldTermCommitted) }
            committed.append(Committed(term: term, byTerm: core.term))
        }
        for other in witnesses.indices where witnesses[other].role == .leader && other != place {
            expect(
                witnesses[other].hardState.term <= core.term
                    || holds(witnesses[other].log, entry),
                "node \(other + 1) leads a later term than that of \(entry), and lacks it")
        }
    }

    func holdsDurably(
        _ node: NodeID, _ entry: EntryID, in configuration: Configuration
    ) -> Bool {
        withWitness(of: node, in: configuration) { witness in
            witness.log.base.index >= entry.index
                || witness.log.contains(entry) && witness.durableIndex >= entry.index
        }
    }

    /// What a leader believes of its peers' disks is true, as long as they are in its term.
    func observeProgress(_ place: Int, _ core: RaftCore) {
        guard core.roleName == .leader else { return }
        for peer in core.peers {
            let index = peer.matchIndex
            expect(
                peer.nextIndex > index && peer.nextIndex <= core.log.lastIndex.next,
                "leader \(core.id) sends \(peer.nextIndex) next, matched is \(index)")
            guard index > .zero, let term = core.log.term(at: index),
                withWitness(of: peer.node, in: core.configuration, { $0.hardState.term })
                    <= core.term
            else { continue }
            expect(
                holdsDurably(
                    peer.node, EntryID(term: term, index: index), in: core.configuration),
                "leader \(core.id) believes that \(peer.node) holds \(term)/\(index) on its disk")
        }
    }
}
