internal import Platform
internal import Testing

@testable internal import NamingServer

/// A door and the loop it stands on. Every test ends by `loop.stop()`.
private func withDoor(
    _ settings: HTTPDoorSettings = HTTPDoorSettings(), handler: @escaping HTTPDoor.Handler,
    _ body: (EventLoop, HTTPDoor, Address) throws -> Void
) throws {
    let loop = try EventLoop()
    // Keeps a broken test from hanging; no test measures time by it.
    loop.schedule(at: .now.advanced(byMilliseconds: 30_000)) {
        Issue.record("the loop was never stopped")
        loop.stop()
    }
    let door = try HTTPDoor(
        at: Address(host: "127.0.0.1", port: 0), on: loop, settings: settings, handler: handler)
    try body(loop, door, #require(door.address))
    loop.run()
}

/// A client that sends text at once and gathers what comes back.
private final class Client {
    var received = ""
    var connection: Connection?
    private(set) var closeReason: CloseReason?
    private let onChange: (Client) -> Void

    init(
        _ text: String, to address: Address, on loop: EventLoop, paused: Bool = false,
        onChange: @escaping (Client) -> Void
    ) {
        self.onChange = onChange
        let deadline = MonotonicTime.now.advanced(byMilliseconds: 20_000)
        Connection.connect(to: address, on: loop, deadline: deadline) { result in
            guard case .success(let connection) = result else {
                Issue.record("no connection")
                return loop.stop()
            }
            self.start(connection, text, paused: paused)
        }
    }

    private func start(_ connection: Connection, _ text: String, paused: Bool) {
        self.connection = connection
        connection.onBytes = { bytes in
            let copy = bytes.indices.map { bytes[$0] }
            self.received += String(decoding: copy, as: UTF8.self)
            self.onChange(self)
            return bytes.count
        }
        connection.onClose = { reason in
            self.closeReason = reason
            self.onChange(self)
        }
        if paused { connection.pauseReading() }
        connection.write(Array(text.utf8))
    }

    var isClosed: Bool { closeReason != nil }
}

private func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
}

private func answer(_ body: String, _ fields: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}

private func echo(_ request: HTTPRequest, _ respond: (HTTPResponse) -> Void) {
    respond(HTTPResponse(status: 200, text: request.path))
}

@Suite struct `HTTP door` {
    @Test func `requests on one connection are answered in turn and the last one closes it`() throws
    {
        var received = ""
        try withDoor(handler: echo) { loop, door, address in
            let text = get("/a") + get("/b", "Connection: close\r\n") + get("/never")
            _ = Client(text, to: address, on: loop) { client in
                received = client.received
                if client.isClosed { loop.stop() }
            }
        }
        #expect(received == answer("/a") + answer("/b", "Connection: close\r\n"))
    }

    @Test func `a pipelined request waits for the late answer of the one before`() throws {
        var later: ((@escaping () -> Void) -> Void)?
        var order: [String] = []
        var received = ""
        try withDoor(
            handler: { request, respond in
                order.append(request.path)
                guard request.path == "/slow" else { return echo(request, respond) }
                order.append("late")
                later? { respond(HTTPResponse(status: 200, text: "late")) }
            },
            { loop, _, address in
                later = { job in loop.defer { loop.defer { loop.defer(job) } } }
                _ = Client(get("/slow") + get("/quick"), to: address, on: loop) { client in
                    received = client.received
                    if received.hasSuffix("/quick") { loop.stop() }
                }
            })
        #expect(order == ["/slow", "late", "/quick"])
        #expect(received == answer("late") + answer("/quick"))
    }

    @Test func `bytes that are no request get their status and the connection ends`() throws {
        var received = ""
        try withDoor(handler: echo) { loop, door, address in
            _ = Client("BREW / HTTP/1.1\r\nHost: h\r\n\r\n", to: address, on: loop) { client in
                received = client.received
                guard client.isClosed else { return }
                #expect(door.figures.faults == 1)
                loop.stop()
            }
        }
        #expect(received.hasPrefix("HTTP/1.1 501 Not Implemented\r\n"))
        #expect(received.contains("Connection: close\r\n"))
    }

