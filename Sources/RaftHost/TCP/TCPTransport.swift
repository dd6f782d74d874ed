package import Platform
package import Raft
internal import RaftRuntime
package import RaftTransport
internal import Wire

/// The network between the nodes of a cluster, over TCP.
///
/// Each node dials each peer for what it has to say, so a pair of nodes has two connections with one
/// talker each. One shared connection would spare a descriptor and need a rule for who keeps which
/// when both dial at once, as all nodes of a fresh cluster do; with one each there is nothing to agree
/// on, order is plain, and each node finds out by itself that its list of addresses is right. When a
/// peer's process ends, the kernel closes both, and either end notices at once.
///
/// Confined to its loop. None of the callbacks runs within a call that is made to the transport, so
/// they may be set right after `init`. Everything sent within one turn of the loop leaves in one
/// write per peer at its end. Whoever is done with a transport closes it.
package final class TCPTransport: Network {
    /// An envelope has come from a peer, whose handshake has shown this incarnation.
    package var onEnvelope: ((NodeID, _ incarnation: UInt64, Envelope) -> Void)?
    /// A connection with a peer is no more. `processEnded` when the peer's side has closed it or its
    /// kernel has reset it: the process has ended or given up. It is told once, although two connections
    /// end with a process. A connection that ran into a time limit here says nothing about the process.
    package var onConnectionClosed: ((NodeID, _ processEnded: Bool) -> Void)?
    /// A handshake with a peer has shown who it is. May be called again for the same identity.
    package var onPeerIdentity: ((NodeIdentity) -> Void)?
    /// A dialler has said who it is, and whether it still founds its cluster, and is answered after this; it is
    /// refused if this gives false.
    package var mayAnswer: ((NodeIdentity, _ isFounding: Bool) -> Bool)?
    /// A peer has answered this node's hello.
    package var onAnswer: ((NodeIdentity) -> Void)?
    /// Whether this node still waits for the other founders of its cluster; told to those it dials.
    package var isFounding = false
    /// Whether this node has begun anew under its name, and the cluster may not know it yet.
    package var isRejoining = false
    /// Something is worth a line in the log. Strangers cannot cause more than a few a minute.
    package var onNotice: ((TransportNotice) -> Void)?

    private enum StrangerNotice: Int, CaseIterable { case refused, timedOut, turnedAway }

    let loop: EventLoop
    let identity: NodeIdentity
    let settings: TCPTransportSettings
    private var listener: Listener?
    /// Sorted by node.
    private var peers: [TransportPeer] = []
    /// Connections that have not said who they are, or are being refused.
    private var strangers: [IncomingConnection] = []
    private var strangerCounts = StrangerStatistics()
    private var strangerLimiters = StrangerNotice.allCases.map { _ in
        NoticeLimiter(burst: 10, intervalMilliseconds: 10_000)
    }
    private var seeds: SplitMix64

    /// Listens at an address and begins to dial the peers.
    ///
    /// - Throws: `TCPTransportError` when the address cannot be listened at, or the identity could not
    ///   be told to a peer.
    package init(
        loop: EventLoop, identity: NodeIdentity, listen: Address,
        peers: [(NodeID, Address)] = [], settings: TCPTransportSettings = TCPTransportSettings()
    ) throws(TCPTransportError) {
        self.loop = loop
        self.identity = identity
        self.settings = settings
        var random = SystemRandom()
        seeds = SplitMix64(seed: settings.retrySeed ?? random.next())
        try Self.check(identity)
        do throws(SystemError) {
            listener = try Listener(
                at: listen, on: loop, settings: .between(nodes: settings),
                onAccept: { [weak self] connection in self?.accept(connection) })
        } catch { throw .cannotListen(error) }
        setPeers(peers)
    }

    private static func check(_ identity: NodeIdentity) throws(TCPTransportError) {
        var hello: [UInt8] = []
        do throws(EncodeError) {
            try Handshake.dialling(KnownPeer(NodeID(1)), as: identity).start(into: &hello)
        } catch { throw .identityNotSendable(error) }
    }

    /// Where the transport listens, with the real port; nothing once it is closed.
    package var address: Address? { listener?.address }

    /// Closes everything; no callback runs any more. The peers see it as the end of the process.
    package func close() {
        onEnvelope = nil
        onConnectionClosed = nil
        onPeerIdentity = nil
        mayAnswer = nil
        onAnswer = nil
        onNotice = nil
        listener?.close()
        listener = nil
        for peer in peers { peer.stop() }
        peers = []
        for stranger in strangers { stranger.close() }
    }

    // MARK: Peers

    /// Sets who the peers are and where they listen.
    ///
    /// Connections with nodes that stay as they were are left alone; those with others end. This
    /// node's own name is passed over, and of two entries of one name the first counts.
    package func setPeers(_ wanted: [(NodeID, Address)]) {
        guard listener != nil else { return }
        var next: [TransportPeer] = []
        for (node, address) in wanted.sorted(by: { $0.0 < $1.0 }) {
            guard node != identity.node, node != next.last?.node else { continue }
            next.append(keptOrNewPeer(node, at: address))
        }
        for peer in peers where !next.contains(where: { $0 === peer }) { peer.stop() }
        peers = next
    }

    private func keptOrNewPeer(_ node: NodeID, at address: Address) -> TransportPeer {
        guard let known = peer(node) else {
            let peer = TransportPeer(node, makeLink(to: node, at: address))
            peer.link.start()
            return peer
        }
        if known.link.address != address {
            known.replaceLink(with: makeLink(to: node, at: address))
            known.link.start()
        }
        return known
    }

    private func makeLink(to node: NodeID, at address: Address) -> OutgoingLink {
        OutgoingLink(
            to: KnownPeer(node), at: address, as: identity, on: loop, settings: settings,
            seed: seeds.next(), isFounding: { [weak self] in self?.isFounding ?? false },
            isRejoining: { [weak self] in self?.isRejoining ?? false }
        ) { [weak self] event in self?.linkChanged(node, event) }
    }

    /// Says which incarnation of a peer is the right one, or that any is, except of one that still founds
    /// its cluster, which must have the presumed one.
    ///
    /// Without it the first one that is met counts, until the peer is taken off the list.
    package func expect(_ incarnation: UInt64?, of node: NodeID, presumed: UInt64? = nil) {
        guard let link = peer(node)?.link else { return }
        let known = link.peer.incarnation
        link.peer = KnownPeer(node, incarnation: incarnation, presumedIncarnation: presumed)
        guard let incarnation else { return }
        link.turn(to: incarnation)
        // What has answered so far was refused, perhaps for being the one that is right now.
        if incarnation != known { link.hurry() }
    }

    /// Ends the connections with a peer and forgets what is known of it; `setPeers` begins anew.
    package func forget(_ node: NodeID) {
        peer(node)?.stop()
        peers.removeAll { $0.node == node }
    }

    private func peer(_ node: NodeID) -> TransportPeer? { peers.first { $0.node == node } }

    // MARK: Sending

    /// Takes an envelope for a peer; see `Network`.
    ///
    /// While there is no connection envelopes wait, within the limits, until the attempt to make one
    /// has ended; proposals are taken only if an attempt is under way.
    @discardableResult
    package func send(_ envelope: consuming Envelope, to node: NodeID) -> Bool {
        guard let peer = peer(node) else { return false }
        do throws(EncodeError) {
            return try peer.link.send(envelope)
        } catch {
            // Not from within this call: a receiver of notices may want to send.
            let notice = TransportNotice(
                .error, "an envelope that no peer would accept was dropped",
                [("peer", "\(node)"), ("error", error.description)])
            loop.defer { [self] in tell(notice, about: peer) }
            return false
        }
    }

    private func linkChanged(_ node: NodeID, _ event: OutgoingLink.Event) {
        guard let peer = peer(node) else { return }
        let place = [
            (name: "peer", value: "\(node)"),
            (name: "address", value: peer.link.address.description),
        ]
        switch event {
        case .established(let identity):
            peer.greeted(identity, at: loop.turnTime)
            tell(TransportNotice(.info, "connected to a peer", place), about: peer)
            onAnswer?(identity)
            onPeerIdentity?(identity)
        case .absent(let error):
            if peer.countAbsence() { tellFailure(error, place, about: peer) }
        case .failed(let error): tellFailure(error, place, about: peer)
        case .refused(let refusal, let byPeer):
            let what = byPeer ? "a peer refuses this node" : "what answers for a peer is refused"
            tell(
                TransportNotice(.error, what, place + [("reason", refusal.text)]), about: peer)
        case .closed(let reason):
            connectionClosed(peer, reason)
        }
    }

    private func tellFailure(
        _ error: String, _ place: [(name: String, value: String)], about peer: TransportPeer
    ) {
        let notice = TransportNotice(
            .warning, "cannot connect to a peer", place + [("error", error)])
        tell(notice, about: peer)
    }

    private func connectionClosed(_ peer: TransportPeer, _ reason: CloseReason) {
        let processEnded = reason == .endOfStream || reason == .reset
        tell(
            TransportNotice(
                .info, "a connection with a peer is no more",
                [("peer", "\(peer.node)"), ("reason", reason.description)]), about: peer)
        if processEnded {
            guard !peer.hasToldEnd else { return }
            peer.hasToldEnd = true
        }
        onConnectionClosed?(peer.node, processEnded)
    }

    // MARK: Receiving

    private func accept(_ connection: Connection) {
        strangerCounts.accepted += 1
        guard strangers.count < settings.maxStrangers else {
            strangerCounts.turnedAway += 1
            let address = connection.peer
            connection.close()
            return tell(.warning, "too many connections without a name", .turnedAway, address)
        }
        let stranger = IncomingConnection(
            connection, as: identity, settings: settings,
            knownPeers: { [weak self] in self?.peers.map(\.link.peer) ?? [] },
            mayAnswer: { [weak self] in self?.mayAnswer?($0, $1) ?? true },
            onEvent: { [weak self] incoming, event in self?.incomingChanged(incoming, event) })
        strangers.append(stranger)
    }

    private func incomingChanged(_ incoming: IncomingConnection, _ event: IncomingConnection.Event)
    {
        switch event {
        case .envelope(let envelope, let byteCount):
            guard let peer = owner(of: incoming), let identity = incoming.peer else { return }
            peer.countReceived(byteCount: byteCount, at: loop.turnTime)
            onEnvelope?(peer.node, identity.incarnation, envelope)
        case .established(let identity):
            strangers.removeAll { $0 === incoming }
            adopt(incoming, identity)
        case .refused(let refusal):
            strangerCounts.refused += 1
            tell(
                .warning, "a connection was refused", .refused, incoming.address,
                [("reason", refusal.text)])
        case .damaged(let error):
            strangerCounts.damaged += 1
            guard let peer = owner(of: incoming) else { return }
            tell(
                TransportNotice(
                    .error, "a peer has sent what no node sends",
                    [("peer", "\(peer.node)"), ("error", error)]), about: peer)
        case .closed(let reason):
            closed(incoming, reason)
        }
    }

    private func owner(of incoming: IncomingConnection) -> TransportPeer? {
        peers.first { $0.incoming === incoming }
    }

    /// The newest connection of a peer counts: it would not have made one if it had another.
    private func adopt(_ incoming: IncomingConnection, _ identity: NodeIdentity) {
        guard let peer = peer(identity.node) else { return incoming.close() }
        peer.incoming?.close()
        peer.incoming = incoming
        peer.greeted(identity, at: loop.turnTime)
        peer.link.hurry()
        tell(
            TransportNotice(
                .info, "a peer has connected",
                [("peer", "\(peer.node)"), ("address", incoming.address.description)]),
            about: peer)
        onPeerIdentity?(identity)
    }

    private func closed(_ incoming: IncomingConnection, _ reason: CloseReason) {
        strangers.removeAll { $0 === incoming }
        if let peer = owner(of: incoming) {
            peer.incoming = nil
            peer.countBroken()
            connectionClosed(peer, reason)
        } else if incoming.hasTimedOut {
            strangerCounts.timedOut += 1
            tell(.warning, "a connection did not say who it is", .timedOut, incoming.address)
        }
    }

    // MARK: Telling

    private func tell(_ notice: TransportNotice, about peer: TransportPeer) {
        guard let suppressed = peer.limiter.admit(at: loop.turnTime) else { return }
        onNotice?(notice.afterSuppressing(suppressed))
    }

    private func tell(
        _ level: TransportNotice.Level, _ message: String, _ kind: StrangerNotice,
        _ address: Address, _ fields: [(name: String, value: String)] = []
    ) {
        guard let suppressed = strangerLimiters[kind.rawValue].admit(at: loop.turnTime) else {
            return
        }
        let notice = TransportNotice(
            level, message, [("address", address.description)] + fields)
        onNotice?(notice.afterSuppressing(suppressed))
    }

    /// What has passed between this node and each peer, sorted by node.
    package var peerStatistics: [(node: NodeID, PeerStatistics)] {
        peers.map { ($0.node, $0.statistics) }
    }

    /// What strangers have cost.
    package var strangerStatistics: StrangerStatistics {
        var result = strangerCounts
        result.open = strangers.count
        return result
    }
}

/// Why a transport could not be started.
package enum TCPTransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The node's own identity breaks a limit of the protocol.
    case identityNotSendable(EncodeError)
    /// Nobody can connect to this node.
    case cannotListen(SystemError)

    /// One line for a person.
    package var description: String {
        switch self {
        case .identityNotSendable(let error): "the node's identity cannot be used: \(error)"
        case .cannotListen(let error): error.description
        }
    }
}
