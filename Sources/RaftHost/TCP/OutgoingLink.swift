internal import Platform
internal import Raft
internal import RaftTransport
internal import Wire

/// The way out to one peer: dials it, greets it, and dials again when it is lost.
///
///     stopped ──start──▶ dialling ──connected──▶ greeting ──accepted──▶ established
///                         ▲   │ failed              │ refused, timeout      │ closed
///                         │   ▼                     ▼                       │
///                        waiting ◀──────────────────┴───────────────────────┘
///
/// Confined to its loop. `onEvent` never runs within a call that is made to the link.
final class OutgoingLink {
    /// What happens to a link.
    enum Event {
        /// The peer is who it should be; what is sent now leaves.
        case established(NodeIdentity)
        /// Nobody answers at the peer's address, with the reason in words.
        case absent(String)
        /// Somebody answers, but no connection came of it, with the reason in words.
        case failed(String)
        /// One side would not have the other.
        case refused(HandshakeRefusal, byPeer: Bool)
        /// An established connection is no more.
        case closed(CloseReason)
    }

    private enum State {
        /// Not started yet, or stopped.
        case stopped
        /// The last attempt failed; the timer starts the next one.
        case waiting(TimerHandle)
        /// TCP connects.
        case dialling(ConnectAttempt)
        /// The hello is out; the timer ends the wait for its answer.
        case greeting(Connection, TimerHandle)
        /// Since then what is sent goes straight into the connection.
        case established(Connection, since: MonotonicTime)
    }

    let address: Address
    /// Whom the link expects to find at the address.
    var peer: KnownPeer
    /// What happened so far; only the fields of the way out are used.
    private(set) var statistics = PeerStatistics()

    private let loop: EventLoop
    private let identity: NodeIdentity
    private let settings: TCPTransportSettings
    private let encoder: FrameEncoder
    private let isFounding: () -> Bool
    private let isRejoining: () -> Bool
    /// The incarnation that all that waits or leaves is meant for, once one is known.
    private(set) var addressee: UInt64?
    private let onEvent: (Event) -> Void
    private var state = State.stopped
    private var delay: RetryDelay
    /// Frames that wait for a connection.
    private var queue: [UInt8] = []
    private var queuedEnvelopes = 0

    init(
        to peer: KnownPeer, at address: Address, as identity: NodeIdentity, on loop: EventLoop,
        settings: TCPTransportSettings, seed: UInt64, isFounding: @escaping () -> Bool = { false },
        isRejoining: @escaping () -> Bool = { false },
        onEvent: @escaping (Event) -> Void
    ) {
        self.peer = peer
        self.address = address
        self.identity = identity
        self.loop = loop
        self.settings = settings
        self.isFounding = isFounding
        self.isRejoining = isRejoining
        self.onEvent = onEvent
        encoder = FrameEncoder(maxPayloadBytes: settings.maxFrameBytes)
        delay = RetryDelay(
            firstMilliseconds: settings.firstRetryMilliseconds,
            lastMilliseconds: settings.lastRetryMilliseconds, seed: seed)
    }

    /// Whether what is sent leaves at once.
    var isEstablished: Bool {
        if case .established(let connection, _) = state { connection.isOpen } else { false }
    }

    /// The bytes that wait to leave.
    var queuedBytes: Int {
        if case .established(let connection, _) = state {
            connection.pendingBytes
        } else {
            queue.count
        }
    }

    // MARK: Starting and stopping

    /// Begins to dial.
    func start() {
        if case .stopped = state { dial() }
    }

    /// Ends the wait for the next attempt: the peer is known to be up.
    func hurry() {
        guard case .waiting(let timer) = state else { return }
        loop.cancel(timer)
        dial()
    }

    /// From now on all is meant for this incarnation of the peer: what waits for another one is dropped, and a
    /// connection with it closed. Votes and answers name a node only, and would be taken for its own by any.
    func turn(to incarnation: UInt64) {
        defer { addressee = incarnation }
        guard let addressee, addressee != incarnation else { return }
        dropQueue()
        guard case .established(let connection, _) = state else { return }
        statistics.brokenConnections += 1
        waitAndDial()
        connection.close()
    }

    /// Lets go of everything; no event follows.
    func stop() {
        let last = state
        state = .stopped
        dropQueue()
        switch last {
        case .stopped: break
        case .waiting(let timer): loop.cancel(timer)
        case .dialling(let attempt): attempt.cancel()
        case .greeting(let connection, let timer):
            loop.cancel(timer)
            connection.close()
        case .established(let connection, _): connection.close()
        }
    }

    // MARK: Sending

    /// Puts an envelope into the connection, or into the queue while there is none.
    ///
    /// Proposals are not queued while the last attempt has failed: their senders are better off with
    /// a definite failure now.
    /// - Returns: Whether it was taken.
    /// - Throws: `EncodeError` when no peer would accept it.
    func send(_ envelope: Envelope) throws(EncodeError) -> Bool {
        guard hasRoom(for: envelope) else {
            statistics.droppedEnvelopes += 1
            return false
        }
        do throws(EncodeError) {
            guard case .established(let connection, _) = state else {
                try encoder.append(envelope, to: &queue)
                queuedEnvelopes += 1
                return true
            }
            try write(envelope, to: connection)
            return true
        } catch {
            statistics.droppedEnvelopes += 1
            throw error
        }
    }

    private func hasRoom(for envelope: Envelope) -> Bool {
        switch state {
        case .stopped: return false
        case .waiting:
            if case .proposals = envelope { return false }
        case .dialling, .greeting: break
        case .established(let connection, _):
            guard connection.isOpen else { return false }
            return fits(envelope, behind: connection.pendingBytes)
        }
        return queuedEnvelopes < settings.maxQueuedEnvelopes && fits(envelope, behind: queue.count)
    }

