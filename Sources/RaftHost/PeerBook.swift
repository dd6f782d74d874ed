internal import Platform
internal import Raft

/// Who the peers of a node are, and where: what its settings say, and what its membership says.
///
/// A member's address in the membership comes before the one in the settings: it was put there by a change
/// of the cluster. Founders have none there, so for them the settings count, and may differ from start to
/// start. A node without a membership yet goes by its settings alone, and one that has no leader looks there, too.
struct PeerBook {
    /// One peer, as the transport needs it.
    struct Peer: Equatable {
        var node: NodeID
        var address: Address
        /// Which incarnations of it are let in.
        var pin: Pin
    }

    /// Which incarnations of a peer are let in.
    enum Pin: Equatable {
        /// The first one that is met; the membership says nothing.
        case first
        /// Any, but of those that still found their cluster only this one. The membership names it, but this
        /// node may be behind.
        case presumably(UInt64)
        /// This one.
        case only(UInt64)
    }

    private let own: NodeID
    private let settings: [(node: NodeID, address: Address)]
    /// Nodes that are asked who they are, before they are taken in.
    private var candidates: [(node: NodeID, address: Address)] = []
    private(set) var peers: [Peer] = []
    /// Peers that are no members any more, and until when they are kept.
    private var leaving: [(node: NodeID, until: MonotonicTime)] = []

    init(own: NodeID, settings: [(NodeID, Address)]) {
        self.own = own
        self.settings = settings.map { (node: $0.0, address: $0.1) }
    }

    mutating func addCandidate(_ node: NodeID, at address: Address) {
        removeCandidate(node)
        candidates.append((node, address))
    }

    /// Lets go of a peer at once.
    mutating func forget(_ node: NodeID) {
        peers.removeAll { $0.node == node }
        leaving.removeAll { $0.node == node }
    }

    mutating func removeCandidate(_ node: NodeID) { candidates.removeAll { $0.node == node } }

    /// Takes in the membership.
    ///
    /// A peer that is no member any more is kept as long as it leads, until its removal is committed, and for
    /// some time after: it has to hear of it, and to hand over.
    /// - Parameter grace: How long.
    mutating func update(
        _ configuration: Configuration, isCommitted: Bool, leader: NodeID?,
        isFounding: Bool = false, at now: MonotonicTime, grace: Int
    ) {
        var next: [Peer] = []
        let members = configuration.members
        for node in members where node != own {
            guard let address = address(of: node, configuration) else { continue }
            let pinned = configuration.member(node)?.incarnation ?? 0
            // Whoever has no leader may be the one that is behind, and must not turn the leader away; see
            // `NodeLoop.receive`.
            let isBehind = !isFounding && (leader == nil || leader == node)
            let pin: Pin = pinned == 0 ? .first : isBehind ? .presumably(pinned) : .only(pinned)
            next.append(Peer(node: node, address: address, pin: pin))
        }
        // All whom this node knows as members may have been replaced while it was away. Then only its
        // settings can tell who leads now.
        let isLost = members.isEmpty || leader == nil && !isFounding
        for (node, address) in candidates + (isLost ? settings : [])
        where node != own && !next.contains(where: { $0.node == node }) {
            next.append(Peer(node: node, address: address, pin: .first))
        }
        keepLeaving(&next, isCommitted: isCommitted, leader: leader, at: now, grace: grace)
        peers = next.sorted { $0.node < $1.node }
    }

    private mutating func keepLeaving(
        _ next: inout [Peer], isCommitted: Bool, leader: NodeID?, at now: MonotonicTime, grace: Int
    ) {
        var stillLeaving: [(node: NodeID, until: MonotonicTime)] = []
        for peer in peers where !next.contains(where: { $0.node == peer.node }) {
            let fresh = now.advanced(byMilliseconds: grace)
            let known = leaving.first { $0.node == peer.node }?.until
            let until = isCommitted && leader != peer.node ? known ?? fresh : fresh
            guard until > now else { continue }
            stillLeaving.append((peer.node, until))
            next.append(peer)
        }
        leaving = stillLeaving
    }

    /// When to look again, although nothing has happened.
    var nextDeadline: MonotonicTime? { leaving.map(\.until).min() }

    private func address(of node: NodeID, _ configuration: Configuration) -> Address? {
        if let text = configuration.member(node)?.address, !text.isEmpty,
            let address = try? Address(parsing: text)
        {
            return address
        }
        return settings.first { $0.node == node }?.address
            ?? peers.first { $0.node == node }?.address
    }
}
