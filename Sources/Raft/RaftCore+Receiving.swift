// The first look at a message: is it for us, does it make sense, and what does its term say (thesis §3.3).

extension RaftCore {
    mutating func receive(_ message: Message, into effects: inout [Effect]) {
        guard message.to == id, message.from != id else {
            return drop(message, .wrongAddressee, into: &effects)
        }
        guard message.isWellFormed else { return drop(message, .malformed, into: &effects) }
        switch message.body {
        case .preVoteRequest(let lastEntry):
            return receivePreVoteRequest(message, lastEntry: lastEntry, into: &effects)
        case .voteRequest(_, let isTransfer) where message.term > term && !isTransfer && isLoyal:
            // Whoever asks was cut off or removed; the present leader is well (thesis §4.2.3).
            effects.append(.trace(.disturbanceIgnored(from: message.from, term: message.term)))
            return
        default: break
        }
        if message.term > term {
            becomeFollower(term: message.term, leader: nil, into: &effects)
        }
        if case .preVoteResponse(let granted, let requestTerm) = message.body {
            receivePreVoteResponse(
                from: message.from, granted: granted, requestTerm: requestTerm, into: &effects)
        } else if message.term < term {
            receiveOutdated(message, into: &effects)
        } else {
            receiveCurrent(message, into: &effects)
        }
    }

    /// Whether a node may speak under its name.
    ///
    /// The membership pins the incarnation of its members. Who comes with another one has lost its disk,
    /// and with it the votes and acknowledgements that it gave: if it were heard, a term could get two
    /// leaders, or a committed entry be lost. Whoever is no member is not counted, and may speak.
    public func admits(_ node: NodeID, incarnation: UInt64) -> Bool {
        guard let pinned = configuration.incarnation(of: node), pinned != 0 else { return true }
        return pinned == incarnation
    }

    /// Whether a message may be taken from a peer that comes with this incarnation; to be asked before it is
    /// handed in.
    ///
    /// This node may be behind, and one that may not speak here (`admits(_:incarnation:)` for nodes) a member by
    /// now. So of such a one is heard what counts nothing that it has promised. It may speak as a leader: it could
    /// not lead if a quorum had not counted it. And it may ask for a vote when its log is newer than the own one, as it
    /// is if it has the membership that counts it and this node has not. Else those who are behind might be needed for a
    /// quorum, and hear nobody who could win.
    ///
    /// That a vote names a node and not its incarnation does no harm. Let A and B be two incarnations that have
    /// both been voters, B later. A membership in which A is none was committed before B became one (`readmit`,
    /// or remove and add). Who asks is a voter in its own log. So a log with that membership in it does not come from A,
    /// and whoever voted for A in a term had nothing committed behind it; and in that term it takes nothing of
    /// earlier ones any more. B has all that was committed before. So a voter that gave its vote of a term to A,
    /// and gives it to B too, hides nothing from B; and A cannot win where B may ask, for it lacks what is committed.
    public func admits(_ message: Message, incarnation: UInt64) -> Bool {
        guard !admits(message.from, incarnation: incarnation) else { return true }
        switch message.body {
        case .append, .heartbeat, .commitNotice, .snapshotPart, .timeoutNow: return true
        case .preVoteRequest(let last), .voteRequest(let last, _):
            return last != log.last && last.isAtLeastAsUpToDate(as: log.last)
        case .preVoteResponse, .voteResponse, .appendResponse, .heartbeatResponse,
            .snapshotResponse, .readIndexRequest, .readIndexResponse:
            return false
        }
    }

    func drop(_ message: Message, _ reason: TraceEvent.DropReason, into effects: inout [Effect]) {
        effects.append(.trace(.messageDropped(from: message.from, reason: reason)))
    }

    /// Whether this node stands by a leader that is well, and so helps nobody to depose it.
    private var isLoyal: Bool {
        guard settings.checksQuorum else { return false }
        switch role {
        case .follower(let follower): return follower.hearsLeader || follower.isBound
        case .leader: return true
        case .preCandidate, .candidate: return false
        }
    }

    /// A message from an earlier term: whoever still leads or campaigns there must learn of ours, or
    /// it could never be deposed or never win.
    private mutating func receiveOutdated(_ message: Message, into effects: inout [Effect]) {
        switch message.body {
        case .append, .heartbeat, .snapshotPart, .commitNotice:
            send(
                .heartbeatResponse(round: 0, promiseMilliseconds: 0), to: message.from,
                into: &effects)
        case .voteRequest:
            send(.voteResponse(granted: false), to: message.from, into: &effects)
        case .readIndexRequest(let read):
            send(.readIndexResponse(read, index: nil), to: message.from, into: &effects)
        case .preVoteRequest, .preVoteResponse, .voteResponse, .appendResponse, .heartbeatResponse,
            .snapshotResponse, .readIndexResponse:
            break  // a late answer, of no use to anybody
        case .timeoutNow: break  // the order of a leader that is one no more
        }
    }

