internal import Testing

@testable internal import Platform

@Suite struct ConnectionTests {
    @Test(arguments: 0..<8)
    func `an echo gives back every byte in order, however it is cut`(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        let sent = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed)) }
        let cuts = (0..<200).map { _ in Int.random(in: 1..<4_000, using: &random) }
        var received: [UInt8] = []
        try withLoop { loop in
            try loop.pair { server, client in
                server.onBytes = { bytes in
                    server.write(bytes.array)
                    return bytes.count
                }
                client.onBytes = { bytes in
                    // Leaves some bytes lying each time, to be offered again.
                    let isLast = received.count + bytes.count == sent.count
                    let take = isLast ? bytes.count : max(0, bytes.count - 7)
                    received.append(contentsOf: bytes.extracting(first: take).array)
                    if received.count == sent.count { loop.stop() }
                    return take
                }
                var offset = 0
                var index = 0
                func sendNext() {
                    guard offset < sent.count else { return }
                    let end = min(sent.count, offset + cuts[index % cuts.count])
                    client.write(Array(sent[offset..<end]))
                    offset = end
                    index += 1
                    if index.isMultiple(of: 3) { loop.defer { sendNext() } } else { sendNext() }
                }
                sendNext()
            }
        }
        let isSame = received == sent  // a comparison in the macro would print every byte
        #expect(isSame)
    }

    @Test func `a large piece goes through whole`() throws {
        let sent = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 / 251) }
        var settings = ConnectionSettings()
        settings.maxPendingBytes = 16_000_000
        settings.closingTimeoutMilliseconds = 30_000
        var received: [UInt8] = []
        try withLoop { loop in
            try loop.pair(server: settings) { server, client in
                client.onBytes = { bytes in
                    received.append(contentsOf: bytes.array)
                    return bytes.count
                }
                client.onClose = { _ in loop.stop() }
                server.write([1, 2, 3])
                server.write(sent)
                server.write(building: { $0.append(9) })
                #expect(server.pendingBytes == sent.count + 4)
                loop.schedule(at: .now) { server.closeAfterWriting() }
            }
        }
        let isSame = received == [1, 2, 3] + sent + [9]
        #expect(isSame)
    }

    @Test func `a drained connection says so`() throws {
        var received = 0
        var drained = 0
        // More than the kernel takes at once: what it has learnt of loopback may let it begin with buffers of 4 MiB.
        var settings = ConnectionSettings()
        settings.maxPendingBytes = 32 << 20
        try withLoop { loop in
            try loop.pair(server: settings) { server, client in
                client.onBytes = { bytes in
                    received += bytes.count
                    return bytes.count
                }
                server.onDrain = {
                    drained += 1
                    #expect(server.pendingBytes == 0)
                    loop.stop()
                }
                server.write(Array(repeating: 7, count: 16 << 20))
            }
        }
        #expect(drained == 1)
    }

    @Test func `the writes of one turn leave in one system call`() throws {
        var sizes: [Int] = []
        try withLoop { loop in
            try loop.pair { server, client in
                client.onBytes = { bytes in
                    sizes.append(bytes.count)
                    loop.stop()
                    return bytes.count
                }
                for _ in 0..<100 { server.write(Array(repeating: 1, count: 20)) }
            }
        }
        #expect(sizes == [2_000])
    }

    @Test func `a slow reader is cut off at the limit`() throws {
        var settings = ConnectionSettings()
        settings.maxPendingBytes = 100_000
        var reason: CloseReason?
        try withLoop { loop in
            try loop.pair(server: settings) { server, client in
                client.pauseReading()
                server.onClose = {
                    reason = $0
                    #expect(server.pendingBytes == 0)
                    loop.stop()
                }
                func writeOn() {
                    guard server.isOpen else { return }
                    server.write(Array(repeating: 1, count: 50_000))
                    loop.defer { writeOn() }
                }
                writeOn()
            }
        }
        guard case .slowReader(let pending) = reason else {
            Issue.record("closed because of \(String(describing: reason))")
            return
        }
        #expect(pending > 100_000 && pending <= 150_000)
    }

    @Test func `a peer that makes no sense is cut off at the input limit`() throws {
        var settings = ConnectionSettings()
        settings.maxUnconsumedBytes = 10_000
        var reason: CloseReason?
        try withLoop { loop in
            try loop.pair(server: settings) { server, client in
                server.onBytes = { _ in 0 }
                server.onClose = {
                    reason = $0
                    loop.stop()
                }
                client.write(Array(repeating: 1, count: 50_000))
            }
        }
        guard case .inputLimit = reason else {
            Issue.record("closed because of \(String(describing: reason))")
            return
        }
    }

    @Test func `a refused connection is an error that names the address`() throws {
        let listener = try Listener(at: anyPort, on: try EventLoop()) { _ in }
        let address = listener.address
        listener.close()
        var failure: SystemError?
        try withLoop { loop in
            let deadline = MonotonicTime.now.advanced(byMilliseconds: 20_000)
            Connection.connect(to: address, on: loop, deadline: deadline) { result in
                if case .failure(let error) = result { failure = error }
                loop.stop()
            }
        }
        #expect(failure?.description == "cannot connect to \(address): Connection refused")
    }

    @Test func `connecting ends at its deadline and a cancelled attempt stays silent`() throws {
        var outcome: [String] = []
        try withLoop { loop in
            let listener = try Listener(at: anyPort, on: loop) { _ in }
            let address = listener.address
            let cancelled = Connection.connect(
                to: address, on: loop, deadline: .now.advanced(byMilliseconds: 20_000)
            ) { _ in outcome.append("cancelled") }
            cancelled.cancel()
            Connection.connect(
                to: Address(host: "localhost", port: address.port), on: loop,
                deadline: MonotonicTime(nanoseconds: 0)
            ) { result in
                if case .failure(let error) = result { outcome.append(error.text) }
                loop.stop()
            }
        }
        #expect(outcome == ["timed out"])
    }

    @Test func `a name is looked up off the loop`() throws {
        var peer: Address?
        try withLoop { loop in
            let listener = try Listener(at: Address(host: "localhost", port: 0), on: loop) { _ in }
            loop.connect(to: Address(host: "localhost", port: listener.address.port)) {
                peer = $0.peer
                listener.close()
                loop.stop()
            }
        }
        #expect(peer?.host == "127.0.0.1" || peer?.host == "::1")
    }

    @Test func `an orderly end is told from a reset`() throws {
        var reasons: [CloseReason] = []
        try withLoop { loop in
            try loop.pair { server, client in
                server.onClose = { reason in
                    reasons.append(reason)
                    try? loop.pair { server, client in
                        server.onClose = {
                            reasons.append($0)
                            loop.stop()
                        }
                        client.abort()
                    }
                }
                client.close()
            }
        }
        #expect(reasons == [.endOfStream, .reset])
    }

    @Test func `a reset is noticed while reading is paused, without spinning`() throws {
        var reason: CloseReason?
        try withLoop { loop in
            try loop.pair { server, client in
                server.pauseReading()
                server.onClose = {
                    reason = $0
                    loop.stop()
                }
                client.abort()
            }
        }
        #expect(reason == .reset)
    }

    @Test func `what was left lying is offered again when reading resumes`() throws {
        var offers: [[UInt8]] = []
        try withLoop { loop in
            try loop.pair { server, client in
                server.onBytes = { bytes in
                    offers.append(bytes.array)
                    guard offers.count == 1 else {
                        loop.stop()
                        return bytes.count
                    }
                    server.pauseReading()
                    loop.schedule(at: .now.advanced(byMilliseconds: 1)) { server.resumeReading() }
                    return 2
                }
                client.write([1, 2, 3, 4])
            }
        }
        #expect(offers == [[1, 2, 3, 4], [3, 4]])
    }

    @Test func `pausing and resuming within one callback loses nothing`() throws {
        var offers: [[UInt8]] = []
        try withLoop { loop in
            try loop.pair { server, client in
                server.onBytes = { bytes in
                    offers.append(bytes.array)
                    server.pauseReading()
                    server.resumeReading()
                    if offers.count == 4 { loop.stop() }
                    return 1
                }
                client.write([1, 2, 3, 4])
            }
        }
        #expect(offers == [[1, 2, 3, 4], [2, 3, 4], [3, 4], [4]])
    }

    @Test func `the last answer arrives although the server closes over unread bytes`() throws {
        var received: [UInt8] = []
        var reasons: [String] = []
        try withLoop { loop in
            try loop.pair { server, client in
                server.onBytes = { bytes in
                    server.write(Array("too large".utf8))
                    server.closeAfterWriting()
                    return bytes.count
                }
                server.onClose = {
                    reasons.append("server \($0)")
                    loop.stop()
                }
                client.onBytes = { bytes in
                    received.append(contentsOf: bytes.array)
                    return bytes.count
                }
                client.onClose = { reasons.append("client \($0)") }
                client.write(Array(repeating: 1, count: 2_000_000))
            }
        }
        #expect(received == Array("too large".utf8))
        #expect(reasons == ["client closed by the peer", "server closed here"])
    }

    @Test func `a half-closed peer still gets its answer where that is allowed`() throws {
        var settings = ConnectionSettings()
        settings.allowsHalfClose = true
        var received: [UInt8] = []
        try withLoop { loop in
            try loop.pair(server: settings) { server, client in
                server.onEnd = {
                    server.write([42])
                    server.closeAfterWriting()
                }
                server.onClose = {
                    #expect($0 == .closedHere)
                    loop.stop()
                }
                client.stream.shutDownWriting()
                client.onBytes = { bytes in
                    received.append(contentsOf: bytes.array)
                    return bytes.count
                }
            }
        }
        #expect(received == [42])
    }

    @Test func `onClose comes once, later, and nothing after it`() throws {
        var events: [String] = []
        try withLoop { loop in
            try loop.pair { server, client in
                server.onClose = {
                    events.append("closed: \($0)")
                    loop.defer { loop.defer { loop.stop() } }
                }
                server.onBytes = { bytes in
                    events.append("bytes")
                    server.close(.rejected("nonsense"))
                    server.close()
                    server.write([1])
                    server.closeAfterWriting()
                    events.append("end of callback")
                    return bytes.count
                }
                client.write([1])
                loop.defer { client.write([2]) }
            }
        }
        #expect(events == ["bytes", "end of callback", "closed: rejected: nonsense"])
    }

    @Test func `a closed connection and its callbacks are let go`() throws {
        final class Witness {}
        weak var serverWitness: Witness?
        weak var serverConnection: Connection?
        try withLoop { loop in
            try loop.pair { server, client in
                let witness = Witness()
                serverWitness = witness
                serverConnection = server
                server.onBytes = { bytes in
                    withExtendedLifetime((witness, server)) {}
                    return bytes.count
                }
                server.onClose = { _ in loop.defer { loop.stop() } }
                client.close()
            }
        }
        #expect(serverWitness == nil)
        #expect(serverConnection == nil)
    }
}
