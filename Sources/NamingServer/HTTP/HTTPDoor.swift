package import Platform

/// The limits of an HTTP door.
package struct HTTPDoorSettings: Sendable {
    /// What one request may bring.
    package var limits = HTTPLimits()
    /// The most clients at one time; who comes then is sent on to another node with 503.
    package var maximumConnections = 10_000
    /// How long a client may take from the first byte of a request, or from connecting, to its
    /// last byte.
    package var requestTimeoutMilliseconds = 15_000
    /// How long a connection may lie idle between two requests. Longer than clients keep theirs,
    /// so that it is seldom the server that closes under a request on its way.
    package var idleTimeoutMilliseconds = 75_000
    /// How long a client may leave an answer lying without reading any more of it, once its
    /// connection would count as idle.
    package var readingTimeoutMilliseconds = 15_000
    /// Answers that wait for a client to read them, above which it is cut off.
    package var maximumPendingBytes = 64 * 1024 * 1024

    package init() {}
}

/// What a door has seen so far.
package struct HTTPDoorFigures: Equatable, Sendable {
    package var acceptedConnections = 0
    /// Turned away because too many were there.
    package var refusedConnections = 0
    package var requests = 0
    /// Bytes that were no request.
    package var faults = 0
    /// Requests that were not complete in time.
    package var timeouts = 0
    /// Answers whose client was gone.
    package var droppedAnswers = 0
    /// Answers that were broken off in the middle, because the rest could not be read.
    package var brokenAnswers = 0

    package init() {}
}

/// An HTTP/1.1 server on an event loop.
///
/// Confined to the loop's thread, as is all that it calls.
package final class HTTPDoor {
    /// Is handed a request and must call `respond` exactly once, now or later, on this thread.
    ///
    /// Whoever drops `respond` without a call has the client answered with 500.
    package typealias Handler = (
        _ request: HTTPRequest, _ respond: @escaping (HTTPResponse) -> Void
    ) -> Void

    /// Clients beyond the maximum that are being sent away with an answer; more are just cut off.
    private static let maximumRefusalsAtOnce = 256

    let loop: EventLoop
    let settings: HTTPDoorSettings
    let handler: Handler
    package internal(set) var figures = HTTPDoorFigures()
    private var listener: Listener?
    private var sessions: [UInt64: HTTPSession] = [:]
    private var nextSessionID: UInt64 = 0
    private var refusalsUnderWay = 0

    /// Starts to listen.
    package init(
        at address: Address, on loop: EventLoop, settings: HTTPDoorSettings = HTTPDoorSettings(),
        handler: @escaping Handler
    ) throws(SystemError) {
        self.loop = loop
        self.settings = settings
        self.handler = handler
        var connectionSettings = ConnectionSettings()
        connectionSettings.maxPendingBytes = settings.maximumPendingBytes
        listener = try Listener(at: address, on: loop, settings: connectionSettings) { [self] in
            accept($0)
        }
    }

    /// The address that is listened on, with the real port; nil after `close`.
    package var address: Address? { listener?.address }

    /// The number of clients that are connected.
    package var connectionCount: Int { sessions.count }

    /// Stops listening, closes what is idle, and every other connection after its answer.
    package func close() {
        listener?.close()
        listener = nil
        for (_, session) in sessions.sorted(by: { $0.key < $1.key }) { session.closeWhenAnswered() }
    }

    private func accept(_ connection: Connection) {
        guard sessions.count < settings.maximumConnections else { return refuse(connection) }
        figures.acceptedConnections += 1
        nextSessionID += 1
        sessions[nextSessionID] = HTTPSession(connection, id: nextSessionID, of: self)
    }

    func remove(_ session: HTTPSession) { sessions[session.id] = nil }

    private func refuse(_ connection: Connection) {
        figures.refusedConnections += 1
        guard refusalsUnderWay < Self.maximumRefusalsAtOnce else { return connection.abort() }
        refusalsUnderWay += 1
        connection.onClose = { [self] _ in refusalsUnderWay -= 1 }
        let response = HTTPResponse(status: 503, text: "too many connections\n")
        connection.write(building: {
            response.write(to: &$0, answering: nil, keepsConnection: false)
        })
        connection.closeAfterWriting()
    }
}
