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

/// One `GET` on a connection of its own, on an event loop.
package final class HTTPGet {
    private let loop: EventLoop
    private let request: [UInt8]
    private var parser = HTTPAnswerParser()
    private var connection: Connection?
    private var timer: TimerHandle?
    private var completion: ((Result<HTTPAnswer, HTTPClientError>) -> Void)?

    /// Asks `server` for `path`. `completion` runs once, on the loop, in a later turn, with an answer
    /// of whatever status, or with the reason why there was none by `deadline`.
    package static func start(
        _ path: String, from server: Address, on loop: EventLoop, deadline: MonotonicTime,
        completion: @escaping (Result<HTTPAnswer, HTTPClientError>) -> Void
    ) {
        let get = HTTPGet(path, server, loop, completion)
        Connection.connect(to: server, on: loop, deadline: deadline) { result in
            switch result {
            case .success(let connection): get.send(on: connection, deadline)
            case .failure(let error): get.finish(.failure(.unreachable(error)))
            }
        }
    }

    private init(
        _ path: String, _ server: Address, _ loop: EventLoop,
        _ completion: @escaping (Result<HTTPAnswer, HTTPClientError>) -> Void
    ) {
        self.loop = loop
        self.completion = completion
        let lines = ["GET \(path) HTTP/1.1", "Host: \(server)", "Connection: close", "", ""]
        request = Array(lines.joined(separator: "\r\n").utf8)
    }

    private func send(on connection: Connection, _ deadline: MonotonicTime) {
        self.connection = connection
        timer = loop.schedule(at: deadline) { [self] in
            timer = nil
            finish(.failure(.timedOut))
        }
        connection.onBytes = { [self] bytes in
            take { parser throws(HTTPAnswerError) in try parser.feed(bytes) }
            return bytes.count
        }
        connection.onClose = { [self] reason in
            guard completion != nil else { return }
            take { parser throws(HTTPAnswerError) in try parser.end() }
        }
        connection.write(request)
    }

    private func take(
        _ step: (inout HTTPAnswerParser) throws(HTTPAnswerError) -> HTTPAnswer?
    ) {
        do throws(HTTPAnswerError) {
            if let answer = try step(&parser) { finish(.success(answer)) }
        } catch {
            finish(.failure(.malformed(error)))
        }
    }

    private func finish(_ result: Result<HTTPAnswer, HTTPClientError>) {
        guard let completion else { return }
        self.completion = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        connection?.close()
        connection = nil
        completion(result)
    }
}
