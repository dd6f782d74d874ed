/// A TCP connection on an event loop, in plain bytes.
///
/// Confined to the loop's thread. None of the callbacks runs within a call that is made to the
/// connection, so a caller need not fear to be called back in the middle of its own work; `onClose`
/// runs exactly once, at the start of a later turn, and nothing is called after it. An open
/// connection is kept alive by its loop; it lets go of its callbacks when it is closed.
///
///     open ──closeAfterWriting──▶ draining ──all written──▶ lingering ──peer closes──▶ closed
///       └───────────────close, peer's end, failure, limit, timeout───────────────────────▲
package final class Connection {
    enum State {
        /// Reading and writing.
        case open
        /// Writing what is left; what comes in is thrown away.
        case draining
        /// Our side has ended. Waiting for the peer's end, since closing over bytes that were not
        /// read would send a reset, and the reset can overtake our last answer.
        case lingering
        /// Gone.
        case closed
    }

    /// The loop on which the connection lives.
    package let loop: EventLoop
    /// The limits.
    package let settings: ConnectionSettings
    /// Called with all bytes that wait to be consumed whenever more have come in; returns how many of
    /// them, from the front, are done with. The rest is offered again together with what comes next.
    package var onBytes: ((Span<UInt8>) -> Int)?
    /// Called when all that waited for a full socket has been written.
    package var onDrain: (() -> Void)?
    /// Called when the peer ends its side, if the settings allow it to.
    package var onEnd: (() -> Void)?
    /// Called once the connection is no more.
    package var onClose: ((CloseReason) -> Void)?

    var state = State.open
    var stream: ByteStream
    var output = OutputQueue()
    var isFlushScheduled = false
    var isBlocked = false
    var input: [UInt8] = []
    var inputOffset = 0
    var isPaused = false
    var hasEnded = false
    var isOffering = false
    private var isOfferScheduled = false
    private var registration: Registration?
    private let peerAddress: SocketAddress?
    private var closingTimer: TimerHandle?
    private var bytesWrittenAtCheck = 0
    var bytesWritten = 0

    /// Takes over a connected socket.
    init(
        adopting socket: consuming OwnedDescriptor, peer: SocketAddress?, on loop: EventLoop,
        settings: ConnectionSettings
    ) throws(SystemError) {
        let descriptor = socket.number
        self.loop = loop
        self.settings = settings
        peerAddress = peer
        stream = .plain(socket)
        registration = try loop.register(descriptor, .readable) { [self] in ready($0) }
    }

    /// Whether bytes can still be written and will be received.
    package var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Who is at the other end, in numbers.
    package var peer: Address { peerAddress?.address ?? Address(host: "unknown", port: 0) }

    /// This end's address, in numbers.
    package var local: Address {
        SocketAddress.local(of: stream.descriptor)?.address ?? Address(host: "unknown", port: 0)
    }

    // MARK: Closing

    /// Closes at once; what was not yet written is lost.
    package func close(_ reason: CloseReason = .closedHere) { finish(reason) }

    /// Closes at once and lets the peer see a reset, not an orderly end.
    package func abort() {
        if case .closed = state { return }
        Socket.resetOnClose(stream.descriptor)
        finish(.closedHere)
    }

    /// Writes what is pending, ends this side and closes when the peer has ended its own.
    ///
    /// What comes in from now on is thrown away. A peer that neither reads nor closes for
    /// `closingTimeoutMilliseconds` is cut off.
    package func closeAfterWriting() {
        guard isOpen else { return }
        state = .draining
        isPaused = false
        input = []
        inputOffset = 0
        bytesWrittenAtCheck = bytesWritten
        closingTimer = loop.schedule(at: closingDeadline) { [self] in checkClosing() }
        updateInterest()
        scheduleFlush()
    }

    private var closingDeadline: MonotonicTime {
        loop.turnTime.advanced(byMilliseconds: settings.closingTimeoutMilliseconds)
    }

    private func checkClosing() {
        closingTimer = nil
        switch state {
        case .open, .closed: return
        case .lingering: finish(.closedHere)
        case .draining:
            guard bytesWritten > bytesWrittenAtCheck else { return finish(.timedOut) }
            bytesWrittenAtCheck = bytesWritten
            closingTimer = loop.schedule(at: closingDeadline) { [self] in checkClosing() }
        }
    }

    /// Goes from draining to lingering, or all the way when the peer has ended already.
    func endOutput() {
        guard !hasEnded else { return finish(.closedHere) }
        stream.shutDownWriting()
        state = .lingering
        updateInterest()
    }

    func finish(_ reason: CloseReason) {
        if case .closed = state { return }
        state = .closed
        if let registration { loop.deregister(registration) }
        registration = nil
        if let closingTimer { loop.cancel(closingTimer) }
        stream = .closed
        output.removeAll()
        input = []
        inputOffset = 0
        loop.defer { [self] in
            let callback = onClose
            onBytes = nil
            onDrain = nil
            onEnd = nil
            onClose = nil
            callback?(reason)
        }
    }

    func fail(_ code: Int32) { finish(CloseReason(code: code, peer: peer.description)) }

    // MARK: Readiness

    /// Tells the loop what the connection waits for.
    func updateInterest() {
        guard let registration else { return }
        var interest: Interest = []
        if !isPaused, !hasEnded { interest.insert(.readable) }
        if isBlocked { interest.insert(.writable) }
        loop.modify(registration, interest)
    }

    private func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        if !isPaused, !hasEnded, !readiness.isDisjoint(with: [.readable, .broken, .hungUp]) {
            receive()
        } else if !readiness.isDisjoint(with: [.broken, .hungUp]) {
            breakOff()
        }
    }

    /// The kernel reports a broken socket for as long as it is watched: a connection that does not
    /// read at present must not leave it at that, or the loop would spin.
    private func breakOff() {
        if case .closed = state { return }
        let code = Socket.takeError(of: stream.descriptor)
        if code == 0 { finish(.endOfStream) } else { fail(code) }
    }

    // MARK: Back-pressure

    /// Stops reading, so that the peer is held up once the kernel's buffers are full.
    package func pauseReading() {
        guard isOpen, !isPaused else { return }
        isPaused = true
        updateInterest()
    }

    /// Goes on reading; what was left lying is offered again in the next turn.
    package func resumeReading() {
        guard isOpen, isPaused else { return }
        isPaused = false
        updateInterest()
        // While `onBytes` runs it is not known yet what it will leave.
        guard isOffering || !input.isEmpty, !isOfferScheduled else { return }
        isOfferScheduled = true
        loop.defer { [self] in
            isOfferScheduled = false
            if isOpen, !isPaused, !input.isEmpty { offerInput() }
        }
    }
}
