public import Raft

/// The number of a change of the membership at the node that took it.
public struct MembershipTicket: Hashable, Sendable {
    /// The number.
    public var rawValue: UInt64
}

/// The number of a hand-over of leadership at the node that took it.
public struct TransferTicket: Hashable, Sendable {
    /// The number.
    public var rawValue: UInt64
}

/// What became of a change of the membership.
public enum MembershipOutcome: Hashable, Sendable {
    /// It is committed, and no joint membership is in force any more: this is the membership now.
    case done(Configuration)
    /// It is committed, and the new voter is still a learner: the leader, whoever that will be, makes it a
    /// voter as soon as it has caught up, without being asked again.
    case catchingUp(Configuration)
    /// It is committed, and another change has undone it since.
    case undone(Configuration)
    /// Nothing is changed; the reason says what to do.
    case refused(MembershipRefusal)
    /// Nothing is changed: there would be more members than a cluster may have.
    case tooManyMembers(limit: Int)
    /// Nothing is changed: the new node could not be reached, and without its incarnation it is not
    /// taken in. Only told by hosts that ask it themselves.
    case unreachable
    /// Nothing is changed: another leader's entry was committed in its place.
    case superseded
    /// Nothing is changed: the node is stopping, or has stopped.
    case stopped
    /// It may be in force, or come to be: look at the membership.
    case unknown(UnknownReason)
}

/// What became of a hand-over of leadership.
public enum TransferOutcome: Hashable, Sendable {
    /// Another node leads.
    case done(leader: NodeID)
    /// Nothing has happened.
    case refused(TransferRefusal)
    /// The other node did not take over in time; this one leads on.
    case aborted
    /// No other leader has been heard of in time.
    case noLeader
    /// The node is stopping, or has stopped.
    case stopped
}
