public import Raft
internal import Wire

/// A node with which a connection may be made.
public struct KnownPeer: Hashable, Sendable {
    /// Its name.
    public var node: NodeID
    /// Its incarnation, when it is known from earlier.
    public var incarnation: UInt64?
    /// The incarnation that it has for all that is known here, which may be out of date. One that still founds
    /// its cluster must have it all the same: it would be the one that has lost its data.
    public var presumedIncarnation: UInt64?

    /// Makes a peer.
    public init(
        _ node: NodeID, incarnation: UInt64? = nil, presumedIncarnation: UInt64? = nil
    ) {
        self.node = node
        self.incarnation = incarnation
        self.presumedIncarnation = presumedIncarnation
    }
}

/// The first words on a new connection, as a value, for either side.
///
/// ```
///   dialler                                acceptor
///   start: hello  ───────────────────────▶ refuses, or answers and is established
///   is established, or refuses  ◀───────── helloReply
/// ```
///
/// Feed `receive` with everything that was received and not yet consumed, each time more has come.
/// It answers once with something else than `needMore`; whoever is refused closes the connection
/// after `output` has been written. The caller bounds the time.
public struct Handshake: Sendable {
    /// What is to be done after some bytes have come.
    public enum Step: Equatable, Sendable {
        /// Wait for more.
        case needMore
        /// The peer is who it should be; frames follow after the first `consumedBytes` bytes. A dialler may
        /// have said that it still founds its cluster: then the host may have an objection of its own
        /// (`refuseFounder`).
        case established(
            NodeIdentity, version: UInt16, consumedBytes: Int, isFounding: Bool = false)
        /// No connection: this side will not have it, or (`byPeer`) the other side said so.
        case refused(HandshakeRefusal, byPeer: Bool)
    }

    private enum Side {
        case dialler(KnownPeer, isFounding: Bool, isRejoining: Bool)
        case acceptor([KnownPeer])
    }

    private let identity: NodeIdentity
    private let side: Side

    /// Begins a handshake with a node that `identity` has dialled.
    ///
    /// - Parameters:
    ///   - isFounding: Whether this node still waits for the other founders of its cluster.
    ///   - isRejoining: Whether this node has begun anew under its name, and the cluster may not know it yet.
    public static func dialling(
        _ peer: KnownPeer, as identity: NodeIdentity, isFounding: Bool = false,
        isRejoining: Bool = false
    ) -> Handshake {
        Handshake(
            identity: identity,
            side: .dialler(peer, isFounding: isFounding, isRejoining: isRejoining))
    }

    /// Begins a handshake with whoever has dialled `identity`; only `peers` are let in.
    public static func accepting(from peers: [KnownPeer], as identity: NodeIdentity) -> Handshake {
        Handshake(identity: identity, side: .acceptor(peers))
    }

    /// Appends what this side says first: a dialler's hello, nothing for the side that was dialled.
    ///
    /// - Throws: `EncodeError` when the identity itself breaks a limit.
    public func start(into output: inout [UInt8]) throws(EncodeError) {
        guard case .dialler(let peer, let isFounding, let isRejoining) = side else { return }
        let hello = Hello(
            lowestVersion: ProtocolVersion.lowest, highestVersion: ProtocolVersion.highest,
            sender: identity, receiver: peer.node, isFounding: isFounding,
            isRejoining: isRejoining)
        try hello.writeFrame(to: &output)
    }

    /// Looks at what has been received so far, and appends an answer to `output` where one is due.
    ///
    /// - Throws: `EncodeError` when the identity itself breaks a limit.
    public func receive(
        _ received: Span<UInt8>, into output: inout [UInt8]
    ) throws(EncodeError) -> Step {
        let found: Found
        do throws(DecodeError) {
            guard let complete = try find(in: received) else { return .needMore }
            found = complete
        } catch {
            return .refused(Self.foreign(error), byPeer: false)
        }
        switch found {
        case .hello(let hello, let count, let peers):
            return try answer(hello, from: peers, count, into: &output)
        case .reply(let reply, let count, let peer):
            return judge(reply, from: peer, count)
        }
    }

    private enum Found {
        case hello(Hello, consumedBytes: Int, [KnownPeer])
        case reply(HelloReply, consumedBytes: Int, KnownPeer)
    }

    /// The one frame that this side waits for.
    private func find(in received: Span<UInt8>) throws(DecodeError) -> Found? {
        guard
            let frame = try Frame.parse(
                received, maxPayloadBytes: TransportLimits.maxHandshakeBytes)
        else { return nil }
        let payload = received.extracting(frame.payload)
        switch (side, FrameType(rawValue: frame.type)) {
        case (.acceptor(let peers), .hello):
            return .hello(try Hello(payload), consumedBytes: frame.byteCount, peers)
        case (.dialler(let peer, _, _), .helloReply):
            return .reply(try HelloReply(payload), consumedBytes: frame.byteCount, peer)
        case (.acceptor, _), (.dialler, _):
            throw DecodeError(.invalid(field: "frame type"), at: 4)
        }
    }

