internal import Platform

/// One client's connection: its requests one after the other, each answered before the next is
/// looked at.
///
///     waiting ──request──▶ answering ──answer──▶ waiting, or closing when it was the last
final class HTTPSession {
    /// While a request is being answered so many bytes of later ones are read ahead. Reading goes
    /// on so that the end of a client that went away is noticed.
    private static let maximumReadAheadBytes = 64 * 1024
    /// While so many bytes wait to be written no further request is looked at.
    private static let maximumUnsentBytes = 1024 * 1024

    let id: UInt64
    private let connection: Connection
    private let door: HTTPDoor
    private var parser: HTTPRequestParser
    /// The request that is being answered.
    private var current: HTTPRequest?
    private var isClosing = false
    private var isProcessing = false
    private var isWaitingForWriter = false
    /// The body of the current answer while it goes out in pieces.
    var streaming: Streaming?
    /// When the client must have sent its next bytes; the timer looks at this when it fires, so
    /// that a request costs no change to the timer.
    private var deadline: MonotonicTime
    private var timer: TimerHandle?
    private var armedFor = MonotonicTime.distantFuture
    private var answeredBytes = 0
    private var sentBytesAtCheck = 0
    private var progressTime: MonotonicTime

    init(_ connection: Connection, id: UInt64, of door: HTTPDoor) {
        self.connection = connection
        self.id = id
        self.door = door
        parser = HTTPRequestParser(limits: door.settings.limits)
        progressTime = door.loop.turnTime
        deadline = door.loop.turnTime.advanced(
            byMilliseconds: door.settings.requestTimeoutMilliseconds)
        connection.onBytes = { [self] in receive($0) }
        connection.onDrain = { [self] in resumeAfterWriting() }
        connection.onClose = { [self] _ in finish() }
        arm()
    }

    // MARK: Requests

    private func receive(_ bytes: Span<UInt8>) -> Int {
        // The time for a request runs from its first byte; later bytes do not prolong it.
        if current == nil, !parser.isInsideRequest {
            allow(door.settings.requestTimeoutMilliseconds)
        }
        parser.append(bytes)
        process()
        return bytes.count
    }

    /// Hands on what is complete until one request waits for its answer or bytes are missing.
    private func process() {
        guard !isProcessing else { return }  // an answer given at once: the loop below goes on
        isProcessing = true
        defer { isProcessing = false }
        while current == nil, !isClosing, connection.isOpen, !mustWaitForWriter() {
            switch parser.next() {
            case .needsBytes: return
            case .expectsContinue: connection.write(HTTPResponse.goAhead)
            case .request(let request): handle(request)
            case .fault(let fault):
                door.figures.faults += 1
                writeLast(HTTPResponse(fault))
            }
        }
        if parser.pendingBytes > Self.maximumReadAheadBytes { connection.pauseReading() }
    }

    private func handle(_ request: HTTPRequest) {
        door.figures.requests += 1
        current = request
        if request.method == .options {
            return answer(
                HTTPResponse(status: 204, headers: HTTPHeaders([("allow", Self.allowedMethods)])))
        }
        let reply = HTTPReply(to: self)
        door.handler(request) { reply.send($0) }
    }

    private static let allowedMethods = HTTPMethod.allCases.map(\.rawValue).joined(separator: ", ")

    /// Takes the answer to the current request.
    func answer(_ response: HTTPResponse) {
        guard connection.isOpen, let request = current else {
            door.figures.droppedAnswers += 1
            return
        }
        if let stream = response.stream, request.method != .head {
            write { response.write(to: &$0, answering: request, keepsConnection: keepsConnection) }
            return startStreaming(stream)
        }
        write { response.write(to: &$0, answering: request, keepsConnection: keepsConnection) }
        answered()
    }

    /// Whether the connection goes on after the current answer.
    private var keepsConnection: Bool { current?.keepsConnection == true && !isClosing }

    /// The current answer has been written to its end: on to the next request, or away.
    func answered() {
        let isLast = !keepsConnection
        current = nil
        guard !isLast else { return closeAfterWriting() }
        // What was read ahead of a next request has waited for us, not we for the client.
        allow(
            parser.isInsideRequest
                ? door.settings.requestTimeoutMilliseconds : door.settings.idleTimeoutMilliseconds)
        process()
        if parser.pendingBytes <= Self.maximumReadAheadBytes { connection.resumeReading() }
    }