    @Test func `the late answer to a client that went away is dropped`() throws {
        var dropped = 0
        var respond: ((HTTPResponse) -> Void)?
        try withDoor(
            handler: { _, answer in respond = answer },
            { loop, door, address in
                var client: Client?
                client = Client(get("/"), to: address, on: loop) { _ in }
                func poll() {
                    if respond != nil { client?.connection?.close() }
                    guard respond != nil, door.connectionCount == 0 else {
                        return loop.defer { poll() }
                    }
                    respond?(HTTPResponse(status: 200))
                    dropped = door.figures.droppedAnswers
                    loop.stop()
                }
                poll()
            })
        #expect(dropped == 1)
    }

    @Test func `a handler that forgets its client is answered for`() throws {
        var received = ""
        try withDoor(
            handler: { _, _ in },
            { loop, _, address in
                _ = Client(get("/"), to: address, on: loop) { client in
                    received = client.received
                    loop.stop()
                }
            })
        #expect(received.hasPrefix("HTTP/1.1 500 "))
    }

    @Test func `one client too many is sent on`() throws {
        var settings = HTTPDoorSettings()
        settings.maximumConnections = 1
        var received = ""
        try withDoor(settings, handler: echo) { loop, door, address in
            _ = Client(get("/first"), to: address, on: loop) { first in
                guard first.received.hasSuffix("/first"), !first.isClosed else { return }
                _ = Client("", to: address, on: loop) { second in
                    received = second.received
                    guard second.isClosed else { return }
                    #expect(door.figures.refusedConnections == 1)
                    #expect(door.connectionCount == 1)
                    loop.stop()
                }
            }
        }
        #expect(received.hasPrefix("HTTP/1.1 503 "))
    }

    @Test(arguments: [
        String(get("/").dropLast(2)), "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1",
    ])
    func `a request that does not get complete is given up`(_ part: String) throws {
        var settings = HTTPDoorSettings()
        settings.requestTimeoutMilliseconds = 20
        var received = ""
        try withDoor(settings, handler: echo) { loop, door, address in
            _ = Client(part, to: address, on: loop) { client in
                received = client.received
                if client.isClosed { loop.stop() }
            }
        }
        #expect(received.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `a client that never says anything is let go without a word`() throws {
        var settings = HTTPDoorSettings()
        settings.requestTimeoutMilliseconds = 10
        var received = "something"
        try withDoor(settings, handler: echo) { loop, door, address in
            _ = Client("", to: address, on: loop) { client in
                received = client.received
                loop.stop()
            }
        }
        #expect(received == "")
    }

    @Test func `a client that has no more requests is let go`() throws {
        var settings = HTTPDoorSettings()
        settings.idleTimeoutMilliseconds = 10
        var received = ""
        try withDoor(settings, handler: echo) { loop, door, address in
            _ = Client(get("/a"), to: address, on: loop) { client in
                received = client.received
                if client.isClosed { loop.stop() }
            }
        }
        #expect(received == answer("/a"))
    }

    @Test func `a slow handler is not the client's fault`() throws {
        var settings = HTTPDoorSettings()
        settings.requestTimeoutMilliseconds = 20
        settings.idleTimeoutMilliseconds = 10
        var later: ((@escaping () -> Void) -> Void)?
        var received = ""
        try withDoor(
            settings, handler: { request, respond in later? { echo(request, respond) } },
            { loop, _, address in
                later = { job in loop.schedule(at: .now.advanced(byMilliseconds: 100), job) }
                _ = Client(get("/slow"), to: address, on: loop) { client in
                    received = client.received
                    if client.isClosed { loop.stop() }
                }
            })
        #expect(received == answer("/slow"))
    }

    @Test func `an answer made in the turn in which a deadline passes is not lost`() throws {
        var settings = HTTPDoorSettings()
        settings.requestTimeoutMilliseconds = 20
        settings.readingTimeoutMilliseconds = 10
        var later: ((@escaping () -> Void) -> Void)?
        var received = ""
        try withDoor(
            settings, handler: { request, respond in later? { echo(request, respond) } },
            { loop, _, address in
                later = { job in
                    // The loop is held up until both the answer and, after it, the deadline are due.
                    loop.schedule(at: .now.advanced(byMilliseconds: 5), job)
                    let end = MonotonicTime.now.advanced(byMilliseconds: 40)
                    while MonotonicTime.now < end {}
                }
                _ = Client(get("/a"), to: address, on: loop) { client in
                    received = client.received
                    if client.isClosed || !received.isEmpty { loop.stop() }
                }
            })
        #expect(received == answer("/a"))
    }

