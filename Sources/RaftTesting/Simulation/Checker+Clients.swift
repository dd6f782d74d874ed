internal import Raft
internal import RaftRuntime

/// A proposal, as its client knows it. Its number is its place in the list, counted from 1.
struct Operation {
    enum Outcome {
        case open, done, notDone, unknown
    }

    var outcome = Outcome.open
    /// What some client knew to be committed when the proposal began.
    var floor: LogIndex
    /// Where it took effect; 0 while it has not.
    var index = LogIndex.zero
}

/// A read: it must show all that was committed anywhere when it began.
struct Read {
    var floor: LogIndex
    var hasEnded = false
    var isServed = false
}

// What clients are told: done is for ever, not done is never, unknown is at most once, reads are not old.

extension Checker {
    func beginOperation() -> Int {
        operations.append(Operation(floor: knownIndex))
        return operations.count
    }

    func beginRead() -> Int {
        reads.append(Read(floor: LogIndex(UInt64(committed.count))))
        return reads.count - 1
    }

    /// An operation has taken effect somewhere for the first time.
    func noteEffect(of operation: Int, at index: LogIndex) {
        guard operation >= 1, operation <= operations.count else {
            return expect(
                false, "entry \(index) holds operation \(operation), which nobody asked for")
        }
        let known = operations[operation - 1]
        expect(
            known.index == .zero,
            "operation \(operation) took effect at \(known.index) and at \(index)")
        expect(
            known.outcome != .notDone,
            "operation \(operation) was not done, and yet took effect at \(index)")
        expect(index > known.floor, "operation \(operation) took effect before it was asked for")
        if known.outcome == .unknown { marks.hit(.appliedUnawares) }
        operations[operation - 1].index = index
    }

    func ended(
        _ operation: Int, _ outcome: ProposalOutcome<LedgerAnswer>, at node: NodeID
    ) {
        let known = operations[operation - 1]
        expect(known.outcome == .open, "operation \(operation) ended twice")
        defer { if finding == nil { workload.ended(operation, outcome) } }
        switch outcome {
        case .done(let answer, let position):
            marks.hit(.done)
            operations[operation - 1].outcome = .done
            let entry = position.entry
            expect(
                known.index == entry.index && term(of: entry.index) == entry.term,
                "operation \(operation) was done at \(entry), it took effect at \(known.index)")
            guard entry.index.rawValue <= UInt64(applied.count), entry.index > .zero else { return }
            let state = applied[Int(entry.index.rawValue) - 1]
            expect(
                state.hash == answer.hash && state.count == answer.count
                    && state.timeMilliseconds == position.timeMilliseconds,
                "operation \(operation) was answered from another state at node \(node)")
            expect(
                workload.isSameAnswer(operation, answer.inner),
                "operation \(operation) was answered otherwise at node \(node) than applied")
            knownIndex = max(knownIndex, entry.index)
        case .notDone(let reason):
            marks.hit(reason == .superseded ? .superseded : .notDone)
            if reason == .diskFull { marks.hit(.refusedByFullDisk) }
            operations[operation - 1].outcome = .notDone
            expect(
                known.index == .zero,
                "operation \(operation) took effect at \(known.index), told was \(reason)")
        case .unknown(let reason):
            operations[operation - 1].outcome = .unknown
            switch reason {
            case .timeout: marks.hit(.unknownByTimeout)
            case .leaderLost: marks.hit(.unknownByLostLeader)
            case .snapshotInstalled: marks.hit(.unknownBySnapshot)
            case .stopped: break
            }
        }
    }

    func ended(read number: Int, _ outcome: ReadOutcome, at node: SimulatedNode) {
        expect(!reads[number].hasEnded, "a read ended twice")
        reads[number].hasEnded = true
        guard outcome == .ready else { return marks.hit(.readRefused) }
        reads[number].isServed = true
        guard let applied = node.process?.loop.applied.index,
            let role = node.process?.loop.core.roleName
        else {
            return
        }
        marks.hit(role == .leader ? .readServedByLeader : .readServedByFollower)
        expect(
            applied >= reads[number].floor,
            "node \(node.id) let read at \(applied), committed was \(reads[number].floor)")
        knownIndex = max(knownIndex, applied)
        if let state = node.process?.loop.machine.inner { workload.ended(read: number, at: state) }
    }
}