    private func write(building build: (inout [UInt8]) -> Void) {
        connection.write(building: {
            let start = $0.count
            build(&$0)
            answeredBytes += $0.count - start
        })
        progressTime = door.loop.turnTime
    }

    /// Writes a piece of a body.
    func write(_ piece: [UInt8]) {
        connection.write(piece)
        answeredBytes += piece.count
        progressTime = door.loop.turnTime
    }

    /// Writes an answer to what was no whole request.
    private func writeLast(_ response: HTTPResponse) {
        write { response.write(to: &$0, answering: nil, keepsConnection: false) }
        closeAfterWriting()
    }

    private func closeAfterWriting() {
        isClosing = true
        connection.closeAfterWriting()
    }

    /// Whether the client is still there.
    var isConnected: Bool { connection.isOpen }

    /// Ends an answer that cannot be brought to its end.
    func breakOff() {
        door.figures.brokenAnswers += 1
        connection.abort()
    }

    // MARK: Back-pressure

    /// Whether the client should read before it is answered more.
    func mustWaitForWriter() -> Bool {
        guard connection.pendingBytes > Self.maximumUnsentBytes else { return false }
        guard !isWaitingForWriter else { return true }
        isWaitingForWriter = true
        // At the end of the turn the bytes may all go out, and nobody tells us. If they do not,
        // the socket is full, and its draining is told.
        door.loop.defer { [self] in
            if connection.pendingBytes <= Self.maximumUnsentBytes { resumeAfterWriting() }
        }
        return true
    }

    private func resumeAfterWriting() {
        guard isWaitingForWriter, connection.isOpen else { return }
        isWaitingForWriter = false
        pump()
        process()
        if parser.pendingBytes <= Self.maximumReadAheadBytes { connection.resumeReading() }
    }

    // MARK: Time

    private func allow(_ milliseconds: Int) {
        deadline = door.loop.turnTime.advanced(byMilliseconds: milliseconds)
        guard let timer, deadline < armedFor else { return }
        armedFor = deadline
        door.loop.reschedule(timer, at: deadline)
    }

    private func arm() {
        armedFor = deadline
        timer = door.loop.schedule(at: deadline) { [self] in checkDeadline() }
    }

    private func checkDeadline() {
        timer = nil
        if isClosing && current == nil { return }  // the connection sees to its end itself
        if connection.pendingBytes > 0 {
            deadline = readingDeadline()
            guard deadline > door.loop.turnTime else {
                door.figures.timeouts += 1
                return connection.abort()
            }
        } else if current != nil {
            allow(door.settings.idleTimeoutMilliseconds)  // it is our turn
        }
        guard deadline <= door.loop.turnTime else { return arm() }
        guard parser.isInsideRequest else { return connection.close() }
        door.figures.timeouts += 1
        writeLast(HTTPResponse(status: 408, text: "request not complete in time\n"))
    }

    /// Until when the client must have read more of what waits for it. The time runs from the last
    /// answer or from when it was last seen to read; so an answer of this very turn is not held
    /// against it.
    private func readingDeadline() -> MonotonicTime {
        let sentBytes = answeredBytes - connection.pendingBytes
        if sentBytes > sentBytesAtCheck { progressTime = door.loop.turnTime }
        sentBytesAtCheck = sentBytes
        return progressTime.advanced(byMilliseconds: door.settings.readingTimeoutMilliseconds)
    }

    // MARK: Ends

    func closeWhenAnswered() {
        guard !isClosing else { return }
        isClosing = true
        if current == nil { connection.closeAfterWriting() }
    }

    private func finish() {
        isClosing = true
        streaming = nil
        if let timer { door.loop.cancel(timer) }
        timer = nil
        door.remove(self)
    }
}

/// The right to answer one request, once.
private final class HTTPReply {
    private var session: HTTPSession?

    init(to session: HTTPSession) { self.session = session }

    func send(_ response: HTTPResponse) {
        guard let session = session.take() else {
            fatalError("broken invariant: a request is answered once")
        }
        session.answer(response)
    }

    /// A handler that forgot its client must not leave it waiting.
    deinit { session?.answer(HTTPResponse(status: 500, text: "caused: no answer was made\n")) }
}
