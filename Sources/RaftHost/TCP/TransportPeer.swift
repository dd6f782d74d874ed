internal import Platform
internal import Raft
internal import RaftTransport

/// Everything about one peer: the link to it, its connection to here, what is known of it.
final class TransportPeer {
    let node: NodeID
    private(set) var link: OutgoingLink
    /// The newest connection that the peer has made.
    var incoming: IncomingConnection?
    /// Whether the end of the peer's process was told since something was last established.
    var hasToldEnd = false
    /// Holds back notices about this peer.
    var limiter = NoticeLimiter(burst: 8, intervalMilliseconds: 10_000)
    /// How often nobody has answered since somebody last did.
    private var absences = 0
    /// So often is nothing to tell: nodes that start together, or one that is restarted.
    private static let ordinaryAbsences = 5
    /// Only the fields of the way in are used.
    private var received = PeerStatistics()

    init(_ node: NodeID, _ link: OutgoingLink) {
        self.node = node
        self.link = link
    }

    /// Takes another way out, with what was learnt about the peer.
    func replaceLink(with link: OutgoingLink) {
        self.link.stop()
        link.peer = self.link.peer
        if let addressee = self.link.addressee { link.turn(to: addressee) }
        self.link = link
    }

    /// Lets go of both connections.
    func stop() {
        link.stop()
        incoming?.close()
        incoming = nil
    }

    /// Notes that a handshake was finished; the first one tells the peer's incarnation for good, unless another one
    /// is presumed. One that has begun anew may be let in beside the one that is known; it does not take its place
    /// by that.
    func greeted(_ identity: NodeIdentity, at time: MonotonicTime) {
        if link.peer.incarnation == nil, link.peer.presumedIncarnation == nil {
            link.peer.incarnation = identity.incarnation
        }
        if link.peer.incarnation ?? identity.incarnation == identity.incarnation {
            link.turn(to: identity.incarnation)
            // Of two that come in turn one is spoken to, and only that one heard: or it would get the other's answers.
            if let known = incoming?.peer?.incarnation, known != identity.incarnation {
                incoming?.close()
                incoming = nil
            }
        }
        received.lastContact = time
        hasToldEnd = false
        absences = 0
    }

    /// Notes that nobody has answered; whether that is worth telling by now.
    func countAbsence() -> Bool {
        absences += 1
        return absences > Self.ordinaryAbsences
    }

    func countReceived(byteCount: Int, at time: MonotonicTime) {
        received.receivedEnvelopes += 1
        received.receivedBytes += UInt64(byteCount)
        received.lastContact = time
    }

    func countBroken() { received.brokenConnections += 1 }

    /// Both ways together.
    var statistics: PeerStatistics {
        var result = link.statistics
        result.isOutgoingConnected = link.isEstablished
        result.isIncomingConnected = incoming != nil
        result.queuedBytes = link.queuedBytes
        result.receivedEnvelopes = received.receivedEnvelopes
        result.receivedBytes = received.receivedBytes
        result.lastContact = received.lastContact
        result.brokenConnections += received.brokenConnections
        return result
    }
}
