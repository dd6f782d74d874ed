internal import Platform
internal import Testing

/// Builds something on an event loop of the calling thread and runs the loop until it is stopped.
///
/// The guard only keeps a broken test from hanging for ever; no test measures time by it.
func withLoop(_ body: (EventLoop) throws -> Void) throws {
    let loop = try EventLoop()
    var ranOut = false
    loop.schedule(at: .now.advanced(byMilliseconds: 30_000)) {
        ranOut = true
        loop.stop()
    }
    try body(loop)
    loop.run()
    #expect(!ranOut, "the loop was never stopped")
}

let anyPort = Address(host: "127.0.0.1", port: 0)

extension EventLoop {
    /// Connects and fails the test if that fails.
    func connect(
        to address: Address, settings: ConnectionSettings = ConnectionSettings(),
        _ body: @escaping (Connection) -> Void
    ) {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: 20_000)
        Connection.connect(to: address, on: self, deadline: deadline, settings: settings) {
            result in
            switch result {
            case .success(let connection): body(connection)
            case .failure(let error):
                Issue.record(error)
                self.stop()
            }
        }
    }

    /// Connects one client to one server, both on this loop.
    func pair(
        server serverSettings: ConnectionSettings = ConnectionSettings(),
        client clientSettings: ConnectionSettings = ConnectionSettings(),
        _ body: @escaping (_ server: Connection, _ client: Connection) -> Void
    ) throws {
        var server: Connection?
        var client: Connection?
        var listener: Listener?
        let check = {
            guard let server, let client else { return }
            listener?.close()
            listener = nil
            body(server, client)
        }
        listener = try Listener(at: anyPort, on: self, settings: serverSettings) {
            server = $0
            check()
        }
        let address = try #require(listener?.address)
        connect(to: address, settings: clientSettings) {
            client = $0
            check()
        }
    }
}

extension Span where Element == UInt8 {
    var array: [UInt8] { unsafe withUnsafeBufferPointer { unsafe Array($0) } }
}

/// A small generator of reproducible numbers for tests (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
