internal import Raft

/// The changes of the membership, and the hand-over, that wait for their outcome.
struct PendingMembership {
    /// A change that was not yet handed to the core.
    struct Queued {
        var ticket: MembershipTicket
        var change: MembershipChange
    }

    /// A change whose first entry is in the log.
    struct Appended {
        enum Fate {
            case open
            case committed
            /// Another entry is committed in its place.
            case replaced
            /// A snapshot took its place, so nobody here can tell.
            case lostSight
        }

        var ticket: MembershipTicket
        var entry: EntryID
        var deadline: Instant
        /// The node that shall be a voter in the end, if that is the wish.
        var newVoter: NodeID?
        var fate = Fate.open
    }

    /// A hand-over that was not yet handed to the core.
    struct Wish {
        var ticket: TransferTicket
        var target: NodeID?
    }

    /// The hand-over that is under way.
    struct Transfer {
        var ticket: TransferTicket
        var deadline: Instant
    }

    var queued: [Queued] = []
    var appended: [Appended] = []
    var wishes: [Wish] = []
    var transfer: Transfer?
    /// What the core has said to the change or the wish that is being handed in.
    var appendedEntry: EntryID?
    var refusal: MembershipRefusal?
    var transferRefusal: TransferRefusal?
    private var lastTicket: UInt64 = 0

    mutating func nextTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    var nextDeadline: Instant? {
        appended.reduce(transfer?.deadline) { $0.orSooner($1.deadline) }
    }
}
