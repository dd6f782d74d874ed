package import Platform

/// One `GET` of a body that may be larger than the memory, on an event loop.
///
/// The body is handed on as it comes. While `onBytes` is at work nothing is read, so a slow disk holds up
/// the server and fills no buffer.
package final class HTTPDownload {
    /// Takes the next bytes of the body; what it throws ends the download.
    package typealias Sink = (Span<UInt8>) throws -> Void

    /// The most of a refusal's text that is kept.
    private static let maxRefusalBytes = 4 * 1024

    private let loop: EventLoop
    private let patienceMilliseconds: Int
    private let request: [UInt8]
    private let sink: Sink
    private var bytes: [UInt8] = []
    private var head: HTTPAnswerHead?
    private var received: UInt64 = 0
    private var connection: Connection?
    private var timer: TimerHandle?
    private var completion: ((Result<UInt64, any Error>) -> Void)?

    /// Asks `server` for `path`.
    ///
    /// - Parameters:
    ///   - patienceMilliseconds: How long the server may say nothing.
    ///   - completion: Runs once, on the loop, with the number of bytes, all of which were handed on; or with
    ///     `HTTPClientError`, or with what `sink` has thrown.
    package static func start(
        _ path: String, from server: Address, on loop: EventLoop, patienceMilliseconds: Int,
        sink: @escaping Sink, completion: @escaping (Result<UInt64, any Error>) -> Void
    ) {
        let download = HTTPDownload(path, server, loop, patienceMilliseconds, sink, completion)
        let deadline = MonotonicTime.now.advanced(byMilliseconds: patienceMilliseconds)
        Connection.connect(to: server, on: loop, deadline: deadline) { result in
            switch result {
            case .success(let connection): download.send(on: connection)
            case .failure(let error): download.finish(.failure(HTTPClientError.unreachable(error)))
            }
        }
    }

    private init(
        _ path: String, _ server: Address, _ loop: EventLoop, _ patienceMilliseconds: Int,
        _ sink: @escaping Sink, _ completion: @escaping (Result<UInt64, any Error>) -> Void
    ) {
        self.loop = loop
        self.patienceMilliseconds = patienceMilliseconds
        self.sink = sink
        self.completion = completion
        let lines = ["GET \(path) HTTP/1.1", "Host: \(server)", "Connection: close", "", ""]
        request = Array(lines.joined(separator: "\r\n").utf8)
    }

    private func send(on connection: Connection) {
        self.connection = connection
        waitOn()
        connection.onBytes = { [self] bytes in
            take(bytes)
            return bytes.count
        }
        connection.onClose = { [self] reason in end(reason) }
        connection.write(request)
    }

    private func waitOn() {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: patienceMilliseconds)
        if let timer, loop.reschedule(timer, at: deadline) { return }
        timer = loop.schedule(at: deadline) { [self] in
            timer = nil
            finish(.failure(HTTPClientError.timedOut))
        }
    }

    private func take(_ more: Span<UInt8>) {
        guard completion != nil else { return }
        do {
            if head == nil { try takeHead(more) } else { try takeBody(more) }
            // Measured from here: what the sink took is not the server's fault.
            if completion != nil { waitOn() }
        } catch { finish(.failure(error)) }
    }

    private func takeHead(_ more: Span<UInt8>) throws {
        for place in more.indices { bytes.append(more[place]) }
        do throws(HTTPAnswerError) {
            head = try HTTPAnswerHead.take(from: &bytes)
        } catch { throw HTTPClientError.malformed(error) }
        guard let head else { return }
        if head.status == 200 {
            guard case .length = head.framing else {
                throw HTTPClientError.malformed(HTTPAnswerError("it does not say its length"))
            }
        }
        let rest = bytes
        bytes = []
        try takeBody(rest.span)
    }

    private func takeBody(_ more: Span<UInt8>) throws {
        guard let head, head.status == 200, case .length(let length) = head.framing else {
            for place in more.indices where bytes.count < Self.maxRefusalBytes {
                bytes.append(more[place])
            }
            return
        }
        let count = Int(min(UInt64(more.count), length - received))
        if count > 0 { try sink(more.extracting(0..<count)) }
        received += UInt64(count)
        if received == length { finish(.success(length)) }
    }

    private func end(_ reason: CloseReason) {
        guard let head else { return finish(.failure(HTTPClientError.brokenOff(reason, at: 0))) }
        guard head.status == 200 else {
            let text = String(decoding: bytes, as: UTF8.self).split { $0.isNewline }.first ?? ""
            return finish(
                .failure(HTTPClientError.refused(status: head.status, text: String(text))))
        }
        finish(.failure(HTTPClientError.brokenOff(reason, at: received)))
    }

    private func finish(_ result: Result<UInt64, any Error>) {
        guard let completion else { return }
        self.completion = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        connection?.close()
        connection = nil
        completion(result)
    }
}
