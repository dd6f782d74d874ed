// Handing over leadership (thesis §3.10): the leader takes no proposals, brings the one that shall lead up
// to its own last entry, and then tells it to campaign at once. If that comes to nothing within an
// election timeout, this leader goes on.

extension RaftCore {
    mutating func transferLeadership(to target: NodeID?, into effects: inout [Effect]) {
        do throws(TransferRefusal) {
            beginTransfer(to: try transferTarget(target), into: &effects)
        } catch {
            effects.append(.transferRefused(error))
        }
    }

    private func transferTarget(_ wanted: NodeID?) throws(TransferRefusal) -> NodeID {
        guard case .leader(let leadership) = role else { throw .notLeader(leader: leader) }
        if let transfer = leadership.transfer { throw .underWay(to: transfer.target) }
        guard let target = wanted ?? bestSuccessor else { throw .nobodyElse }
        guard target != id else { throw .leadsAlready }
        guard configuration.incoming.contains(target) else { throw .notVoter(target) }
        return target
    }

    private mutating func beginTransfer(to target: NodeID, into effects: inout [Effect]) {
        role.leadership.transfer = Leadership.Transfer(target: target)
        effects.append(.trace(.transferStarted(to: target)))
        effects.append(.setTimer(.transfer))
    }

    /// The one to lead next: a voter that stays, that has what is committed rather than one that hangs
    /// behind, of the highest priority, with the longest log.
    var bestSuccessor: NodeID? {
        successor { peer in
            let isCurrent = peer.isTakingEntries && peer.matchIndex >= commitIndex
            let readiness = isCurrent ? 2 : peer.isTakingEntries ? 1 : 0
            return (readiness, priority(peer), peer.matchIndex.rawValue)
        }
    }

    /// The same when there is no time to bring it up to date: whoever has most can win, and the priority decides
    /// only among those.
    var readiestSuccessor: NodeID? {
        successor { ($0.isTakingEntries ? 1 : 0, $0.matchIndex.rawValue, priority($0)) }
    }

    /// The voter that ranks highest; of equals the one with the lowest number.
    private func successor(_ rank: (Progress) -> (Int, UInt64, UInt64)) -> NodeID? {
        guard case .leader(let leadership) = role else { return nil }
        let able = leadership.peers.filter { configuration.incoming.contains($0.node) }
        return able.max { left, right in
            let (a, b) = (rank(left), rank(right))
            return a < b || a == b && left.node > right.node
        }?.node
    }

    private func priority(_ peer: Progress) -> UInt64 {
        UInt64(configuration.member(peer.node)?.priority ?? 0)
    }

    /// Orders the campaign once the one that shall lead has every entry.
    mutating func continueTransfer(into effects: inout [Effect]) {
        guard case .leader(let leadership) = role, let transfer = leadership.transfer,
            !transfer.isOrdered, let i = leadership.position(of: transfer.target),
            leadership.peers[i].matchIndex == log.lastIndex
        else { return }
        role.leadership.transfer?.isOrdered = true
        // The order may arrive late: nobody has to keep a promise to this leader any more.
        role.leadership.lease.isVoid = true
        send(.timeoutNow, to: transfer.target, into: &effects)
    }

    /// The one that was to lead has not taken over: this leader goes on, unless its own disk does not.
    mutating func transferTimeout(into effects: inout [Effect]) {
        guard case .leader(let leadership) = role, let transfer = leadership.transfer else {
            return  // a late timer: it has ended well
        }
        role.leadership.transfer = nil
        effects.append(.trace(.transferAborted(to: transfer.target)))
        if isDiskStalled { becomeFollower(term: term, leader: nil, into: &effects) }
    }

    /// The leader has told this node to take over. Voters that hear the leader vote all the same, for it
    /// is the leader's own wish.
    mutating func campaignAsOrdered(into effects: inout [Effect]) {
        guard isVoter, !isDiskStalled else { return }
        refuseReads(into: &effects)
        timerIsStale = false
        cancelCampaignTimers(into: &effects)
        effects.append(.setTimer(.election))
        startElection(isTransfer: true, into: &effects)
    }

    // MARK: The own disk

    /// A leader whose disk hangs serves nobody well: another one shall lead.
    mutating func tell(diskStalled isStalled: Bool, into effects: inout [Effect]) {
        guard isStalled != isDiskStalled else { return }
        isDiskStalled = isStalled
        handOverIfStalled(into: &effects)
    }

    mutating func handOverIfStalled(into effects: inout [Effect]) {
        guard isDiskStalled, case .leader(let leadership) = role, leadership.transfer == nil,
            let next = readiestSuccessor
        else { return }
        beginTransfer(to: next, into: &effects)
    }
}
