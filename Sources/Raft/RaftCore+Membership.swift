// Changes of the membership (thesis chapter 4).
//
// A membership counts from the moment its entry is appended, at each node, and no longer once the entry
// is cut off. Voters change only through a joint membership (§4.3), so any two quorums that can decide at
// one time have a node in common. A leader takes a change only when it has committed an entry of its term
// (else two leaders in a row could each start from a membership that never was) and when the newest
// membership is committed and not joint (else two changes would overlap).

extension RaftCore {
    /// The membership that was in force at an entry: the one to put into a snapshot that ends there.
    ///
    /// - Parameter index: Not before the newest snapshot's end.
    public func configuration(at index: LogIndex) -> Configuration {
        history.configuration(at: index)
    }

    /// Whether the newest membership is committed.
    public var isConfigurationCommitted: Bool { history.currentIndex <= commitIndex }

    mutating func changeMembership(_ change: MembershipChange, into effects: inout [Effect]) {
        do throws(MembershipRefusal) {
            let next = try membership(after: change)
            appendConfiguration(next, into: &effects)
        } catch {
            effects.append(.changeRefused(error))
        }
    }

    private func membership(
        after change: MembershipChange
    ) throws(MembershipRefusal) -> Configuration {
        guard case .leader(let leadership) = role else { throw .notLeader(leader: leader) }
        if let transfer = leadership.transfer { throw .transferring(to: transfer.target) }
        guard commitIndex >= leadership.firstIndex else { throw .notYetCommitted }
        guard isConfigurationCommitted, !configuration.isJoint else { throw .changeUnderWay }
        return try configuration.applying(change) { node in
            leadership.peers.contains { $0.node == node && isNearEnd($0) }
        }
    }

    /// Whether a learner lacks no more than what is on its way to it.
    private func isNearEnd(_ peer: Progress) -> Bool {
        guard case .replicate = peer.state else { return false }
        return peer.matchIndex >= commitIndex
    }

    private mutating func appendConfiguration(
        _ next: Configuration, into effects: inout [Effect]
    ) {
        log.append(term: term, count: 1)
        noteUnwritten(from: log.lastIndex)
        history.append(next, at: log.lastIndex)
        effects.append(.configurationAppended(log.last, next))
        adoptConfiguration(into: &effects)
    }

    /// A leader's entries hold memberships: the last of them counts from now on.
    mutating func takeConfigurations(
        _ placed: [PlacedConfiguration], into effects: inout [Effect]
    ) {
        guard !placed.isEmpty else { return }
        for change in placed { history.append(change.configuration, at: change.index) }
        adoptConfiguration(into: &effects)
    }

    /// Entries from `first` on are cut off: the memberships among them never were.
    mutating func cutConfigurations(from first: LogIndex, into effects: inout [Effect]) {
        guard history.currentIndex >= first else { return }
        history.truncate(from: first)
        effects.append(.trace(.configurationRolledBack(to: history.currentIndex)))
        adoptConfiguration(into: &effects)
    }

    /// Makes the newest membership the one that counts.
    mutating func adoptConfiguration(into effects: inout [Effect]) {
        let wasVoter = isVoter
        let before = configuration
        guard configuration != history.current else { return }
        configuration = history.current
        effects.append(.configurationChanged(configuration))
        if role.isLeader {
            role.leadership.setPeers(
                configuration, after: before, besides: id, lastIndex: log.lastIndex)
            role.leadership.mayCommit = true
        } else if !wasVoter, isVoter {
            // It may have lost its leader long ago, and waited for nothing while it had no vote.
            effects.append(.setTimer(.election))
        }
    }

    // MARK: What a leader does by itself

    /// Goes on with a change: leaves a joint membership, makes voters of those who have caught up, and
    /// gives up an office that this node may not hold.
    mutating func continueMembership(into effects: inout [Effect]) {
        guard case .leader(let leadership) = role, leadership.transfer == nil,
            configuration.isJoint || !configuration.promoting.isEmpty || !configuration.isVoter(id),
            commitIndex >= leadership.firstIndex, isConfigurationCommitted
        else { return }
        if configuration.isJoint {
            appendConfiguration(configuration.leavingJoint(), into: &effects)
        } else if !configuration.isVoter(id) {
            retire(into: &effects)
        } else {
            let ready = configuration.promoting.filter { node in
                leadership.peers.contains { $0.node == node && $0.catchUp?.isDone ?? false }
            }
            guard !ready.isEmpty else { return }
            appendConfiguration(configuration.promotingNow(ready), into: &effects)
        }
    }

    /// This leader is no voter any more, and that is committed: one that has all leads on (§4.2.2).
    private mutating func retire(into effects: inout [Effect]) {
        effects.append(.trace(.retired(term: term)))
        role.leadership.lease.isVoid = true
        if let next = readiestSuccessor { send(.timeoutNow, to: next, into: &effects) }
        becomeFollower(term: term, leader: nil, into: &effects)
    }

    /// An answer may end a round of a learner that shall be a voter.
    mutating func noteCatchUp(_ i: Int) {
        let match = role.leadership.peers[i].matchIndex
        role.leadership.peers[i].catchUp?.note(match: match, lastIndex: log.lastIndex)
    }
}

extension Leadership {
    /// Looks after the members of a new membership: those who stay keep their place. One that has begun anew
    /// under its name has not stayed: what the earlier one had is gone.
    mutating func setPeers(
        _ configuration: Configuration, after before: Configuration, besides own: NodeID,
        lastIndex: LogIndex
    ) {
        peers = configuration.members.filter { $0 != own }.map { node in
            let known = before.member(node)?.incarnation ?? 0
            let isSame = known == 0 || known == configuration.member(node)?.incarnation
            let kept = isSame ? peers.first { $0.node == node } : nil
            return kept ?? Progress(node: node, nextIndex: lastIndex.next)
        }
        for i in peers.indices {
            let isPromoting = configuration.promoting.contains(peers[i].node)
            if !isPromoting {
                peers[i].catchUp = nil
            } else if peers[i].catchUp == nil {
                peers[i].catchUp = CatchUp(lastIndex: lastIndex)
            }
        }
        lease.restart()
    }
}