    @Test func `a client that waits with its body is told to go on`() throws {
        var received = ""
        var didSend = false
        try withDoor(
            handler: { request, respond in
                respond(
                    HTTPResponse(status: 200, text: String(decoding: request.body, as: UTF8.self)))
            },
            { loop, _, address in
                let head =
                    "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
                _ = Client(head, to: address, on: loop) { client in
                    received = client.received
                    if received == "HTTP/1.1 100 Continue\r\n\r\n", !didSend {
                        didSend = true
                        client.connection?.write(Array("body".utf8))
                    }
                    if received.hasSuffix("body") { loop.stop() }
                }
            })
        #expect(received == "HTTP/1.1 100 Continue\r\n\r\n" + answer("body"))
    }

    @Test func `OPTIONS lists the methods without asking the handler`() throws {
        var received = ""
        try withDoor(
            handler: { _, _ in Issue.record("asked") },
            { loop, _, address in
                let text = "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"
                _ = Client(text, to: address, on: loop) { client in
                    received = client.received
                    loop.stop()
                }
            })
        #expect(received.contains("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"))
    }

    @Test func `answers wait for a client that reads slowly, and none is lost`() throws {
        let count = 40
        let response = HTTPResponse(status: 200, body: Array(repeating: 7, count: 600_000))
        var expectedBytes: [UInt8] = []
        response.write(to: &expectedBytes, answering: nil, keepsConnection: true)
        var answered = 0
        var answeredWhilePaused = 0
        var receivedBytes = 0
        try withDoor(
            handler: { _, respond in
                answered += 1
                respond(response)
            },
            { loop, _, address in
                let text = String(repeating: get("/"), count: count)
                let client = Client(text, to: address, on: loop, paused: true) { _ in }
                // The client starts to read once the server has stopped answering.
                loop.schedule(at: .now.advanced(byMilliseconds: 100)) {
                    answeredWhilePaused = answered
                    client.connection?.onBytes = { bytes in
                        receivedBytes += bytes.count
                        if receivedBytes == count * expectedBytes.count { loop.stop() }
                        return bytes.count
                    }
                    client.connection?.resumeReading()
                }
            })
        #expect(answered == count)
        #expect(answeredWhilePaused < count)
    }

    @Test func `a client that reads nothing at all is cut off`() throws {
        var settings = HTTPDoorSettings()
        settings.idleTimeoutMilliseconds = 10
        settings.readingTimeoutMilliseconds = 30
        let body = String(repeating: "x", count: 16_000_000)
        var timeouts = 0
        try withDoor(
            settings, handler: { _, respond in respond(HTTPResponse(status: 200, text: body)) },
            { loop, door, address in
                let client = Client(get("/"), to: address, on: loop, paused: true) { _ in }
                func poll() {
                    guard door.figures.timeouts > 0, door.connectionCount == 0 else {
                        loop.schedule(at: .now.advanced(byMilliseconds: 5)) { poll() }
                        return
                    }
                    timeouts = door.figures.timeouts
                    client.connection?.close()
                    loop.stop()
                }
                poll()
            })
        #expect(timeouts == 1)
    }

    @Test func `a door that closes lets the last answer out`() throws {
        var later: ((@escaping () -> Void) -> Void)?
        var received = ""
        try withDoor(
            handler: { request, respond in later? { echo(request, respond) } },
            { loop, door, address in
                later = { job in
                    door.close()
                    loop.defer(job)
                }
                _ = Client(get("/last") + get("/more"), to: address, on: loop) { client in
                    received = client.received
                    guard client.isClosed else { return }
                    #expect(door.address == nil)
                    loop.stop()
                }
            })
        #expect(received == answer("/last", "Connection: close\r\n"))
    }
}
