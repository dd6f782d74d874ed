internal import Glibc
internal import Testing

@testable internal import Platform

@Suite struct ListenerTests {
    @Test func `a port in use is an error that says so`() throws {
        let loop = try EventLoop()
        let first = try Listener(at: anyPort, on: loop) { _ in }
        defer { first.close() }
        let error = #expect(throws: SystemError.self) {
            _ = try Listener(at: first.address, on: loop) { _ in }
        }
        #expect(
            error?.description == "cannot listen on \(first.address): the port is already in use")
    }

    @Test func `a closed port can be listened on again at once`() throws {
        var accepted = 0
        try withLoop { loop in
            try loop.pair { server, client in
                let address = server.local
                server.close()  // leaves the port in the state that TCP keeps after a close
                let again = try? Listener(at: address, on: loop) { _ in
                    accepted += 1
                    loop.stop()
                }
                #expect(again != nil)
                loop.connect(to: address) { _ in }
                withExtendedLifetime(client) {}
            }
        }
        #expect(accepted == 1)
    }

    @Test(arguments: ["127.0.0.1:0", "*:0", "[::1]:0", "localhost:0"])
    func `it listens on numbers, names and everything`(text: String) throws {
        let loop = try EventLoop()
        let listener = try Listener(at: try Address(parsing: text), on: loop) { _ in }
        #expect(listener.address.port != 0)
        listener.close()
    }

    @Test func `an IPv4 peer looks the same on a socket for both kinds`() throws {
        var peer: Address?
        try withLoop { loop in
            let listener = try Listener(at: Address(host: "::", port: 0), on: loop) {
                peer = $0.peer
                loop.stop()
            }
            loop.connect(to: Address(host: "127.0.0.1", port: listener.address.port)) { _ in }
        }
        #expect(peer?.host == "127.0.0.1")
    }

    @Test func `a crowd of connections is taken in`() throws {
        var open = 0
        try withLoop { loop in
            let listener = try Listener(at: anyPort, on: loop) { connection in
                connection.onBytes = { bytes in
                    connection.write(bytes.array)
                    return bytes.count
                }
            }
            for number in 0..<300 {
                loop.connect(to: listener.address) { client in
                    client.write([UInt8(truncatingIfNeeded: number)])
                    client.onBytes = { bytes in
                        #expect(bytes.array == [UInt8(truncatingIfNeeded: number)])
                        open += 1
                        if open == 300 { loop.stop() }
                        return bytes.count
                    }
                }
            }
        }
        #expect(open == 300)
    }

    @Test func `running out of descriptors is survived`() async {
        // In a process of its own, since the limit holds for all of its threads.
        await #expect(processExitsWith: .success) {
            try OpenFileLimit.set(64)
            var served = 0
            var pauses = 0
            try withLoop { loop in
                let listener = try Listener(at: anyPort, on: loop) { _ in served += 1 }
                let target = try SocketAddress.resolve(listener.address, .numbers)[0]
                let client = try Socket.make(for: target).release()  // stays open
                var spare: [Int32] = []
                while case let descriptor = dup(client), descriptor >= 0 {
                    spare.append(descriptor)
                }
                _ = unsafe target.withPointer { unsafe connect(client, $0, $1) }
                func check() {
                    if listener.pauseCount > 0 {
                        for descriptor in spare { close(descriptor) }
                        spare = []
                    }
                    if served == 1 {
                        pauses = listener.pauseCount
                        return loop.stop()
                    }
                    loop.schedule(at: .now.advanced(byMilliseconds: 1)) { check() }
                }
                check()
            }
            exit(served == 1 && pauses > 0 ? 0 : 1)
        }
    }
}
