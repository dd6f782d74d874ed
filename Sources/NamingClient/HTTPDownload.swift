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

    private let exchange: HTTPExchange<UInt64, any Error>
    private let sink: Sink
    private var bytes: [UInt8] = []
    private var head: HTTPAnswerHead?
    private var received: UInt64 = 0

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
        let exchange = HTTPExchange<UInt64, any Error>(
            on: loop, deadline: { .now.advanced(byMilliseconds: patienceMilliseconds) },
            failure: { $0 }, completion: completion)
        let download = HTTPDownload(exchange, sink)
        exchange.get(path, from: server, onBytes: download.take, onClose: download.end)
    }

    private init(_ exchange: HTTPExchange<UInt64, any Error>, _ sink: @escaping Sink) {
        self.exchange = exchange
        self.sink = sink
    }

    private func take(_ more: Span<UInt8>) {
        do {
            if head == nil { try takeHead(more) } else { try takeBody(more) }
            // Measured from here: what the sink took is not the server's fault.
            exchange.waitOn()
        } catch { exchange.finish(.failure(error)) }
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
        if received == length { exchange.finish(.success(length)) }
    }

    private func end(_ reason: CloseReason) {
        guard let head else { return exchange.fail(.brokenOff(reason, at: 0)) }
        guard head.status == 200 else {
            let text = String(decoding: bytes, as: UTF8.self).split { $0.isNewline }.first ?? ""
            return exchange.fail(.refused(status: head.status, text: String(text)))
        }
        exchange.fail(.brokenOff(reason, at: received))
    }
}