    private static func foreign(_ error: DecodeError) -> HandshakeRefusal {
        HandshakeRefusal(.notOurProtocol, "does not speak this protocol: \(error)")
    }

    private func answer(
        _ hello: Hello, from peers: [KnownPeer], _ count: Int, into output: inout [UInt8]
    ) throws(EncodeError) -> Step {
        if let refusal = objection(to: hello, from: peers) {
            try HelloReply.refused(refusal).writeFrame(to: &output)
            return .refused(refusal, byPeer: false)
        }
        let version = min(hello.highestVersion, ProtocolVersion.highest)
        try HelloReply.accepted(version: version, identity).writeFrame(to: &output)
        return .established(
            hello.sender, version: version, consumedBytes: count, isFounding: hello.isFounding)
    }

    /// Puts a refusal in the place of the answer to a founder that this node cannot vouch for.
    public func refuseFounder(
        _ sender: NodeIdentity, into output: inout [UInt8]
    ) throws(EncodeError) -> HandshakeRefusal {
        let refusal = HandshakeRefusal(
            .wrongIncarnation,
            "node \(identity.node) does not know this data directory of node \(sender.node) as one of "
                + "its cluster's founders; a node that lost its data is to be removed, started as one that "
                + "joins, and added again")
        output.removeAll()
        try HelloReply.refused(refusal).writeFrame(to: &output)
        return refusal
    }

    private func objection(to hello: Hello, from peers: [KnownPeer]) -> HandshakeRefusal? {
        guard hello.lowestVersion <= ProtocolVersion.highest,
            hello.highestVersion >= ProtocolVersion.lowest
        else {
            return unsupportedVersion("\(hello.lowestVersion) to \(hello.highestVersion)")
        }
        let sender = hello.sender
        if let refusal = objection(toCluster: sender) { return refusal }
        guard hello.receiver == identity.node else {
            return HandshakeRefusal(
                .wrongAddressee,
                "node \(sender.node) meant to reach node \(hello.receiver), this is node "
                    + "\(identity.node)")
        }
        guard sender.node != identity.node else {
            return HandshakeRefusal(
                .ownNodeID, "the caller claims to be node \(identity.node), which is this one")
        }
        guard let known = peers.first(where: { $0.node == sender.node }) else {
            return HandshakeRefusal(
                .unknownMember, "node \(identity.node) knows of no node \(sender.node)")
        }
        // It says itself that it is not the one that is known. Whoever counts what it says looks again.
        guard !hello.isRejoining else { return nil }
        return objection(toIncarnationOf: sender, known, isFounding: hello.isFounding)
    }

    private func judge(_ reply: HelloReply, from peer: KnownPeer, _ count: Int) -> Step {
        switch reply {
        case .refused(let refusal):
            return .refused(refusal, byPeer: true)
        case .accepted(let version, let sender):
            if let refusal = objection(to: sender, version, from: peer) {
                return .refused(refusal, byPeer: false)
            }
            return .established(sender, version: version, consumedBytes: count)
        }
    }

    private func objection(
        to sender: NodeIdentity, _ version: UInt16, from peer: KnownPeer
    ) -> HandshakeRefusal? {
        guard version >= ProtocolVersion.lowest, version <= ProtocolVersion.highest else {
            return unsupportedVersion("\(version)")
        }
        if let refusal = objection(toCluster: sender) { return refusal }
        guard sender.node == peer.node else {
            return HandshakeRefusal(
                .wrongAddressee, "dialled node \(peer.node) and reached node \(sender.node)")
        }
        return objection(toIncarnationOf: sender, peer, isFounding: false)
    }

    private func unsupportedVersion(_ theirs: String) -> HandshakeRefusal {
        HandshakeRefusal(
            .unsupportedVersion,
            "no common protocol version: the other side speaks \(theirs), node "
                + "\(identity.node) speaks \(ProtocolVersion.lowest) to \(ProtocolVersion.highest)")
    }

    private func objection(toCluster sender: NodeIdentity) -> HandshakeRefusal? {
        guard sender.cluster != identity.cluster else { return nil }
        return HandshakeRefusal(
            .wrongCluster,
            "node \(sender.node) belongs to cluster \(sender.cluster.debugDescription), node "
                + "\(identity.node) to \(identity.cluster.debugDescription)")
    }

    private func objection(
        toIncarnationOf sender: NodeIdentity, _ known: KnownPeer, isFounding: Bool
    ) -> HandshakeRefusal? {
        let expected = known.incarnation ?? (isFounding ? known.presumedIncarnation : nil)
        guard let expected, expected != sender.incarnation else { return nil }
        return HandshakeRefusal(
            .wrongIncarnation,
            "node \(sender.node) has another data directory than before; a node that lost its "
                + "data must be removed and added again, or come under a new name")
    }
}
