// Elections: timeouts, pre-votes, votes, and the steps from one role to the next (thesis §3.4, §9.6).

extension RaftCore {
    /// The fixed part of the election timeout has passed without word from a leader: after a random
    /// wait this node campaigns. From now on it may vote for others.
    mutating func electionTimeout(into effects: inout [Effect]) {
        switch role {
        case .follower: loseLeader(then: .campaign, into: &effects)
        case .preCandidate, .candidate: effects.append(.setTimer(.campaign))
        case .leader: break  // a late timer; it was cancelled on the way to office
        }
    }

    /// The leader is silent or gone.
    mutating func loseLeader(then timer: TimerID, into effects: inout [Effect]) {
        role.follower.hearsLeader = false
        role.follower.isBound = false
        role.follower.leader = nil
        refuseReads(into: &effects)
        timerIsStale = false
        hurriedCampaigns = timer == .earlyCampaign ? Self.maxHurriedCampaigns : 0
        if isVoter { effects.append(.setTimer(timer)) }
    }

    /// So many times in a row a node campaigns after a short wait only; a few more split votes than
    /// this are rarer than a crash.
    static let maxHurriedCampaigns = 4

    /// Asks for votes, or first whether that would be of use.
    mutating func campaign(into effects: inout [Effect]) {
        guard isVoter else { return }
        // Whoever cannot write could not lead; the disk may work again by the next try.
        guard !isDiskStalled else { return effects.append(.setTimer(.campaign)) }
        switch role {
        case .follower(let follower) where follower.hearsLeader: return  // a late timer
        case .leader: return  // a late timer
        case .follower, .preCandidate, .candidate: break
        }
        refuseReads(into: &effects)
        timerIsStale = false
        cancelCampaignTimers(into: &effects)
        if hurriedCampaigns > 1 {
            hurriedCampaigns -= 1
            effects.append(.setTimer(.earlyCampaign))
        } else {
            effects.append(.setTimer(.election))
        }
        guard settings.usesPreVote else {
            return startElection(isTransfer: false, into: &effects)
        }
        role = .preCandidate(Role.Campaign(granted: [id]))
        for peer in votersBesideSelf {
            send(.preVoteRequest(lastEntry: log.last), to: peer, into: &effects)
        }
        startElectionIfPromised(into: &effects)
    }

    private var votersBesideSelf: [NodeID] {
        configuration.members.filter { $0 != id && configuration.isVoter($0) }
    }

    /// Raises the term and asks for votes. The own vote counts, and the requests leave, once it is durable.
    mutating func startElection(isTransfer: Bool, into effects: inout [Effect]) {
        hardState = HardState(term: term.next, vote: id)
        held.removeAll()
        role = .candidate(Role.Campaign())
        for peer in votersBesideSelf {
            send(
                .voteRequest(lastEntry: log.last, isTransfer: isTransfer), to: peer, into: &effects)
        }
    }

    /// Answers whether this node would vote for the asker in the term after the asker's own.
    ///
    /// Nothing changes here, not even the term. A refusal carries this node's term, so that one whose
    /// log is newer but whose term is older catches up and can win.
    mutating func receivePreVoteRequest(
        _ message: Message, lastEntry: EntryID, into effects: inout [Effect]
    ) {
        let wouldVote =
            message.term >= term && !hearsLeader && !isBound
            && lastEntry.isAtLeastAsUpToDate(as: log.last)
        send(
            .preVoteResponse(granted: wouldVote, requestTerm: message.term), to: message.from,
            into: &effects)
    }

    private var hearsLeader: Bool {
        switch role {
        case .follower(let follower): follower.hearsLeader
        case .leader: true
        case .preCandidate, .candidate: false
        }
    }

    mutating func receivePreVoteResponse(
        from peer: NodeID, granted: Bool, requestTerm: Term, into effects: inout [Effect]
    ) {
        // A promise for another term, or one that comes after the campaign has moved on, is late.
        guard granted, requestTerm == term, case .preCandidate(var campaign) = role else { return }
        campaign.receiveGrant(from: peer)
        role = .preCandidate(campaign)
        startElectionIfPromised(into: &effects)
    }

    private mutating func startElectionIfPromised(into effects: inout [Effect]) {
        guard case .preCandidate(let campaign) = role else { return }
        if configuration.hasQuorum(where: campaign.granted.contains) {
            startElection(isTransfer: false, into: &effects)
        }
    }

