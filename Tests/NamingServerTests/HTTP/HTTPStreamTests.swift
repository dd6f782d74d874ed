internal import NamingClient
internal import Platform
internal import Testing

@testable internal import NamingServer

/// Gives out a body of a pattern, each piece a turn later, and counts.
private final class Source {
    private let loop: EventLoop
    private let total: Int
    /// From this offset on nothing can be read.
    var failsAt = Int.max
    private(set) var readBytes = 0
    private(set) var piecesUnderWay = 0
    private(set) var largestLead = 0
    var takenByClient = 0

    init(_ total: Int, _ loop: EventLoop) {
        self.total = total
        self.loop = loop
    }

    static func byte(at offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: offset &* 31 >> 3) }

    func stream() -> HTTPStream {
        HTTPStream(byteCount: UInt64(total)) { [self] then in
            piecesUnderWay += 1
            #expect(piecesUnderWay == 1)
            loop.defer { [self] in
                piecesUnderWay -= 1
                let end = min(readBytes + 100_000, total)
                guard end <= failsAt else { return then(nil) }
                let piece = (readBytes..<end).map(Self.byte)
                readBytes = end
                largestLead = max(largestLead, readBytes - takenByClient)
                then(piece)
            }
        }
    }
}

private func withStreamingDoor(
    _ total: Int, _ settings: HTTPDoorSettings = HTTPDoorSettings(),
    _ body: (EventLoop, HTTPDoor, Source, Address) throws -> Void
) throws {
    let loop = try EventLoop()
    loop.schedule(at: .now.advanced(byMilliseconds: 30_000)) {
        Issue.record("the loop was never stopped")
        loop.stop()
    }
    let source = Source(total, loop)
    let door = try HTTPDoor(
        at: Address(host: "127.0.0.1", port: 0), on: loop, settings: settings
    ) { request, respond in
        guard request.path == "/large" else {
            return respond(HTTPResponse(status: 503, text: "not here\nnor there\n"))
        }
        respond(HTTPResponse(streaming: source.stream(), headers: HTTPHeaders()))
    }
    try body(loop, door, source, #require(door.address))
    loop.run()
}

/// Sends text and hands what comes back to `onBytes`.
private func connect(
    _ text: String, to address: Address, on loop: EventLoop,
    _ ready: @escaping (Connection) -> Void
) {
    let deadline = MonotonicTime.now.advanced(byMilliseconds: 20_000)
    Connection.connect(to: address, on: loop, deadline: deadline) { result in
        guard case .success(let connection) = result else {
            Issue.record("no connection")
            return loop.stop()
        }
        ready(connection)
        connection.write(Array(text.utf8))
    }
}

@Suite struct `An answer in pieces` {
    @Test func `arrives as it is, and is not read far ahead of the client`() throws {
        let total = 24_000_000
        var received = 0
        var isRight = true
        var lead = 0
        try withStreamingDoor(total) { loop, _, source, address in
            HTTPDownload.start(
                "/large", from: address, on: loop, patienceMilliseconds: 20_000,
                sink: { bytes in
                    for i in bytes.indices where bytes[i] != Source.byte(at: received + i) {
                        isRight = false
                    }
                    received += bytes.count
                    source.takenByClient = received
                },
                completion: { result in
                    #expect((try? result.get()) == UInt64(total))
                    lead = source.largestLead
                    loop.stop()
                })
        }
        #expect(received == total)
        #expect(isRight)
        // What the door holds back, and the buffers of both sockets.
        #expect(lead < 16_000_000, "\(lead) bytes")
    }

    @Test func `is followed by the next answer on the same connection`() throws {
        var received: [UInt8] = []
        try withStreamingDoor(150_000) { loop, _, _, address in
            let text =
                "GET /large HTTP/1.1\r\nHost: h\r\n\r\nHEAD /large HTTP/1.1\r\nHost: h\r\n\r\n"
                + "GET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            connect(text, to: address, on: loop) { connection in
                connection.onBytes = { bytes in
                    for i in bytes.indices { received.append(bytes[i]) }
                    return bytes.count
                }
                connection.onClose = { _ in loop.stop() }
            }
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n"
        #expect(received.starts(with: Array(head.utf8)))
        let rest = received.dropFirst(head.utf8.count)
        #expect(rest.prefix(150_000).elementsEqual((0..<150_000).lazy.map(Source.byte)))
        let others = String(decoding: rest.dropFirst(150_000), as: UTF8.self)
        #expect(others.hasPrefix(head + "HTTP/1.1 503 "), "\(others)")
    }

    @Test func `that cannot be read to its end is broken off, and the client knows`() throws {
        var failure: (any Error)?
        try withStreamingDoor(1_000_000) { loop, door, source, address in
            source.failsAt = 450_000
            HTTPDownload.start(
                "/large", from: address, on: loop, patienceMilliseconds: 20_000, sink: { _ in },
                completion: { result in
                    if case .failure(let error) = result { failure = error }
                    #expect(door.figures.brokenAnswers == 1)
                    loop.stop()
                })
        }
        guard case .brokenOff(_, let count)? = failure as? HTTPClientError else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(count <= 400_000)
    }

    @Test func `is no longer read when its client has gone`() throws {
        var source: Source?
        try withStreamingDoor(50_000_000) { loop, door, made, address in
            source = made
            connect("GET /large HTTP/1.1\r\nHost: h\r\n\r\n", to: address, on: loop) { connection in
                connection.onBytes = { bytes in
                    connection.abort()
                    return bytes.count
                }
                connection.onClose = { _ in
                    // Some turns later the door has noticed.
                    loop.schedule(at: .now.advanced(byMilliseconds: 100)) {
                        #expect(door.connectionCount == 0)
                        let before = made.readBytes
                        loop.schedule(at: .now.advanced(byMilliseconds: 50)) {
                            #expect(made.readBytes == before)
                            loop.stop()
                        }
                    }
                }
            }
        }
        #expect((source?.readBytes ?? .max) < 50_000_000)
    }

    @Test func `a client that does not read is cut off, and little was read for it`() throws {
        var settings = HTTPDoorSettings()
        settings.requestTimeoutMilliseconds = 100
        settings.readingTimeoutMilliseconds = 200
        settings.idleTimeoutMilliseconds = 100
        try withStreamingDoor(50_000_000, settings) { loop, door, source, address in
            connect("GET /large HTTP/1.1\r\nHost: h\r\n\r\n", to: address, on: loop) { connection in
                connection.pauseReading()
                func look() {
                    guard door.connectionCount == 0 else {
                        loop.schedule(at: .now.advanced(byMilliseconds: 20)) { look() }
                        return
                    }
                    #expect(door.figures.timeouts == 1)
                    #expect(source.readBytes < 20_000_000)
                    connection.close()
                    loop.stop()
                }
                loop.schedule(at: .now.advanced(byMilliseconds: 50)) { look() }
            }
        }
    }

    @Test func `a refusal comes with its reason, and what the sink throws ends the download`()
        throws
    {
        struct Full: Error {}
        var failures: [any Error] = []
        try withStreamingDoor(1_000_000) { loop, _, _, address in
            for path in ["/none", "/large"] {
                HTTPDownload.start(
                    path, from: address, on: loop, patienceMilliseconds: 20_000,
                    sink: { _ in throw Full() },
                    completion: { result in
                        if case .failure(let error) = result { failures.append(error) }
                        if failures.count == 2 { loop.stop() }
                    })
            }
        }
        #expect(failures.contains { $0 is Full })
        #expect(failures.contains { "\($0)" == "answered with status 503: not here" })
    }
}
