package import Platform

/// Why a request got no answer.
package enum HTTPClientError: Error, CustomStringConvertible {
    /// The server could not be reached.
    case unreachable(SystemError)
    /// The server did not answer in time.
    case timedOut
    /// What came was no answer.
    case malformed(HTTPAnswerError)
    /// The server answered with a status that is not good, and said why.
    case refused(status: Int, text: String = "")
    /// The connection ended after so many bytes of the body, which are not all.
    case brokenOff(CloseReason, at: UInt64)

    /// One clear line.
    package var description: String {
        switch self {
        case .unreachable(let error): "\(error)"
        case .timedOut: "no answer in time"
        case .malformed(let error): "no HTTP answer: \(error)"
        case .refused(let status, ""): "answered with status \(status)"
        case .refused(let status, let text): "answered with status \(status): \(text)"
        case .brokenOff(let reason, let count):
            "the connection ended after \(count) bytes: \(reason)"
        }
    }
}

/// The outer part of one `GET` on a connection of its own: asks, waits, and ends once, however it ends.
final class HTTPExchange<Value, Failure: Error> {
    private let loop: EventLoop
    private let asFailure: (HTTPClientError) -> Failure
    private let deadline: () -> MonotonicTime
    private var connection: Connection?
    private var timer: TimerHandle?
    private var completion: ((Result<Value, Failure>) -> Void)?

    /// - Parameters:
    ///   - deadline: When the server has been waited for long enough, as seen from now.
    ///   - failure: What `completion` gets for what went wrong here.
    ///   - completion: Runs once, on the loop, in a later turn.
    init(
        on loop: EventLoop, deadline: @escaping () -> MonotonicTime,
        failure: @escaping (HTTPClientError) -> Failure,
        completion: @escaping (Result<Value, Failure>) -> Void
    ) {
        self.loop = loop
        self.deadline = deadline
        self.asFailure = failure
        self.completion = completion
    }

    /// Whether it has ended.
    var isOver: Bool { completion == nil }

    /// Asks, and hands on what comes and that no more will, until the exchange is over.
    func get(
        _ path: String, from server: Address, onBytes: @escaping (Span<UInt8>) -> Void,
        onClose: @escaping (CloseReason) -> Void
    ) {
        Connection.connect(to: server, on: loop, deadline: deadline()) { [self] result in
            switch result {
            case .failure(let error): fail(.unreachable(error))
            case .success(let connection):
                self.connection = connection
                waitOn()
                connection.onBytes = { [self] bytes in
                    if !isOver { onBytes(bytes) }
                    return bytes.count
                }
                connection.onClose = { [self] reason in
                    if !isOver { onClose(reason) }
                }
                let lines = [
                    "GET \(path) HTTP/1.1", "Host: \(server)", "Connection: close", "", "",
                ]
                connection.write(Array(lines.joined(separator: "\r\n").utf8))
            }
        }
    }

    /// Begins to wait, or waits from now on anew.
    func waitOn() {
        guard !isOver else { return }
        if let timer, loop.reschedule(timer, at: deadline()) { return }
        timer = loop.schedule(at: deadline()) { [self] in
            timer = nil
            fail(.timedOut)
        }
    }

    func fail(_ error: HTTPClientError) { finish(.failure(asFailure(error))) }

    func finish(_ result: Result<Value, Failure>) {
        guard let completion else { return }
        self.completion = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        connection?.close()
        connection = nil
        completion(result)
    }
}
