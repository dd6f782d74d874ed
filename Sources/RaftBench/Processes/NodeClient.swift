internal import Platform
internal import Wire

/// A connection to a node's port for clients. Confined to its loop.
final class NodeClient {
    /// An answer, with the number of its question.
    enum Answer: Equatable {
        case done(UInt64)
        case failed(String)
        case report(NodeReport)
    }

    /// Takes each answer.
    var onAnswer: ((UInt64, Answer) -> Void)?
    /// Called once when the connection is no more.
    var onClose: ((CloseReason) -> Void)?

    private let connection: Connection

    private init(_ connection: Connection) {
        self.connection = connection
        connection.onBytes = { [unowned self] bytes in receive(bytes) }
        // The connection lets go of this when it is closed, and until then it keeps this alive.
        connection.onClose = { [self] reason in
            onAnswer = nil
            let callback = onClose
            onClose = nil
            callback?(reason)
        }
    }

    /// Connects; `then` is called once, later, on the loop.
    static func connect(
        to address: Address, on loop: EventLoop,
        then:
            @escaping (Result<NodeClient, SystemError>)
            -> Void
    ) {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: 5000)
        Connection.connect(to: address, on: loop, deadline: deadline) { result in
            then(result.map { NodeClient($0) })
        }
    }

    var isOpen: Bool { connection.isOpen }

    /// Asks something; it leaves at the end of the turn.
    func ask(_ question: ClientQuestion, _ number: UInt64, _ body: [UInt8] = []) {
        connection.write { output in
            ClientFrame.write(question.rawValue, number, to: &output) { $0 += body }
        }
    }

    func close() { connection.close() }

    private func receive(_ bytes: Span<UInt8>) -> Int {
        var consumed = 0
        do throws(DecodeError) {
            while connection.isOpen {
                let rest = bytes.extracting(consumed...)
                guard let frame = try ClientFrame.parse(rest) else { break }
                let answer = try Self.answer(frame.kind, rest.extracting(frame.body))
                consumed += frame.byteCount
                onAnswer?(frame.number, answer)
            }
        } catch {
            connection.close(.rejected("\(error)"))
            return bytes.count
        }
        return consumed
    }

    private static func answer(
        _ kind: UInt8, _ body: Span<UInt8>
    ) throws(DecodeError) -> Answer {
        var offset = 0
        switch ClientAnswer(rawValue: kind) {
        case .done: return .done(try body.readUInt64(at: &offset))
        case .failed:
            return .failed(
                try body.readString(limit: ClientFrame.maxBytes, name: "reason", at: &offset))
        case .report: return .report(try NodeReport(reading: body))
        case nil: throw DecodeError(.invalid(field: "kind"), at: 0)
        }
    }
}
