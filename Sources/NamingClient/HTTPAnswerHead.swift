/// The status line and the header fields of an answer, as far as a client needs them.
struct HTTPAnswerHead: Equatable {
    /// How the end of the body is found.
    enum Framing: Equatable {
        case length(UInt64)
        case chunked
        case untilEnd
    }

    /// The largest status line and header fields together.
    static let maxBytes = 64 * 1024
    /// More than any file that somebody sends has.
    static let maxLength: UInt64 = 1 << 60

    var status: Int
    var framing: Framing

    /// Takes a head from the front of bytes, and the informational ones (1xx) before it; nothing while it is not
    /// all there.
    static func take(from bytes: inout [UInt8]) throws(HTTPAnswerError) -> HTTPAnswerHead? {
        while let end = bytes.endOfHead {
            let lines = String(decoding: bytes[..<end], as: UTF8.self).split { $0.isNewline }
            bytes.removeFirst(end)
            let head = try HTTPAnswerHead(lines)
            if head.status >= 200 { return head }
        }
        guard bytes.count <= maxBytes else {
            throw HTTPAnswerError("the head of the answer is too large")
        }
        return nil
    }

    private init(_ lines: [Substring]) throws(HTTPAnswerError) {
        guard let first = lines.first else {
            throw HTTPAnswerError("the answer has no status line")
        }
        let words = first.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]),
            (100...999).contains(status)
        else { throw HTTPAnswerError("'\(first.prefix(60))' is no HTTP status line") }
        self.status = status
        framing = status < 200 ? .length(0) : try Self.framing(status, lines.dropFirst())
    }

    private static func framing(
        _ status: Int, _ fields: ArraySlice<Substring>
    ) throws(HTTPAnswerError) -> Framing {
        if status == 204 || status == 304 { return .length(0) }
        var length: UInt64?
        for field in fields {
            guard let colon = field.firstIndex(of: ":") else { continue }
            let name = field[..<colon].lowercased()
            let value = field[field.index(after: colon)...].filter { !$0.isWhitespace }.lowercased()
            if name == "transfer-encoding" {
                guard value == "chunked" else { throw HTTPAnswerError("unknown coding '\(value)'") }
                return .chunked
            }
            guard name == "content-length" else { continue }
            guard let number = UInt64(value), number <= maxLength,
                length == nil || length == number
            else { throw HTTPAnswerError("'\(value)' is no usable content length") }
            length = number
        }
        return length.map { .length($0) } ?? .untilEnd
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