    /// Votes once a term, for a candidate whose log is at least as up to date (thesis §3.4, §3.6.1).
    mutating func receiveVoteRequest(
        from candidate: NodeID, lastEntry: EntryID, isTransfer: Bool, into effects: inout [Effect]
    ) {
        let isFree = hardState.vote == nil && leader == nil || hardState.vote == candidate
        guard isFree, isTransfer || !isBound, lastEntry.isAtLeastAsUpToDate(as: log.last) else {
            send(.voteResponse(granted: false), to: candidate, into: &effects)
            return
        }
        if case .preCandidate = role { becomeFollower(term: term, leader: nil, into: &effects) }
        if hardState.vote == nil {
            hardState.vote = candidate
            effects.append(.trace(.voteGranted(to: candidate, term: term)))
            // Whoever has just voted gives the winner time to show itself.
            cancelCampaignTimers(into: &effects)
            effects.append(.setTimer(.election))
        }
        send(.voteResponse(granted: true), to: candidate, into: &effects)
    }

    private var isBound: Bool {
        if case .follower(let follower) = role { follower.isBound } else { false }
    }

    mutating func receiveVoteResponse(
        from voter: NodeID, granted: Bool, into effects: inout [Effect]
    ) {
        // Nobody can have been asked before the candidacy is durable; such a vote is made up.
        guard granted, durability.hardState == hardState else { return }
        receiveGrant(from: voter, into: &effects)
    }

    /// Counts a vote of this term; a quorum of them makes this node the leader.
    mutating func receiveGrant(from voter: NodeID, into effects: inout [Effect]) {
        guard case .candidate(var campaign) = role else { return }  // late: decided already
        campaign.receiveGrant(from: voter)
        role = .candidate(campaign)
        if configuration.hasQuorum(where: campaign.granted.contains) {
            becomeLeader(into: &effects)
        }
    }

    private mutating func becomeLeader(into effects: inout [Effect]) {
        invariant(durability.hardState == hardState, "a leader whose term is not durable")
        invariant(log.last.term < term, "the log has entries of term \(term) before its leader")
        cancelCampaignTimers(into: &effects)
        effects.append(.cancelTimer(.election))
        role = .leader(Leadership(firstIndex: log.lastIndex.next))
        role.leadership.setPeers(
            configuration, after: configuration, besides: id, lastIndex: log.lastIndex)
        announceLeadership(into: &effects)
        log.append(term: term, count: 1)
        noteUnwritten(from: log.lastIndex)
        effects.append(.emptyEntryAppended(log.last))
        effects.append(.setTimer(.heartbeat))
        effects.append(.setTimer(.quorumCheck))
        sendHeartbeats(into: &effects)
    }

    /// The host hears of the office before it is handed the first entry to stamp.
    private mutating func announceLeadership(into effects: inout [Effect]) {
        announcedRole = RoleChange(term: term, role: .leader, leader: id)
        effects.append(.roleChanged(announcedRole))
    }

    /// Takes a newer term, or yields to the leader of this one.
    ///
    /// The vote is forgotten only with the term: a second one in the same term would elect two leaders.
    mutating func becomeFollower(term: Term, leader: NodeID?, into effects: inout [Effect]) {
        invariant(term >= self.term, "term \(self.term) would fall to \(term)")
        if term > self.term {
            hardState = HardState(term: term, vote: nil)
            held.removeAll()
        }
        refuseReads(into: &effects)
        if role.isLeader {
            effects.append(.cancelTimer(.heartbeat))
            effects.append(.cancelTimer(.quorumCheck))
            effects.append(.cancelTimer(.transfer))
        }
        let wasWaiting = role.isFollower && !hearsLeader && !isBound
        let wasBound = isBound
        role = .follower(Role.Follower(leader: leader, verifiedIndex: commitIndex))
        role.follower.isBound = wasBound
        // A node that already waits to campaign goes on waiting: a flood of newer terms from others
        // must not keep the only one that could win from trying.
        if isVoter, !wasWaiting {
            cancelCampaignTimers(into: &effects)
            effects.append(.setTimer(.election))
        }
    }

    func cancelCampaignTimers(into effects: inout [Effect]) {
        effects.append(.cancelTimer(.campaign))
        effects.append(.cancelTimer(.earlyCampaign))
    }

    /// A leader that has not heard a quorum for an election timeout serves nobody and says so (thesis §6.2).
    ///
    /// The tick is also the leader's measure of an election timeout for all else.
    mutating func checkQuorum(into effects: inout [Effect]) {
        guard case .leader(let leadership) = role else { return }
        let isHeard =
            !settings.checksQuorum
            || configuration.hasQuorum { node in
                node == id || leadership.peers.contains { $0.node == node && $0.isActive }
            }
        guard isHeard else {
            effects.append(.trace(.quorumLost(term: term)))
            return becomeFollower(term: term, leader: nil, into: &effects)
        }
        for i in leadership.peers.indices {
            role.leadership.peers[i].isActive = false
            role.leadership.peers[i].catchUp?.tick()
        }
        effects.append(.setTimer(.quorumCheck))
        handOverIfStalled(into: &effects)
    }
}
