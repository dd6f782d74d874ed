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
    /// The largest status line and header fields together.
    static let maxHeadBytes = 64 * 1024
    /// The largest body.
    static let maxBodyBytes = 64 * 1024 * 1024

    private enum Framing: Equatable {
        case length(Int)
        case chunked
        case untilEnd
    }

    private var bytes: [UInt8] = []
    private var head: (status: Int, framing: Framing, bodyStart: Int)?
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
        while head == nil {
            guard try parseHead() else { return nil }
        }
        guard let head else { return nil }
        let count = bytes.count - head.bodyStart
        guard count <= Self.maxBodyBytes else { throw HTTPAnswerError("the answer is too large") }
        switch head.framing {
        case .length(let length):
            guard count >= length else { return nil }
            let body = bytes[head.bodyStart..<head.bodyStart + length]
            return HTTPAnswer(status: head.status, body: Array(body))
        case .untilEnd:
            guard atEnd else { return nil }
            return HTTPAnswer(status: head.status, body: Array(bytes[head.bodyStart...]))
        case .chunked:
            guard try chunks.read(bytes[head.bodyStart...]) else { return nil }
            return HTTPAnswer(status: head.status, body: chunks.body)
        }
    }

    /// Reads the status line and the fields; false while they are not all there.
    private mutating func parseHead() throws(HTTPAnswerError) -> Bool {
        guard let end = bytes.endOfHead else {
            guard bytes.count <= Self.maxHeadBytes else {
                throw HTTPAnswerError("the head of the answer is too large")
            }
            return false
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split { $0.isNewline }
        guard let first = lines.first else {
            throw HTTPAnswerError("the answer has no status line")
        }
        let words = first.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]),
            (100...999).contains(status)
        else { throw HTTPAnswerError("'\(first.prefix(60))' is no HTTP status line") }
        if status < 200 {
            bytes.removeFirst(end)
            return true
        }
        head = (status, try Self.framing(status, lines.dropFirst()), end)
        return true
    }

    private static func framing(
        _ status: Int, _ fields: ArraySlice<Substring>
    ) throws(HTTPAnswerError) -> Framing {
        if status == 204 || status == 304 { return .length(0) }
        var length: Int?
        for field in fields {
            guard let colon = field.firstIndex(of: ":") else { continue }
            let name = field[..<colon].lowercased()
            let value = field[field.index(after: colon)...].filter { !$0.isWhitespace }.lowercased()
            if name == "transfer-encoding" {
                guard value == "chunked" else { throw HTTPAnswerError("unknown coding '\(value)'") }
                return .chunked
            }
            guard name == "content-length" else { continue }
            guard let number = Int(value), (0...maxBodyBytes).contains(number),
                length == nil || length == number
            else { throw HTTPAnswerError("'\(value)' is no usable content length") }
            length = number
        }
        return length.map { .length($0) } ?? .untilEnd
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

extension [UInt8] {
    /// Where the body begins: behind the first empty line.
    fileprivate var endOfHead: Int? {
        let newline = UInt8(ascii: "\n")
        var previous: Int?
        for place in indices where self[place] == newline {
            if let previous {
                let between = self[(previous + 1)..<place]
                if between.isEmpty || between.elementsEqual([UInt8(ascii: "\r")]) {
                    return place + 1
                }
            }
            previous = place
        }
        return nil
    }
}
