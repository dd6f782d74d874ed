internal import Raft
internal import RaftRuntime
internal import RaftTransport

// Situations that a campaign should meet and that show only to somebody who remembers. Nothing here is demanded.

extension Checker {
    /// What a leader has sent of a snapshot to a peer since it last began at its start.
    struct SnapshotStream {
        var lastIncluded: EntryID
        var term: Term
        var end: UInt64
    }

    // MARK: Elections

    /// A word in an election: what the asker's log ends with, and what became of the votes.
    func noteVote(_ message: Message, by node: SimulatedNode) {
        guard let core = node.process?.loop.core else { return }
        switch message.body {
        case .voteRequest(let lastEntry, _):
            candidacies[Self.voteKey(node.id, message.term, 0)] = lastEntry
            noteSplit(message.term, core.configuration)
        case .preVoteRequest(let lastEntry):
            candidacies[Self.voteKey(node.id, message.term, 1)] = lastEntry
        case .voteResponse(granted: true): noteSplit(message.term, core.configuration)
        case .voteResponse(granted: false):
            noteRefusal(candidacies[Self.voteKey(message.to, message.term, 0)], core)
        case .preVoteResponse(granted: false, let term):
            noteRefusal(candidacies[Self.voteKey(message.to, term, 1)], core)
        default: break
        }
    }

    private func noteRefusal(_ asked: EntryID?, _ core: RaftCore) {
        guard let asked, asked.index > core.log.lastIndex, asked.term < core.log.last.term else {
            return
        }
        marks.hit(.olderTermRefused)
    }

    /// Whether no candidate can get a quorum any more, with all votes that are still to be given.
    private func noteSplit(_ term: Term, _ configuration: Configuration) {
        guard !splitTerms.contains(term) else { return }
        func vote(of node: NodeID) -> NodeID? {
            let generation = withWitness(of: node, in: configuration) { $0.generation }
            return votes[Self.voteKey(node, term, generation)]
        }
        let candidates = configuration.members.filter { vote(of: $0) == $0 }
        let isSplit =
            candidates.count > 1
            && candidates.allSatisfy { candidate in
                !configuration.hasQuorum { vote(of: $0).map { $0 == candidate } ?? true }
            }
        guard isSplit else { return }
        splitTerms.insert(term)
        marks.hit(.voteSplit)
    }

    /// What a node knows of its vote when it comes back.
    func noteRecoveredVote(_ core: RaftCore, _ before: Witness) {
        if core.hardState != before.hardState {
            marks.hit(.hardStateLost)
            let hadVote = before.hardState.vote != nil && core.hardState.vote == nil
            if hadVote, core.term == before.hardState.term { marks.hit(.voteLost) }
        } else if core.hardState.vote != nil, leaders[core.term] == nil {
            marks.hit(.voteKept)
        }
    }

    // MARK: Leaders

    /// How a leader's turn has changed what it is and holds.
    func noteLeadership(_ core: RaftCore, _ before: Witness) {
        guard before.role == .leader else { return }
        let term = before.hardState.term
        guard core.roleName == .leader, core.term == term else {
            // Terms of commits do not fall by much: whatever it has committed is near the end.
            if !committed.suffix(1000).contains(where: { $0.byTerm == term }) {
                marks.hit(.deposedBeforeCommit)
            }
            return
        }
        let base = core.log.base.index
        guard base > before.log.base.index else { return }
        for peer in core.peers
        where peer.matchIndex < base && peer.matchIndex >= before.log.base.index {
            marks.hit(.compactedBeforeFollower)
        }
    }

    /// Whether a learner that becomes a voter has all that is committed.
    func notePromotions(_ before: Configuration, _ after: Configuration) {
        let promoted = after.incoming.filter(before.learners.contains)
        guard !promoted.isEmpty else { return }
        marks.hit(.learnerPromoted)
        let end = LogIndex(UInt64(committed.count))
        if promoted.contains(where: { withWitness(of: $0, in: after) { $0.log.lastIndex } < end }) {
            marks.hit(.learnerPromotedLagging)
        }
    }

    // MARK: Followers

    /// A node is about to take in a message.
    func received(_ envelope: Envelope, at node: SimulatedNode) {
        guard case .raft(let message, _) = envelope, case .append(let request) = message.body,
            let core = node.process?.loop.core, core.term == message.term, request.count > 0
        else { return }
        if request.previous.index < core.log.base.index { marks.hit(.appendBehindSnapshot) }
        if request.lastIndex <= witnesses[node.place].acknowledged.index {
            marks.hit(.appendRepeated)
        }
    }

    /// A snapshot takes the place of a log.
    func noteRestored(_ end: EntryID, at place: Int) {
        let log = witnesses[place].log
        let last = min(log.lastIndex, end.index)
        guard last > log.base.index, let term = log.term(at: last) else { return }
        if self.term(of: last) != term { marks.hit(.snapshotOverDivergence) }
    }

    /// A piece of a snapshot leaves.
    func note(_ part: SnapshotPart, _ bytes: Int, _ message: Message, by node: SimulatedNode) {
        if part.offset > 0 { marks.hit(.snapshotContinued) }
        let link = node.place * witnesses.count + Int(message.to.rawValue) - 1
        let end = part.offset + UInt64(bytes)
        guard part.offset > 0, var stream = streams[link],
            stream.lastIncluded == part.lastIncluded, stream.term == message.term
        else {
            streams[link] = SnapshotStream(
                lastIncluded: part.lastIncluded, term: message.term, end: end)
            return
        }
        if part.offset > stream.end { marks.hit(.snapshotResumed) }
        stream.end = max(stream.end, end)
        streams[link] = stream
    }
}
