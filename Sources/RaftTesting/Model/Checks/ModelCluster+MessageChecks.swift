package import Raft

// What must be true of a message at the moment at which it leaves, and of what the host is told.

extension ModelCluster {
    package mutating func checkSent(_ message: Message, payloads: [UInt64], from i: Int) {
        let node = nodes[i]
        let id = node.id
        verdict.require(message.from == id && message.to != id, "\(id) sends from \(message.from)")
        verdict.require(
            message.term <= node.disk.durable.hardState.term,
            "\(id) speaks in term \(message.term), which is not on its disk")
        verdict.require(
            message.term == node.core.term, "\(id) speaks in an old term \(message.term)")
        verdict.require(message.isWellFormed, "\(id) sends a malformed message: \(message)")
        history.spokenTerms[id] = max(history.spokenTerms[id] ?? .zero, message.term)
        switch message.body {
        case .preVoteRequest(let last): checkBoast(last, from: i)
        case .voteRequest(let last, _):
            checkBoast(last, from: i)
            checkVoteLeaves(for: id, term: message.term, from: i)
        case .voteResponse(true): checkVoteLeaves(for: message.to, term: message.term, from: i)
        case .append(let request): checkAppend(request, payloads: payloads, from: i)
        case .appendResponse(.accepted(let match)):
            checkAcknowledgement(of: match, term: message.term, from: i)
        case .appendResponse(.rejected(let previous, let hint)):
            verdict.require(
                node.log.contains(hint), "\(id) hints at \(hint), which it does not have")
            verdict.require(
                hint.index <= previous, "\(id) hints at \(hint), which is after \(previous)")
        case .heartbeat(let committed, _), .commitNotice(let committed):
            verdict.require(
                node.core.roleName == .leader, "\(id) does not lead and sends heartbeats")
            verdict.require(
                isAlone || history.committedTerm(at: committed.index) == committed.term,
                "\(id) says that \(committed) is committed")
        case .snapshotPart(let part):
            verdict.require(
                node.core.roleName == .leader, "\(id) does not lead and sends a snapshot")
            verdict.require(
                isAlone
                    || history.committedTerm(at: part.lastIncluded.index) == part.lastIncluded.term,
                "\(id) sends a snapshot of \(part.lastIncluded), which is not committed")
        case .preVoteResponse, .voteResponse, .heartbeatResponse, .snapshotResponse,
            .readIndexRequest, .readIndexResponse, .timeoutNow:
            break  // nothing that could be untrue by itself
        }
    }

    /// A request may have waited for the disk while the log grew, never the other way round.
    private mutating func checkBoast(_ last: EntryID, from i: Int) {
        let own = nodes[i].log.last
        let isTrue = own.term > last.term || own.term == last.term && own.index >= last.index
        verdict.require(isTrue, "\(nodes[i].id), with \(own), boasts of \(last)")
    }

    /// One vote a term, over all crashes, and on the disk before anybody hears of it (thesis §3.8).
    private mutating func checkVoteLeaves(for candidate: NodeID, term: Term, from i: Int) {
        let ballot = ModelHistory.Ballot(
            term: term, voter: nodes[i].id, incarnation: nodes[i].incarnation)
        let known = history.votes[ballot]
        verdict.require(
            known == nil || known == candidate,
            "\(nodes[i].id) votes for \(candidate) and another in term \(term)")
        history.votes[ballot] = candidate
        verdict.require(
            nodes[i].disk.durable.hardState == HardState(term: term, vote: candidate),
            "the vote of \(nodes[i].id) for \(candidate) leaves before it is durable")
    }

    /// An append is a slice of the sender's log.
    private mutating func checkAppend(_ request: AppendRequest, payloads: [UInt64], from i: Int) {
        let node = nodes[i]
        verdict.require(node.core.roleName == .leader, "\(node.id) does not lead and sends entries")
        verdict.require(
            node.log.contains(request.previous), "\(node.id) has no \(request.previous)")
        let slice = node.log.slice(
            from: request.previous.index.next, through: request.lastIndex)
        let terms = request.entries.flatMap { Array(repeating: $0.term, count: $0.count) }
        verdict.require(
            slice?.map(\.term) == terms, "\(node.id) sends entries that are not its own")
        verdict.require(payloads.count == terms.count, "\(node.id) sends \(terms) with \(payloads)")
        verdict.require(
            request.count <= node.core.settings.maxEntriesPerAppend, "\(node.id) sends too many")
        verdict.require(
            request.commitIndex <= node.core.commitIndex, "\(node.id) boasts of its commit index")
    }

    /// What is acknowledged is durable here and is the leader's.
    private mutating func checkAcknowledgement(of match: LogIndex, term: Term, from i: Int) {
        guard match > .zero, !isAlone else { return }
        guard let log = history.leaderLogs[term], match.rawValue <= UInt64(log.count) else {
            return verdict.report("\(nodes[i].id) acknowledges \(match), which no leader has")
        }
        let entry = EntryID(term: log[Int(match.rawValue) - 1], index: match)
        verdict.require(
            nodes[i].hasDurably(entry),
            "\(nodes[i].id) acknowledges \(entry) and has it not durably")
    }

    /// A read sees all that was committed, by whomever, when it came (thesis §6.4).
    package mutating func checkRead(_ read: ReadID, index: LogIndex, at i: Int) {
        notes.add("\(nodes[i].id): read \(read.rawValue) ready at \(index)")
        history.tally.readsAnswered += 1
        if isAlone { return readOutcomes.append(ModelReadOutcome(read: read, index: index)) }
        guard let known = history.reads.removeValue(forKey: read) else {
            return verdict.report("read \(read.rawValue) is answered twice")
        }
        verdict.require(index >= known, "read \(read.rawValue) at \(index), \(known) was committed")
        verdict.require(
            index.rawValue <= UInt64(history.committed.count),
            "read \(read.rawValue) at \(index), which is not committed")
    }

    package mutating func checkRefusal(of read: ReadID) {
        if isAlone { return readOutcomes.append(ModelReadOutcome(read: read, index: nil)) }
        verdict.require(history.reads.removeValue(forKey: read) != nil, "a read refused twice")
    }

    package mutating func checkAnnouncement(_ change: RoleChange, at i: Int) {
        guard change.role == .leader else { return }
        verdict.require(change.leader == nodes[i].id, "\(nodes[i].id) leads and says \(change)")
    }
}