    private mutating func receiveCurrent(_ message: Message, into effects: inout [Effect]) {
        let peer = message.from
        switch message.body {
        case .voteRequest(let lastEntry, let isTransfer):
            receiveVoteRequest(
                from: peer, lastEntry: lastEntry, isTransfer: isTransfer, into: &effects)
        case .voteResponse(let granted):
            receiveVoteResponse(from: peer, granted: granted, into: &effects)
        case .append(let request):
            guard followLeader(peer, into: &effects) else { return }
            receiveAppend(request, into: &effects)
        case .heartbeat(let committed, let round):
            guard followLeader(peer, into: &effects) else { return }
            receiveCommitted(committed)
            askAgain(into: &effects)
            let promise = settings.lease?.promiseMilliseconds ?? 0
            if promise > 0 { role.follower.isBound = true }
            send(
                .heartbeatResponse(round: round, promiseMilliseconds: promise), to: peer,
                into: &effects)
        case .commitNotice(let committed):
            guard followLeader(peer, into: &effects) else { return }
            receiveCommitted(committed)
        case .snapshotPart(let part):
            guard followLeader(peer, into: &effects) else { return }
            receiveSnapshotPart(part, into: &effects)
        case .appendResponse(let response):
            receiveAppendResponse(response, from: peer, into: &effects)
        case .heartbeatResponse(let round, let promise):
            receiveHeartbeatResponse(round: round, promise: promise, from: peer, into: &effects)
        case .snapshotResponse(let response):
            receiveSnapshotResponse(response, from: peer, into: &effects)
        case .readIndexRequest(let read):
            receiveRead(read, from: peer, into: &effects)
        case .readIndexResponse(let read, let index):
            receiveReadIndex(read, index: index, into: &effects)
        case .timeoutNow:
            guard followLeader(peer, into: &effects) else { return }
            campaignAsOrdered(into: &effects)
        case .preVoteRequest, .preVoteResponse:
            break  // handled before their terms were compared
        }
    }

    /// Follows the one that speaks as the leader of this term.
    ///
    /// - Returns: Whether it does lead; otherwise the node has stopped.
    private mutating func followLeader(_ peer: NodeID, into effects: inout [Effect]) -> Bool {
        switch role {
        case .leader:
            stop(.twoLeaders(term: term, known: id, other: peer), into: &effects)
            return false
        case .follower(let follower):
            if let leader = follower.leader, leader != peer {
                stop(.twoLeaders(term: term, known: leader, other: peer), into: &effects)
                return false
            }
            if !follower.hearsLeader { cancelCampaignTimers(into: &effects) }
        case .preCandidate, .candidate:
            becomeFollower(term: term, leader: peer, into: &effects)
            cancelCampaignTimers(into: &effects)
        }
        role.follower.leader = peer
        role.follower.hearsLeader = true
        timerIsStale = true
        return true
    }
}

extension Message {
    /// Positions and terms stay far from the end of their range, so that no arithmetic here overflows.
    private static let maxNumber: UInt64 = 1 << 60

    /// Whether the message makes sense in itself. A peer's nonsense is dropped, not believed.
    package var isWellFormed: Bool {
        guard term.rawValue <= Self.maxNumber, term > .zero || isAboutPreVote else { return false }
        switch body {
        case .append(let request): return isWellFormed(request)
        case .preVoteRequest(let lastEntry): return isWellFormed(lastEntry)
        case .voteRequest(let lastEntry, _):
            return isWellFormed(lastEntry) && lastEntry.term < term
        case .snapshotPart(let part):
            return isWellFormed(part.lastIncluded) && part.lastIncluded.index > .zero
                && part.offset <= Self.maxNumber
        case .appendResponse(.accepted(let matchIndex)):
            return matchIndex.rawValue <= Self.maxNumber
        case .appendResponse(.rejected(let previousIndex, let hint)):
            return previousIndex.rawValue <= Self.maxNumber && hint.index <= previousIndex
        case .heartbeat(let committed, _), .commitNotice(let committed):
            return isWellFormed(committed)
        case .heartbeatResponse(_, let promise): return promise <= Self.maxNumber
        case .snapshotResponse(let response):
            return isWellFormed(response.lastIncluded) && response.received <= Self.maxNumber
        case .readIndexResponse(_, let index): return index?.rawValue ?? 0 <= Self.maxNumber
        case .preVoteResponse, .voteResponse, .readIndexRequest, .timeoutNow: return true
        }
    }

    /// Before the first election there is no term; all but the question who might win it comes later.
    private var isAboutPreVote: Bool {
        switch body {
        case .preVoteRequest, .preVoteResponse: true
        default: false
        }
    }

    private func isWellFormed(_ entry: EntryID) -> Bool {
        entry.term <= term && entry.index.rawValue <= Self.maxNumber
    }

    /// Terms within an append do not fall, begin no lower than the entry before and end no higher than
    /// the sender's.
    private func isWellFormed(_ request: AppendRequest) -> Bool {
        guard isWellFormed(request.previous) else { return false }
        var term = request.previous.term
        var count = 0
        for run in request.entries {
            guard run.count > 0, run.term >= term, run.term >= Term(1) else { return false }
            let (sum, overflow) = count.addingReportingOverflow(run.count)
            guard !overflow, sum <= Int(Self.maxNumber) else { return false }
            count = sum
            term = run.term
        }
        return term <= self.term && hasConfigurationsInPlace(request)
    }

    /// Memberships stand among the entries, in order.
    private func hasConfigurationsInPlace(_ request: AppendRequest) -> Bool {
        var previous = request.previous.index
        for placed in request.configurations {
            guard placed.index > previous, placed.index <= request.lastIndex else { return false }
            previous = placed.index
        }
        return true
    }
}
