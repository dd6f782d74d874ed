@testable internal import Raft

/// What the checker remembers of a run. Nodes forget when they crash; this never does.
struct History: Hashable, Sendable {
    /// A node between a start and a crash.
    struct Life: Hashable, Sendable {
        var node: NodeID
        var number: Int
    }

    struct Ballot: Hashable, Sendable {
        var term: Term
        var voter: NodeID
    }

    /// An entry, and the term of the one before it: with this on both sides, by induction, equal
    /// term and index mean equal logs up to there.
    struct Fact: Hashable, Sendable {
        var payload: UInt64
        var previousTerm: Term
    }

    /// Who has led in a term.
    var leaders: [Term: Life] = [:]
    /// The log of the term's leader, as far as it is known to reach: the term of every entry.
    var leaderLogs: [Term: [Term]] = [:]
    /// Votes that left their voter.
    var votes: [Ballot: NodeID] = [:]
    /// The newest term in which each node has spoken.
    var spokenTerms: [NodeID: Term] = [:]
    /// Every entry that ever was in a log.
    var entries: [EntryID: Fact] = [:]
    /// The committed entries, from the first on.
    var committed: [SimulatedEntry] = []
    /// For each read that waits, how much was committed when it came.
    var reads: [ReadID: LogIndex] = [:]
    var tally = Tally()

    /// The term of a committed entry, or of the place before the first.
    func committedTerm(at index: LogIndex) -> Term? {
        if index == .zero { return .zero }
        guard index.rawValue <= UInt64(committed.count) else { return nil }
        return committed[Int(index.rawValue) - 1].term
    }
}
