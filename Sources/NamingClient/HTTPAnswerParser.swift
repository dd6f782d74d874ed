/// What a server has answered.
package struct HTTPAnswer: Equatable, Sendable {
    /// The status; 200 to 299 is good.
    package var status: Int
    /// The body, with its transfer coding undone.
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why the bytes of a server are no answer.
package struct HTTPAnswerError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Reads one HTTP/1.1 answer (RFC 9112) out of bytes that come in any portions.
///
/// Informational answers (1xx) are passed over. What follows the answer is none of its business: the
/// client asks for the connection to be closed.
package struct HTTPAnswerParser: Sendable {
    /// The largest body.
    static let maxBodyBytes = 64 * 1024 * 1024

    private var bytes: [UInt8] = []
    private var head: HTTPAnswerHead?
    private var chunks = ChunkedBody()

    package init() {}

    /// Takes in what has come; gives the answer once it is whole.
    package mutating func feed(_ more: Span<UInt8>) throws(HTTPAnswerError) -> HTTPAnswer? {
        bytes.reserveCapacity(bytes.count + more.count)
        for place in more.indices { bytes.append(more[place]) }
        return try parse(atEnd: false)
    }

    /// Takes in that nothing more will come.
    package mutating func end() throws(HTTPAnswerError) -> HTTPAnswer {
        guard let answer = try parse(atEnd: true) else {
            throw HTTPAnswerError("the connection ended in the middle of an answer")
        }
        return answer
    }

    private mutating func parse(atEnd: Bool) throws(HTTPAnswerError) -> HTTPAnswer? {
        if head == nil { head = try HTTPAnswerHead.take(from: &bytes) }
        guard let head else { return nil }
        let count = bytes.count
        guard count <= Self.maxBodyBytes else { throw HTTPAnswerError("the answer is too large") }
        switch head.framing {
        case .length(let length):
            guard length <= Self.maxBodyBytes else {
                throw HTTPAnswerError("the answer is too large")
            }
            guard count >= length else { return nil }
            return HTTPAnswer(status: head.status, body: Array(bytes[..<Int(length)]))
        case .untilEnd:
            guard atEnd else { return nil }
            return HTTPAnswer(status: head.status, body: bytes)
        case .chunked:
            guard try chunks.read(bytes[...]) else { return nil }
            return HTTPAnswer(status: head.status, body: chunks.body)
        }
    }
}

/// A body in chunks (RFC 9112 §7.1), read as far as it has come.
private struct ChunkedBody {
    private(set) var body: [UInt8] = []
    private var position = 0

    /// Reads on; `bytes` begins with the first chunk's size every time. True when all is there.
    mutating func read(_ bytes: ArraySlice<UInt8>) throws(HTTPAnswerError) -> Bool {
        while true {
            let rest = bytes[(bytes.startIndex + position)...]
            guard let newline = rest.firstIndex(of: UInt8(ascii: "\n")) else { return false }
            let line = String(decoding: rest[..<newline], as: UTF8.self)
            let digits = line.prefix { $0.isHexDigit }
            guard let size = Int(digits, radix: 16), size <= HTTPAnswerParser.maxBodyBytes else {
                throw HTTPAnswerError("'\(line.prefix(20))' is no size of a chunk")
            }
            let start = newline + 1
            guard bytes.endIndex - start >= size + 2 else { return false }
            let end = start + size
            guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
                if size == 0 { return true }  // trailer fields, which nobody here reads
                throw HTTPAnswerError("a chunk is longer than its size says")
            }
            if size == 0 { return true }
            body.append(contentsOf: bytes[start..<end])
            position = end + 2 - bytes.startIndex
        }
    }
}
