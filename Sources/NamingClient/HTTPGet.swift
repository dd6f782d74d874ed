package import Platform

/// One `GET` on a connection of its own, on an event loop.
package final class HTTPGet {
    private let exchange: HTTPExchange<HTTPAnswer, HTTPClientError>
    private var parser = HTTPAnswerParser()

    /// Asks `server` for `path`. `completion` runs once, on the loop, in a later turn, with an answer
    /// of whatever status, or with the reason why there was none by `deadline`.
    package static func start(
        _ path: String, from server: Address, on loop: EventLoop, deadline: MonotonicTime,
        completion: @escaping (Result<HTTPAnswer, HTTPClientError>) -> Void
    ) {
        let get = HTTPGet(
            HTTPExchange(
                on: loop, deadline: { deadline }, failure: { $0 }, completion: completion))
        get.exchange.get(
            path, from: server,
            onBytes: { bytes in
                get.take { parser throws(HTTPAnswerError) in try parser.feed(bytes) }
            },
            onClose: { _ in get.take { parser throws(HTTPAnswerError) in try parser.end() } })
    }

    private init(_ exchange: HTTPExchange<HTTPAnswer, HTTPClientError>) { self.exchange = exchange }

    private func take(
        _ step: (inout HTTPAnswerParser) throws(HTTPAnswerError) -> HTTPAnswer?
    ) {
        do throws(HTTPAnswerError) {
            if let answer = try step(&parser) { exchange.finish(.success(answer)) }
        } catch {
            exchange.fail(.malformed(error))
        }
    }
}
