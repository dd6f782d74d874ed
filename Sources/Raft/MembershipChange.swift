/// A wish for another membership. The leader turns it into entries of the log.
///
/// Any change of the voters goes through a joint configuration (thesis §4.3), which the leader enters
/// and leaves by itself. At most one change is under way at a time.
public enum MembershipChange: Hashable, Sendable {
    /// A node joins: it gets the whole log. `asVoter`: and is made a voter once it has caught up.
    case add(Member, asVoter: Bool)
    /// A learner is to be made a voter once it has caught up.
    case promote(NodeID)
    /// A voter goes on as a learner.
    case demote(NodeID)
    /// A member leaves.
    case remove(NodeID)
    /// These, and no others, are the voters from now on. Each is a voter already or a learner that has
    /// caught up; voters that are not named leave.
    case setVoters([NodeID])
    /// What is known of a member has changed. A known incarnation stays: a member that has lost its disk
    /// is removed and added again, or readmitted, for what it acknowledged is gone.
    case update(Member)
    /// A member has begun anew, under its old name and with another incarnation.
    ///
    /// As long as it counts as a voter it is made a learner, which shall be a voter again; of a learner the
    /// incarnation is overwritten. So a voter takes two such changes, the second one when the first is done.
    case readmit(NodeID, incarnation: UInt64)
}

/// Why a membership is not changed. None of these leaves anything behind.
public enum MembershipRefusal: Error, Hashable, Sendable {
    /// Another node leads, if one is known: ask there.
    case notLeader(leader: NodeID?)
    /// This leader has not committed an entry of its term yet (it could build on a membership that never
    /// was); ask again a little later.
    case notYetCommitted
    /// Another change is under way; ask again when it is done.
    case changeUnderWay
    /// Leadership is being handed over; ask the next leader.
    case transferring(to: NodeID)
    /// No such member.
    case unknownMember(NodeID)
    /// The node is a member already.
    case alreadyMember(NodeID)
    /// The node is not a learner, or not a voter, as this change needs it.
    case wrongKind(NodeID)
    /// The learner lacks too much of the log to vote now.
    case notCaughtUp(NodeID)
    /// The member is known by another incarnation; or by none, where one is to take the place of another.
    case otherIncarnation(NodeID)
    /// A cluster needs a voter.
    case lastVoter
    /// An address is longer than `Member.maxAddressBytes`, a node is named 0, or a new one has no incarnation
    /// where those of others are known.
    case malformed(NodeID)
}

extension Configuration {
    /// The membership that a change leads to first: a joint one when the voters change.
    ///
    /// - Parameter isCaughtUp: Whether a learner has all but the newest entries.
    func applying(
        _ change: MembershipChange, isCaughtUp: (NodeID) -> Bool
    ) throws(MembershipRefusal) -> Configuration {
        switch change {
        case .add(let member, let asVoter):
            try check(member)
            guard !isMember(member.id) else { throw .alreadyMember(member.id) }
            // Where all members are known by their incarnations, that stays so.
            guard member.incarnation != 0 || roster.allSatisfy({ $0.incarnation == 0 }) else {
                throw .malformed(member.id)
            }
            return with(
                learners: learners + [member.id],
                promoting: asVoter ? promoting + [member.id] : promoting, roster: roster + [member])
        case .promote(let node):
            guard isMember(node) else { throw .unknownMember(node) }
            guard learners.contains(node), !promoting.contains(node) else {
                throw .wrongKind(node)
            }
            return with(learners: learners, promoting: promoting + [node], roster: roster)
        case .demote(let node): return try withoutVoter(node, keeping: true)
        case .remove(let node):
            guard learners.contains(node) else { return try withoutVoter(node, keeping: false) }
            return with(
                learners: learners.filter { $0 != node }, promoting: promoting, roster: roster)
        case .setVoters(let voters): return try joint(voters, isCaughtUp)
        case .update(let member):
            try check(member)
            guard let known = self.member(member.id) else { throw .unknownMember(member.id) }
            guard known.incarnation == 0 || known.incarnation == member.incarnation else {
                throw .otherIncarnation(member.id)
            }
            let others = roster.filter { $0.id != member.id }
            return with(learners: learners, promoting: promoting, roster: others + [member])
        case .readmit(let node, let incarnation): return try readmitting(node, incarnation)
        }
    }

    /// The next step on the way to a member that has begun anew.
    ///
    /// A voter is made a learner first, through a joint membership like any other, and keeps the incarnation
    /// by which it is known until that is done: so nobody takes the word of the new one for that of the
    /// old one, which is counted. A learner counts for nothing, and may become another one.
    private func readmitting(
        _ node: NodeID, _ incarnation: UInt64
    ) throws(MembershipRefusal) -> Configuration {
        guard var member = member(node) else { throw .unknownMember(node) }
        guard member.incarnation != 0, incarnation != 0 else { throw .otherIncarnation(node) }
        guard member.incarnation != incarnation else { throw .alreadyMember(node) }
        guard learners.contains(node) else {
            let demoted = try withoutVoter(node, keeping: true)
            return demoted.with(
                learners: demoted.learners, promoting: demoted.promoting + [node], roster: roster)
        }
        member.incarnation = incarnation
        return with(
            learners: learners, promoting: promoting,
            roster: roster.filter { $0.id != node } + [member])
    }

    /// The membership after a joint one: those who leave have left.
    func leavingJoint() -> Configuration {
        Configuration(voters: incoming, learners: learners, promoting: promoting, roster: roster)
    }

    /// The joint membership in which some learners become voters.
    func promotingNow(_ nodes: [NodeID]) -> Configuration {
        Configuration(
            voters: incoming + nodes, leaving: incoming, learners: learners, promoting: promoting,
            roster: roster)
    }

    private func check(_ member: Member) throws(MembershipRefusal) {
        guard member.id.rawValue > 0, member.address.utf8.count <= Member.maxAddressBytes else {
            throw .malformed(member.id)
        }
    }

    private func with(
        learners: [NodeID], promoting: [NodeID], roster: [Member]
    ) -> Configuration {
        Configuration(
            voters: incoming, leaving: outgoing, learners: learners, promoting: promoting,
            roster: roster)
    }

    private func withoutVoter(
        _ node: NodeID, keeping: Bool
    ) throws(MembershipRefusal) -> Configuration {
        guard isMember(node) else { throw .unknownMember(node) }
        guard incoming.contains(node) else { throw .wrongKind(node) }
        guard incoming.count > 1 else { throw .lastVoter }
        return Configuration(
            voters: incoming.filter { $0 != node }, leaving: incoming,
            learners: keeping ? learners + [node] : learners, promoting: promoting, roster: roster)
    }

    private func joint(
        _ voters: [NodeID], _ isCaughtUp: (NodeID) -> Bool
    ) throws(MembershipRefusal) -> Configuration {
        guard !voters.isEmpty else { throw .lastVoter }
        for node in voters where !incoming.contains(node) {
            guard learners.contains(node) else { throw .unknownMember(node) }
            guard isCaughtUp(node) else { throw .notCaughtUp(node) }
        }
        return Configuration(
            voters: voters, leaving: incoming, learners: learners, promoting: promoting,
            roster: roster)
    }
}
