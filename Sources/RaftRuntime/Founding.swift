internal import Raft
internal import RaftStorage

/// The founding of a cluster, as one of its founders sees it.
///
/// A node whose directory is new cannot tell whether it founds the cluster or has lost its disk; in the
/// second case it has perhaps voted and acknowledged, and must not do so again under its name. So it takes
/// no part before it knows the incarnation of every founder *and* every founder has said that it has put down
/// this node's. A founder puts down one incarnation of each other, once and for ever. So of a name only
/// one incarnation can get past this point: another one would need the word of a founder that has put down
/// the first, or, where all have lost their disks, there is nothing to lose. A node without such a record, as one
/// that was taken in later, gives nobody its word (`NodeLoop.meet`).
///
/// A cluster that begins behind a snapshot of another one (`RestoredDirectory`) is founded alike, with one
/// condition more: all must begin behind the same snapshot. What is before the first entry is committed for each of
/// them without a word to the others, so two that differ there would stay different for ever. The upper half of such
/// a founder's incarnation is the checksum of the snapshot it begins with, and founders with another one are refused.
struct Founding: Hashable, Sendable {
    let own: NodeIdentity
    /// All founders, this node included.
    let founders: [NodeID]
    /// The entry behind which the cluster begins.
    let origin: EntryID
    /// The incarnations that are known and put down, sorted by node.
    private(set) var known: [Member]
    /// Those who have put down this node's incarnation, as far as they have said so in this life.
    private var witnesses: [NodeID] = []

    init(own: NodeIdentity, founders: [NodeID], origin: EntryID = .zero, known: [Member]) {
        self.own = own
        self.founders = founders
        self.origin = origin
        self.known = known.filter { founders.contains($0.id) && $0.id != own.node }
        self.known.append(Member(own.node, incarnation: own.incarnation))
        self.known.sort { $0.id < $1.id }
    }

    /// The incarnation of a node that begins with the snapshot of that checksum; never 0, which stands for none.
    static func incarnation(checksum: UInt32, random: UInt64) -> UInt64 {
        UInt64(checksum) << 32 | max(random >> 32, 1)
    }

    /// What hearing a node comes to.
    enum Meeting: Hashable {
        /// It has the name of a founder and another incarnation than is put down.
        case refused
        /// It begins with another snapshot of another cluster than this node, or with none.
        case otherOrigin
        /// It is known, or no founder.
        case nothingNew
        /// It is to be put down before it is answered.
        case new
    }

    mutating func meet(_ node: NodeID, incarnation: UInt64) -> Meeting {
        guard founders.contains(node) else { return .nothingNew }
        if let member = known.first(where: { $0.id == node }) {
            return member.incarnation == incarnation ? .nothingNew : .refused
        }
        if origin != .zero, incarnation >> 32 != own.incarnation >> 32 { return .otherOrigin }
        known.append(Member(node, incarnation: incarnation))
        known.sort { $0.id < $1.id }
        return .new
    }

    /// A node has said that it has put down this one.
    mutating func noteWitness(_ node: NodeID) {
        if founders.contains(node), !witnesses.contains(node) { witnesses.append(node) }
    }

    /// The founders that are not known, or have not said that they know this node.
    var missing: [NodeID] {
        founders.filter { node in
            node != own.node
                && !(witnesses.contains(node) && known.contains { $0.id == node })
        }
    }

    /// What is to be put down.
    var record: FoundingRecord {
        FoundingRecord(isComplete: missing.isEmpty, origin: origin, members: known)
    }

    /// The founding membership, with what is known of its members.
    var configuration: Configuration { Configuration(voters: founders, roster: known) }
}
