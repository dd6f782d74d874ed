internal import Glibc

extension Connection {
    /// Connects to an address, trying each of the host's numbers in turn, until `deadline`.
    ///
    /// `completion` runs exactly once, on the loop, in a later turn; not after `cancel`. A name that is not
    /// a number is looked up on another thread, since that may take seconds.
    @discardableResult
    package static func connect(
        to address: Address, on loop: EventLoop, deadline: MonotonicTime,
        settings: ConnectionSettings = ConnectionSettings(),
        completion: @escaping (Result<Connection, SystemError>) -> Void
    ) -> ConnectAttempt {
        let attempt = ConnectAttempt(address, loop, settings, completion)
        attempt.start(deadline)
        return attempt
    }
}

/// A connection that is being made.
package final class ConnectAttempt {
    private let address: Address
    private let loop: EventLoop
    private let settings: ConnectionSettings
    private var completion: ((Result<Connection, SystemError>) -> Void)?
    private var candidates: [SocketAddress] = []
    private var lastError: SystemError?
    private var socket: OwnedDescriptor?
    private var registration: Registration?
    private var timer: TimerHandle?

    fileprivate init(
        _ address: Address, _ loop: EventLoop, _ settings: ConnectionSettings,
        _ completion: @escaping (Result<Connection, SystemError>) -> Void
    ) {
        self.address = address
        self.loop = loop
        self.settings = settings
        self.completion = completion
    }

    /// Gives up; the completion will not be called.
    package func cancel() { cleanUp() }

    fileprivate func start(_ deadline: MonotonicTime) {
        timer = loop.schedule(at: deadline) { [self] in
            timer = nil
            finish(.failure(error(ETIMEDOUT)))
        }
        if let numbers = try? SocketAddress.resolve(address, .numbers) {
            loop.defer { [self] in begin(.success(numbers)) }
        } else {
            let bound = LoopBound(self, on: loop)
            let waker = loop.waker
            Resolver.lookUp(address) { result in
                waker.post { bound.value.begin(result) }
            }
        }
    }

    private func begin(_ result: Result<[SocketAddress], SystemError>) {
        switch result {
        case .success(let found):
            candidates = found.reversed()
            tryNext()
        case .failure(let error): finish(.failure(error))
        }
    }

    private func tryNext() {
        while completion != nil {
            guard let candidate = candidates.popLast() else {
                return finish(.failure(lastError ?? error(EHOSTUNREACH)))
            }
            do {
                try open(candidate)
                return
            } catch { lastError = error }
        }
    }

    private func open(_ candidate: SocketAddress) throws(SystemError) {
        let socket = try Socket.make(for: candidate)
        let number = socket.number
        try Socket.setUp(number, settings)
        let result = unsafe candidate.withPointer { pointer, length in
            callKernel { unsafe Glibc.connect(number, pointer, length) }
        }
        guard result == 0 || result == -Int(EINPROGRESS) else { throw error(Int32(-result)) }
        registration = try loop.register(number, .writable) { [self] _ in settle() }
        self.socket = consume socket
    }

    /// Looks at how connecting ended.
    private func settle() {
        guard let socket = takeSocket() else { return }
        let number = socket.number
        var code = Socket.takeError(of: number)
        let peer = SocketAddress.peer(of: number)
        // A port of this machine on which nobody listens can be the very port that the kernel has
        // given to our end; TCP then connects the socket to itself.
        if code == 0, let peer, peer.address == SocketAddress.local(of: number)?.address {
            code = ECONNREFUSED
        }
        guard code == 0 else {
            lastError = error(code)
            return tryNext()
        }
        do {
            finish(
                .success(
                    try Connection(adopting: socket, peer: peer, on: loop, settings: settings)))
        } catch { finish(.failure(error)) }
    }

    private func takeSocket() -> OwnedDescriptor? {
        if let registration { loop.deregister(registration) }
        registration = nil
        return socket.take()
    }

    private func finish(_ result: Result<Connection, SystemError>) {
        let completion = self.completion
        cleanUp()
        completion?(result)
    }

    private func cleanUp() {
        completion = nil
        candidates = []
        if let timer { loop.cancel(timer) }
        timer = nil
        _ = takeSocket()
    }

    private func error(_ code: Int32) -> SystemError {
        SystemError("connect to", address.description, code: code)
    }
}

/// Looks up host names on a thread of its own, one after the other.
private enum Resolver {
    private static let worker = Result { () throws(SystemError) in
        try WorkerThread(name: "resolver")
    }

    static func lookUp(
        _ address: Address,
        _ completion: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
    ) {
        switch worker {
        case .success(let worker):
            worker.submit {
                completion(
                    Result { () throws(SystemError) in
                        try SocketAddress.resolve(address, .names)
                    })
            }
        case .failure(let error): completion(.failure(error))
        }
    }
}
