package import Raft

/// What the checker remembers of a run. Nodes forget when they crash; this never does.
package struct ModelHistory: Hashable, Sendable {
    /// A node between a start and a crash.
    package struct Life: Hashable, Sendable {
        package var node: NodeID
        package var number: Int
    }

    package struct Ballot: Hashable, Sendable {
        package var term: Term
        package var voter: NodeID
        /// A node that has lost its disk is another one, and may vote anew: nobody counts it as the old one.
        package var incarnation: UInt64
    }

    /// An entry, and the term of the one before it: with this on both sides, by induction, equal
    /// term and index mean equal logs up to there.
    package struct Fact: Hashable, Sendable {
        package var payload: UInt64
        package var configuration: Configuration?
        package var previousTerm: Term
    }

    /// Who has led in a term.
    package var leaders: [Term: Life] = [:]
    /// The log of the term's leader, as far as it is known to reach: the term of every entry.
    package var leaderLogs: [Term: [Term]] = [:]
    /// Votes that left their voter.
    package var votes: [Ballot: NodeID] = [:]
    /// The newest term in which each node has spoken.
    package var spokenTerms: [NodeID: Term] = [:]
    /// Every entry that ever was in a log.
    package var entries: [EntryID: Fact] = [:]
    /// The committed entries, from the first on.
    package var committed: [ModelEntry] = []
    /// The term of the leader that committed each of them.
    package var committedIn: [Term] = []
    /// For each read that waits, how much was committed when it came.
    package var reads: [ReadID: LogIndex] = [:]
    package var tally = ModelTally()

    /// A node has lost its disk and is another one now: what the old one said binds it no more, for
    /// nobody may count it under that name.
    package mutating func forget(_ node: NodeID) {
        spokenTerms[node] = nil
    }

    /// Whether a member's vote has left, of the incarnation by which it is known, or of any when it is not.
    func hasVote(of member: Member?, for candidate: NodeID, in term: Term) -> Bool {
        guard let member else { return false }
        if member.incarnation != 0 {
            let ballot = Ballot(term: term, voter: member.id, incarnation: member.incarnation)
            return votes[ballot] == candidate
        }
        return votes.contains { ballot, choice in
            ballot.term == term && ballot.voter == member.id && choice == candidate
        }
    }

    /// The term of a committed entry, or of the place before the first.
    package func committedTerm(at index: LogIndex) -> Term? {
        if index == .zero { return .zero }
        guard index.rawValue <= UInt64(committed.count) else { return nil }
        return committed[Int(index.rawValue) - 1].term
    }
}
