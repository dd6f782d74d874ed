public import Raft
internal import RaftFormat

extension NodeLoop {
    /// Whether a node may speak under its name; see `RaftCore.admits(_:incarnation:)`.
    public func admits(_ node: NodeID, incarnation: UInt64) -> Bool {
        core.admits(node, incarnation: incarnation)
    }

    /// Takes a wish for another membership. The outcome comes as a completion.
    ///
    /// - Returns: The number under which the outcome will be told. Every change has exactly one.
    public mutating func changeMembership(_ change: MembershipChange) -> MembershipTicket {
        let ticket = MembershipTicket(rawValue: membership.nextTicket())
        guard failure == nil else {
            completions.append(.membership(ticket, .stopped))
            return ticket
        }
        membership.queued.append(
            PendingMembership.Queued(ticket: ticket, change: change))
        return ticket
    }

    /// Takes a wish for another leader: this one, or the best there is. The outcome comes as a completion.
    ///
    /// - Returns: The number under which the outcome will be told. Every wish has exactly one.
    public mutating func transferLeadership(to target: NodeID?) -> TransferTicket {
        let ticket = TransferTicket(rawValue: membership.nextTicket())
        guard failure == nil else {
            completions.append(.transfer(ticket, .stopped))
            return ticket
        }
        membership.wishes.append(PendingMembership.Wish(ticket: ticket, target: target))
        return ticket
    }

    /// Takes the wish to stop soon: whoever is best leads on. As a transfer to nobody in particular.
    public mutating func resign() -> TransferTicket { transferLeadership(to: nil) }

    // MARK: Handing in

    /// Hands what waits to the core.
    mutating func submitMembership() {
        let wishes = membership.wishes
        membership.wishes.removeAll()
        for wish in wishes { submit(wish) }
        let queued = membership.queued
        membership.queued.removeAll()
        for change in queued { submit(change) }
    }

    private mutating func submit(_ wish: PendingMembership.Wish) {
        membership.transferRefusal = nil
        feed(.transferLeadership(to: wish.target))
        if let refusal = membership.transferRefusal {
            completions.append(.transfer(wish.ticket, .refused(refusal)))
        } else {
            membership.transfer = PendingMembership.Transfer(
                ticket: wish.ticket, deadline: requestDeadline)
        }
    }

    private mutating func submit(_ queued: PendingMembership.Queued) {
        if case .add = queued.change,
            core.configuration.members.count >= ConfigurationLimits.maxMembers
        {
            let limit = ConfigurationLimits.maxMembers
            return end(queued.ticket, .tooManyMembers(limit: limit))
        }
        membership.refusal = nil
        membership.appendedEntry = nil
        feed(.changeMembership(queued.change))
        if let entry = membership.appendedEntry {
            membership.appended.append(
                PendingMembership.Appended(
                    ticket: queued.ticket, entry: entry, deadline: requestDeadline,
                    newVoter: queued.change.newVoter))
        } else if let refusal = membership.refusal {
            end(queued.ticket, .refused(refusal))
        } else {
            end(queued.ticket, .stopped)  // the core has broken an invariant just before
        }
    }

    private mutating func end(_ ticket: MembershipTicket, _ outcome: MembershipOutcome) {
        completions.append(.membership(ticket, outcome))
    }

    // MARK: Outcomes

    /// Ends the changes whose outcome is known by now, and what has waited for too long.
    mutating func settleMembership() {
        let waiting = membership.appended
        membership.appended.removeAll()
        for var change in waiting {
            change.fate = fate(of: change)
            if let outcome = outcome(of: change) {
                end(change.ticket, outcome)
            } else {
                membership.appended.append(change)
            }
        }
        if let transfer = membership.transfer, transfer.deadline <= now { endTransfer(.noLeader) }
    }

    private func fate(of change: PendingMembership.Appended) -> PendingMembership.Appended.Fate {
        guard change.fate == .open, core.commitIndex >= change.entry.index else {
            return change.fate
        }
        switch core.log.term(at: change.entry.index) {
        case change.entry.term: return .committed
        case nil: return .lostSight
        default: return .replaced
        }
    }

    private func outcome(of change: PendingMembership.Appended) -> MembershipOutcome? {
        let isOver = change.deadline <= now
        switch change.fate {
        case .replaced: return .superseded
        case .lostSight: return .unknown(.snapshotInstalled)
        case .open: return isOver ? .unknown(.timeout) : nil
        case .committed: break
        }
        let configuration = core.configuration
        guard core.isConfigurationCommitted, !configuration.isJoint else {
            return isOver ? .unknown(.timeout) : nil
        }
        guard let node = change.newVoter, !configuration.incoming.contains(node) else {
            return .done(configuration)
        }
        guard configuration.promoting.contains(node) else { return .undone(configuration) }
        return isOver ? .catchingUp(configuration) : nil
    }

    private mutating func endTransfer(_ outcome: TransferOutcome) {
        guard let transfer = membership.transfer else { return }
        membership.transfer = nil
        completions.append(.transfer(transfer.ticket, outcome))
    }

    mutating func transferAborted() { endTransfer(.aborted) }

    /// A hand-over ends when a leader is known again.
    mutating func noteLeader(_ leader: NodeID) {
        endTransfer(leader == identity.node ? .aborted : .done(leader: leader))
    }

    /// The node stops.
    mutating func endMembership() {
        for wish in membership.wishes { completions.append(.transfer(wish.ticket, .stopped)) }
        for queued in membership.queued { end(queued.ticket, .stopped) }
        for change in membership.appended { end(change.ticket, .unknown(.stopped)) }
        membership.wishes.removeAll()
        membership.queued.removeAll()
        membership.appended.removeAll()
        endTransfer(.stopped)
    }
}

extension MembershipChange {
    /// The node that shall be a voter in the end, and may have to catch up first.
    fileprivate var newVoter: NodeID? {
        switch self {
        case .add(let member, asVoter: true): member.id
        case .promote(let node): node
        case .add, .demote, .remove, .setVoters, .update, .readmit: nil
        }
    }
}
