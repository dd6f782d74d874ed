/// The request line and the header fields, understood.
struct HTTPHead: Equatable, Sendable {
    /// How the end of the body is found (RFC 9112 §6.3).
    enum Framing: Equatable, Sendable { case none, length(Int), chunked }

    private(set) var request: HTTPRequest

    /// Understands lines that were cut at CR LF; there is at least one.
    init(lines: [Range<Int>], in bytes: Span<UInt8>) throws(HTTPFault) {
        request = try Self.requestLine(bytes.extracting(lines[0]))
        for line in lines.dropFirst() {
            let field = try Self.field(bytes.extracting(line))
            request.headers.append(name: field.name, value: field.value)
        }
        try checkHost()
    }

    var expectsContinue: Bool {
        request.minorVersion >= 1 && request.headers.contains(token: "100-continue", in: "expect")
    }

    // MARK: Request line

    private static func requestLine(_ line: Span<UInt8>) throws(HTTPFault) -> HTTPRequest {
        guard let methodEnd = index(of: 0x20, in: line, from: 0),
            let targetEnd = index(of: 0x20, in: line, from: methodEnd + 1),
            index(of: 0x20, in: line, from: targetEnd + 1) == nil
        else { throw HTTPFault(400, "request line is not: method target version") }
        let minor = try minorVersion(line.extracting((targetEnd + 1)..<line.count))
        let method = try method(line.extracting(0..<methodEnd))
        let target = try target(line.extracting((methodEnd + 1)..<targetEnd), method: method)
        return HTTPRequest(
            method: method, path: target.path, query: target.query, minorVersion: minor,
            headers: HTTPHeaders())
    }

    private static func minorVersion(_ version: Span<UInt8>) throws(HTTPFault) -> Int {
        let name: StaticString = "HTTP/"
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard version.count == 8, starts(version, with: name), digits.contains(version[5]),
            version[6] == UInt8(ascii: "."), digits.contains(version[7])
        else { throw HTTPFault(400, "malformed HTTP version") }
        guard version[5] == UInt8(ascii: "1") else {
            throw HTTPFault(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        return version[7] == UInt8(ascii: "0") ? 0 : 1
    }

    private static func method(_ bytes: Span<UInt8>) throws(HTTPFault) -> HTTPMethod {
        guard !bytes.isEmpty, allAreTokenBytes(bytes) else {
            throw HTTPFault(400, "malformed method")
        }
        guard let method = HTTPMethod(rawValue: text(bytes)) else {
            throw HTTPFault(501, "method not implemented")
        }
        return method
    }

    private static func target(
        _ bytes: Span<UInt8>, method: HTTPMethod
    ) throws(HTTPFault) -> (path: String, query: String) {
        for index in bytes.indices where bytes[index] <= 0x20 || bytes[index] == 0x7f {
            throw HTTPFault(400, "control character in the request target")
        }
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*"), method == .options { return ("*", "") }
        let origin = bytes.extracting(try pathStart(bytes)..<bytes.count)
        // A fragment is never sent; should one come, it is no part of what is asked for.
        let end = index(of: UInt8(ascii: "#"), in: origin, from: 0) ?? origin.count
        let mark = index(of: UInt8(ascii: "?"), in: origin, from: 0) ?? end
        guard mark < end else { return (text(origin.extracting(0..<end)), "") }
        return (text(origin.extracting(0..<mark)), text(origin.extracting((mark + 1)..<end)))
    }

    /// Where the path begins; a proxy's absolute form must be accepted (RFC 9112 §3.2.2).
    private static func pathStart(_ bytes: Span<UInt8>) throws(HTTPFault) -> Int {
        if !bytes.isEmpty, bytes[0] == UInt8(ascii: "/") { return 0 }
        let schemes: [StaticString] = ["http://", "https://"]
        for scheme in schemes where starts(bytes, with: scheme) {
            guard
                let slash = index(of: UInt8(ascii: "/"), in: bytes, from: scheme.utf8CodeUnitCount)
            else { break }
            return slash
        }
        throw HTTPFault(400, "the request target must start with a slash")
    }

    // MARK: Fields

    /// Takes one header line apart.
    static func field(_ line: Span<UInt8>) throws(HTTPFault) -> (name: String, value: String) {
        guard let colon = index(of: UInt8(ascii: ":"), in: line, from: 0), colon > 0,
            allAreTokenBytes(line.extracting(0..<colon))
        else { throw HTTPFault(400, "malformed header field") }
        var start = colon + 1
        var end = line.count
        while start < end, isBlank(line[start]) { start += 1 }
        while end > start, isBlank(line[end - 1]) { end -= 1 }
        for index in start..<end where line[index] < 0x20 && line[index] != 0x09 {
            throw HTTPFault(400, "control character in a header field")
        }
        return (text(line.extracting(0..<colon)), text(line.extracting(start..<end)))
    }

    /// A request with no host or with two may mean another thing to a proxy (RFC 9112 §3.2).
    private func checkHost() throws(HTTPFault) {
        let count = request.headers.values(of: "host").count
        guard count == 1 || (count == 0 && request.minorVersion == 0) else {
            throw HTTPFault(400, "there must be one Host field")
        }
    }

    // MARK: Framing

    func framing(limits: HTTPLimits) throws(HTTPFault) -> Framing {
        let lengths = request.headers.values(of: "content-length")
        let codings = request.headers.values(of: "transfer-encoding")
        guard codings.isEmpty else {
            guard lengths.isEmpty, request.minorVersion >= 1 else {
                throw HTTPFault(400, "Transfer-Encoding beside a length or in HTTP/1.0")
            }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw HTTPFault(501, "only the transfer coding chunked is known")
            }
            return .chunked
        }
        guard !lengths.isEmpty else { return .none }
        let length = try contentLength(lengths)
        guard length <= limits.bodyBytes else {
            throw HTTPFault(413, "body over \(limits.bodyBytes) bytes")
        }
        return length == 0 ? .none : .length(length)
    }

    /// The one length that all fields agree on.
    private func contentLength(_ values: [String]) throws(HTTPFault) -> Int {
        let texts = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { trimmingBlanks($0) }
        guard let first = texts.first, texts.allSatisfy({ $0 == first }), !first.isEmpty,
            first.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw HTTPFault(400, "malformed or contradictory Content-Length") }
        // What does not fit a word is beyond every limit.
        return Int(first) ?? .max
    }

    // MARK: Bytes

    private static func index(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    private static func starts(_ bytes: Span<UInt8>, with prefix: StaticString) -> Bool {
        let wanted = prefix.description.utf8
        guard bytes.count >= wanted.count else { return false }
        var index = 0
        for byte in wanted {
            if bytes[index] != byte { return false }
            index += 1
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Text, repaired where it is no UTF-8.
    private static func text(_ bytes: Span<UInt8>) -> String {
        // Safe: the buffer is copied from while the span is borrowed, and does not get out.
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private static func allAreTokenBytes(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where !isTokenByte(bytes[index]) { return false }
        return true
    }

    /// The characters of a token (RFC 9110 §5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