    private func fits(_ envelope: Envelope, behind waiting: Int) -> Bool {
        waiting == 0 || envelope.contentBytes <= settings.maxQueuedBytes - waiting
    }

    private func write(_ envelope: Envelope, to connection: Connection) throws(EncodeError) {
        var failure: EncodeError?
        var count = 0
        connection.write { buffer in
            let before = buffer.count
            do throws(EncodeError) {
                try encoder.append(envelope, to: &buffer)
            } catch { failure = error }
            count = buffer.count - before
        }
        if let failure { throw failure }
        statistics.sentEnvelopes += 1
        statistics.sentBytes += UInt64(count)
    }

    private func dropQueue() {
        statistics.droppedEnvelopes += UInt64(queuedEnvelopes)
        queue = []
        queuedEnvelopes = 0
    }

    // MARK: Dialling

    /// Times are counted from now, not from the start of the turn: a node may make its transport long
    /// before its loop begins to run, and then every attempt would be late already.
    private func dial() {
        let deadline = MonotonicTime.now.advanced(
            byMilliseconds: settings.connectTimeoutMilliseconds)
        let attempt = Connection.connect(
            to: address, on: loop, deadline: deadline, settings: .between(nodes: settings)
        ) { [self] result in
            switch result {
            case .success(let connection): greet(connection)
            case .failure(let error): giveUp(.absent(error.description))
            }
        }
        state = .dialling(attempt)
    }

    /// An attempt has failed. What waited is as old as the attempt, and is dropped: the protocol has
    /// newer words by the time of the next one.
    private func giveUp(_ event: Event) {
        statistics.failedConnects += 1
        dropQueue()
        waitAndDial()
        onEvent(event)
    }

    private func waitAndDial() {
        let due = MonotonicTime.now.advanced(byMilliseconds: delay.next())
        state = .waiting(loop.schedule(at: due) { [self] in dial() })
    }

    // MARK: Greeting

    private func greet(_ connection: Connection) {
        let handshake = Handshake.dialling(
            peer, as: identity, isFounding: isFounding(), isRejoining: isRejoining())
        var hello: [UInt8] = []
        do throws(EncodeError) {
            try handshake.start(into: &hello)
        } catch {
            connection.close()
            return giveUp(.failed(error.description))
        }
        connection.onBytes = { [self] bytes in receive(bytes, handshake, on: connection) }
        connection.onClose = { [self] reason in closed(connection, reason) }
        let due = MonotonicTime.now.advanced(byMilliseconds: settings.handshakeTimeoutMilliseconds)
        let timer = loop.schedule(at: due) { connection.close(.timedOut) }
        state = .greeting(connection, timer)
        connection.write(hello)
    }

    /// Takes the answer to the hello, which is all that a peer ever writes on this connection.
    private func receive(
        _ bytes: Span<UInt8>, _ handshake: Handshake, on connection: Connection
    ) -> Int {
        guard case .greeting(_, let timer) = state else {
            connection.close(.rejected("bytes where none belong"))
            return bytes.count
        }
        var nothing: [UInt8] = []  // a dialler has nothing to say to an answer
        do throws(EncodeError) {
            switch try handshake.receive(bytes, into: &nothing) {
            case .needMore:
                return 0
            case .refused(let refusal, let byPeer):
                loop.cancel(timer)
                connection.close()
                giveUp(.refused(refusal, byPeer: byPeer))
                return bytes.count
            case .established(let identity, _, let consumedBytes, _):
                loop.cancel(timer)
                establish(connection, identity)
                return consumedBytes
            }
        } catch {
            connection.close(.rejected(error.description))
            return bytes.count
        }
    }

    private func establish(_ connection: Connection, _ identity: NodeIdentity) {
        // Another one may have become the right one since the hello.
        guard peer.incarnation ?? identity.incarnation == identity.incarnation else {
            connection.close()
            return giveUp(.failed("another incarnation answers"))
        }
        turn(to: identity.incarnation)
        state = .established(connection, since: loop.turnTime)
        statistics.connects += 1
        statistics.sentEnvelopes += UInt64(queuedEnvelopes)
        statistics.sentBytes += UInt64(queue.count)
        connection.write(queue)
        queue = []
        queuedEnvelopes = 0
        onEvent(.established(identity))
    }

    private func closed(_ connection: Connection, _ reason: CloseReason) {
        switch state {
        case .greeting(let current, let timer) where current === connection:
            loop.cancel(timer)
            giveUp(.failed("closed during the handshake: \(reason)"))
        case .established(let current, let since) where current === connection:
            statistics.brokenConnections += 1
            // Only a connection that has held resets the waits; one that is cut again and again
            // must not be made again without a pause.
            let lived = loop.turnTime.milliseconds(since: since)
            if lived >= UInt64(max(0, settings.lastRetryMilliseconds)) { delay.reset() }
            waitAndDial()
            onEvent(.closed(reason))
        case .greeting, .established, .stopped, .waiting, .dialling:
            break  // a connection that was let go of earlier
        }
    }
}

extension ConnectionSettings {
    /// What a connection between nodes needs.
    static func between(nodes settings: TCPTransportSettings) -> ConnectionSettings {
        var result = ConnectionSettings()
        let wholeFrame = settings.maxFrameBytes + Frame.headerBytes + Frame.trailerBytes
        // The link itself bounds what waits; this is only a second line.
        result.maxPendingBytes = settings.maxQueuedBytes + 2 * wholeFrame
        result.maxUnconsumedBytes = wholeFrame
        result.unacknowledgedTimeoutMilliseconds = settings.unacknowledgedTimeoutMilliseconds
        result.keepAliveSeconds = settings.keepAliveSeconds
        return result
    }
}
