package import Raft

/// A message on its way, with what travels beside it.
package struct ModelPacket: Hashable, Sendable {
    package var message: Message
    /// The commands of an append's entries.
    package var payloads: [UInt64] = []
    /// The incarnation of the sender.
    package var sender: UInt64 = 0
}

/// One thing that may happen to a cluster. Whoever chooses the actions chooses the schedule.
package enum ModelAction: Hashable, Sendable {
    /// The packet at this place arrives.
    case deliver(Int)
    /// The packet at this place is lost.
    case drop(Int)
    /// A second copy of the packet at this place sets out.
    case duplicate(Int)
    /// An armed timer runs out.
    case fire(NodeID, TimerID)
    /// The oldest writes become durable, and the core hears of it.
    case sync(NodeID, count: Int)
    /// The node dies; of its writes that are not durable the oldest few survive.
    case crash(NodeID, surviving: Int)
    case restart(NodeID)
    /// The first node hears that the second one's process closed their connection.
    case close(NodeID, peer: NodeID)
    case propose(NodeID, count: Int)
    case read(NodeID)
    /// The node takes a snapshot of what it has applied, and keeps some entries before its end.
    case compact(NodeID, keeping: Int)
    /// A snapshot that came whole becomes durable.
    case storeSnapshot(NodeID)
    /// The host of the first node finds that it no longer has the snapshot for the second.
    case loseSnapshot(NodeID, peer: NodeID)
    /// A snapshot that came whole turns out to be damaged.
    case rejectSnapshot(NodeID)
    case flush(NodeID)
    /// Somebody asks the node for another membership.
    case change(NodeID, MembershipChange)
    /// Somebody asks the node to hand over, to one that is named or to the best.
    case transfer(NodeID, to: NodeID?)
    /// The node's disk hangs, or works again; it goes on writing late.
    case stall(NodeID, Bool)
    /// A node that is down comes back with an empty disk, and with another incarnation.
    case wipe(NodeID)
    /// The node's clock shows so many milliseconds.
    case clock(NodeID, UInt64)
}

/// What became of a read: the index at which it may be answered, or nothing when it was refused.
package struct ModelReadOutcome: Hashable, Sendable {
    package var read: ReadID
    package var index: LogIndex?
}
