internal import CPlatform
internal import Glibc

/// A TCP port that takes in connections on an event loop.
package final class Listener {
    /// How many connections are taken in before other work has its turn.
    private static let acceptBatch = 64
    /// How long to wait for descriptors or memory when the process has none left.
    private static let pauseMilliseconds = 100

    /// The address that is listened on, with the real port.
    package let address: Address
    /// How often accepting had to pause because descriptors or memory had run out.
    package private(set) var pauseCount = 0

    private let loop: EventLoop
    private let settings: ConnectionSettings
    private let onAccept: (Connection) -> Void
    private var socket: OwnedDescriptor?
    private var registration: Registration?
    private var pauseTimer: TimerHandle?

    /// Starts to listen; `onAccept` gets each connection and sets its callbacks before it returns.
    ///
    /// A host name is looked up here and now. Of several numbers the first that works is taken.
    package init(
        at address: Address, on loop: EventLoop,
        settings: ConnectionSettings = ConnectionSettings(),
        onAccept: @escaping (Connection) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.settings = settings
        self.onAccept = onAccept
        let socket = try Self.bind(address, settings)
        let number = socket.number
        self.address = SocketAddress.local(of: number)?.address ?? address
        self.socket = consume socket
        registration = try loop.register(number, .readable) { [self] _ in accept() }
    }

    /// Stops listening and frees the port. Connections that were taken in stay as they are.
    package func close() {
        if let registration { loop.deregister(registration) }
        registration = nil
        if let pauseTimer { loop.cancel(pauseTimer) }
        pauseTimer = nil
        socket = nil
    }

    // MARK: Binding

    private static func bind(
        _ address: Address, _ settings: ConnectionSettings
    ) throws(SystemError) -> OwnedDescriptor {
        var failure: SystemError?
        for candidate in try SocketAddress.resolve(address, .listening) {
            do {
                return try bind(candidate, of: address, settings)
            } catch { failure = failure ?? error }
        }
        throw failure ?? SystemError("listen on", address.description, code: EADDRNOTAVAIL)
    }

    private static func bind(
        _ candidate: SocketAddress, of address: Address, _ settings: ConnectionSettings
    ) throws(SystemError) -> OwnedDescriptor {
        let socket = try Socket.make(for: candidate)
        let number = socket.number
        try Socket.setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, of: number)
        if candidate.family == AF_INET6 {  // `[::]` takes IPv4 too, whatever the machine's default
            try Socket.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: 0, of: number)
        }
        try Socket.setUp(number, settings)
        _ = try callKernel("listen on", address.description) {
            unsafe candidate.withPointer { unsafe Glibc.bind(number, $0, $1) }
        }
        _ = try callKernel("listen on", address.description) { listen(number, 4096) }
        return socket
    }

    // MARK: Accepting

    private func accept() {
        for _ in 0..<Self.acceptBatch {
            guard let listener = socket?.number else { return }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let result = callKernel { unsafe muster_accept(listener, &storage, &length) }
            guard result < 0 else {
                welcome(
                    OwnedDescriptor(adopting: Int32(result)),
                    SocketAddress(storage, length: length))
                continue
            }
            switch Int32(-result) {
            case EAGAIN: return
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return pause()
            default: continue  // this one failed before it was taken in: look at the next
            }
        }
    }

    private func welcome(_ socket: consuming OwnedDescriptor, _ peer: SocketAddress) {
        do {
            onAccept(
                try Connection(adopting: socket, peer: peer, on: loop, settings: settings))
        } catch { pause() }  // the kernel watches no more descriptors; this one is closed by now
    }

    private func pause() {
        guard pauseTimer == nil, let registration else { return }
        pauseCount += 1
        loop.modify(registration, [])
        let end = loop.turnTime.advanced(byMilliseconds: Self.pauseMilliseconds)
        pauseTimer = loop.schedule(at: end) { [self] in
            pauseTimer = nil
            loop.modify(registration, .readable)
        }
    }
}
