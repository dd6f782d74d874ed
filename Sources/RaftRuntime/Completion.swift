public import Raft

/// The number of a proposal at the node that took it; never used twice in one life of the node.
public struct ProposalID: Hashable, Comparable, Sendable {
    /// The number.
    public var rawValue: UInt64

    /// The number of the proposal that was taken so many later than this one.
    public func advanced(by count: Int) -> ProposalID {
        ProposalID(rawValue: rawValue + UInt64(count))
    }

    /// Orders proposals as they were taken.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The number of a read at the node that took it.
public struct ReadTicket: Hashable, Sendable {
    /// The number.
    public var rawValue: UInt64
}

/// What became of a proposal. There are three outcomes, and a caller must tell them apart.
public enum ProposalOutcome<Answer: Sendable>: Sendable {
    /// It is committed, and applied at this node: the machine's answer, and where it stands in the log.
    case done(Answer, at: LogPosition)
    /// It was not applied and never will be. It may be proposed again without harm.
    case notDone(NotDoneReason)
    /// It may have been applied, or may still be: the answer is lost, not the command. Propose again
    /// only what does no harm twice.
    case unknown(UnknownReason)
}

extension ProposalOutcome: Equatable where Answer: Equatable {}

/// Why a proposal was surely not applied.
public enum NotDoneReason: Hashable, Sendable {
    /// No leader was known until its time was over, or the one known could not take it.
    case noLeader(known: NodeID?)
    /// Too many bytes wait; try again a little later.
    case overloaded
    /// Leadership is being handed over; try again a little later.
    case transferring(to: NodeID)
    /// The command is larger than `NodeSettings.maxCommandBytes`.
    case tooLarge(limit: Int)
    /// The disk of this node, or of the leader, is full. Another node may have space; this one takes proposals
    /// again by itself once it has.
    case diskFull
    /// Another leader's entry was committed in its place.
    case superseded
    /// The node is stopping or has stopped; it never took the proposal.
    case stopped
}

/// Why the outcome of a proposal is not known.
public enum UnknownReason: Hashable, Sendable {
    /// Its time was over before it was committed.
    case timeout
    /// The leader that it was forwarded to has gone.
    case leaderLost
    /// A snapshot took the place of the entries among which it was.
    case snapshotInstalled
    /// The node stopped before it was committed.
    case stopped
}

/// What became of a read.
public enum ReadOutcome: Hashable, Sendable {
    /// The machine's state now holds all that was committed when the read was asked for.
    case ready
    /// It cannot be answered: no leader in time.
    case noLeader
    /// Too many reads wait.
    case overloaded
    /// Its time was over.
    case timeout
    /// The node is stopping.
    case stopped
}

/// One answer from the loop to its host.
public enum Completion<Answer: Sendable>: Sendable {
    /// A proposal has ended.
    case proposal(ProposalID, ProposalOutcome<Answer>)
    /// A change of the membership has ended, or goes on by itself.
    case membership(MembershipTicket, MembershipOutcome)
    /// A hand-over of leadership has ended.
    case transfer(TransferTicket, TransferOutcome)
    /// A request for a snapshot has ended.
    case snapshot(SnapshotTicket, SnapshotOutcome)
    /// A read has ended; `ready` holds until the next call that changes the loop.
    case read(ReadTicket, ReadOutcome)
}

extension Completion: Equatable where Answer: Equatable {}
