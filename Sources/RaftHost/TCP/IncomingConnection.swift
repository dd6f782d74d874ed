internal import Platform
internal import Raft
internal import RaftTransport
internal import Wire

/// A connection that somebody has made to this node: a stranger until its handshake, then a peer's.
///
/// A stranger costs at most a hello's worth of memory, until a deadline. Confined to its loop.
final class IncomingConnection {
    /// What happens to a connection that was taken in.
    enum Event {
        /// The other side is a known peer.
        case established(NodeIdentity)
        /// The other side will not be spoken to.
        case refused(HandshakeRefusal)
        /// The peer has sent this; with its size in bytes.
        case envelope(Envelope, byteCount: Int)
        /// The peer has sent what no node sends. The connection is being closed.
        case damaged(String)
        /// The connection is no more; the last event.
        case closed(CloseReason)
    }

    private enum State {
        /// The hello has not come yet; the timer ends the wait for it.
        case greeting(TimerHandle)
        /// Frames of this peer.
        case established(NodeIdentity)
        /// Only the end is waited for.
        case ending
    }

    /// The peer, once it is known.
    var peer: NodeIdentity? {
        if case .established(let identity) = state { identity } else { nil }
    }
    /// Whether the connection has ended without a handshake because time ran out.
    private(set) var hasTimedOut = false
    /// The address at the other end.
    let address: Address

    private let connection: Connection
    private let identity: NodeIdentity
    private let settings: TCPTransportSettings
    private let knownPeers: () -> [KnownPeer]
    private let mayAnswer: (NodeIdentity, _ isFounding: Bool) -> Bool
    private let onEvent: (IncomingConnection, Event) -> Void
    private var state = State.ending

    /// Takes over a connection; `knownPeers` is asked when the hello has come.
    init(
        _ connection: Connection, as identity: NodeIdentity, settings: TCPTransportSettings,
        knownPeers: @escaping () -> [KnownPeer],
        mayAnswer: @escaping (NodeIdentity, _ isFounding: Bool) -> Bool,
        onEvent: @escaping (IncomingConnection, Event) -> Void
    ) {
        self.connection = connection
        self.identity = identity
        self.settings = settings
        self.knownPeers = knownPeers
        self.mayAnswer = mayAnswer
        self.onEvent = onEvent
        address = connection.peer
        let due = MonotonicTime.now.advanced(
            byMilliseconds: settings.handshakeTimeoutMilliseconds)
        state = .greeting(connection.loop.schedule(at: due) { [self] in timeOut() })
        connection.onBytes = { [self] bytes in receive(bytes) }
        connection.onClose = { [self] reason in closed(reason) }
    }

    /// Closes at once; only `closed` follows.
    func close() {
        end()
        connection.close()
    }

    private func timeOut() {
        hasTimedOut = true
        state = .ending
        connection.close(.timedOut)
    }

    private func end() {
        if case .greeting(let timer) = state { connection.loop.cancel(timer) }
        state = .ending
    }

    private func closed(_ reason: CloseReason) {
        // The state is kept, so that the owner can see whose connection it was.
        if case .greeting = state { end() }
        onEvent(self, .closed(reason))
    }

    // MARK: Receiving

    private func receive(_ bytes: Span<UInt8>) -> Int {
        switch state {
        case .greeting: greet(bytes)
        case .established(let peer): receiveFrames(bytes, from: peer.node)
        case .ending: bytes.count
        }
    }

    private func greet(_ bytes: Span<UInt8>) -> Int {
        let handshake = Handshake.accepting(from: knownPeers(), as: identity)
        var answer: [UInt8] = []
        do throws(EncodeError) {
            let step = try handshake.receive(bytes, into: &answer)
            if case .established(let identity, _, _, let isFounding) = step,
                !mayAnswer(identity, isFounding)
            {
                let refusal = try handshake.refuseFounder(identity, into: &answer)
                connection.write(answer)
                refuse(refusal, hasAnswer: true)
                return bytes.count
            }
            connection.write(answer)
            switch step {
            case .needMore:
                return 0
            case .established(let identity, _, let consumedBytes, _):
                end()
                state = .established(identity)
                onEvent(self, .established(identity))
                return consumedBytes + receive(bytes.extracting(consumedBytes...))
            case .refused(let refusal, _):
                refuse(refusal, hasAnswer: !answer.isEmpty)
                return bytes.count
            }
        } catch {
            refuse(HandshakeRefusal(.notOurProtocol, error.description), hasAnswer: false)
            return bytes.count
        }
    }

    private func refuse(_ refusal: HandshakeRefusal, hasAnswer: Bool) {
        end()
        if hasAnswer { connection.closeAfterWriting() } else { connection.close() }
        onEvent(self, .refused(refusal))
    }

    private func receiveFrames(_ bytes: Span<UInt8>, from peer: NodeID) -> Int {
        var consumed = 0
        do throws(DecodeError) {
            // The state is looked at each time: an envelope's receiver may close the connection.
            while case .established = state, connection.isOpen {
                let rest = bytes.extracting(consumed...)
                let limit = settings.maxFrameBytes
                guard let frame = try Frame.parse(rest, maxPayloadBytes: limit) else { break }
                let payload = rest.extracting(frame.payload)
                let envelope = try Envelope(type: frame.type, payload: payload)
                consumed += frame.byteCount
                guard isAddressed(envelope, from: peer) else {
                    damage("a message under another name than the connection's")
                    return bytes.count
                }
                onEvent(self, .envelope(envelope, byteCount: frame.byteCount))
            }
        } catch {
            damage(error.description)
            return bytes.count
        }
        return consumed
    }

    /// A peer speaks for itself only, and to us only: what it says otherwise would be believed.
    private func isAddressed(_ envelope: Envelope, from peer: NodeID) -> Bool {
        guard case .raft(let message, _) = envelope else { return true }
        return message.from == peer && message.to == identity.node
    }

    private func damage(_ text: String) {
        connection.close(.rejected(text))
        onEvent(self, .damaged(text))
    }
}
