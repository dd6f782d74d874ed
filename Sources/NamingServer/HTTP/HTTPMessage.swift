/// The request methods this server knows; any other is answered with 501 (RFC 9110 §9.1).
package enum HTTPMethod: String, Equatable, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
}

/// Header fields in the order they came; names are kept in lower case.
package struct HTTPHeaders: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package init(_ pairs: [(name: String, value: String)]) {
        for pair in pairs { append(name: pair.name, value: pair.value) }
    }

    /// The value of the first field of that name, which must be given in lower case.
    package subscript(name: String) -> String? {
        for field in fields where field.name == name { return field.value }
        return nil
    }

    /// The values of all fields of that name, which must be given in lower case.
    package func values(of name: String) -> [String] {
        var values: [String] = []
        for field in fields where field.name == name { values.append(field.value) }
        return values
    }

    package mutating func append(name: String, value: String) {
        fields.append(Field(name: name.lowercased(), value: value))
    }

    /// The comma-separated elements of all fields of that name, trimmed, without empty ones.
    package func elements(of name: String) -> [String] {
        values(of: name).flatMap { $0.split(separator: ",") }
            .map { String(trimmingBlanks($0)) }
            .filter { !$0.isEmpty }
    }

    /// Whether one of the comma-separated elements is `token`, which must be in lower case.
    package func contains(token: String, in name: String) -> Bool {
        elements(of: name).contains { $0.lowercased() == token }
    }
}

/// Text without spaces and tabs at its ends.
package func trimmingBlanks(_ text: Substring) -> Substring {
    var text = text
    while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
    while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
    return text
}

/// One whole request.
package struct HTTPRequest: Equatable, Sendable {
    package var method: HTTPMethod
    /// The path as it was sent, still percent-encoded; `*` for `OPTIONS *`.
    package var path: String
    /// What follows the first `?`, still percent-encoded; empty when there is none.
    package var query: String
    /// The digit after `HTTP/1.`; a higher one than 1 is served as 1 (RFC 9110 §2.5).
    package var minorVersion: Int
    package var headers: HTTPHeaders
    package var body: [UInt8] = []

    /// Whether the client wants to send another request on this connection (RFC 9112 §9.3).
    package var keepsConnection: Bool {
        if headers.contains(token: "close", in: "connection") { return false }
        return minorVersion >= 1 || headers.contains(token: "keep-alive", in: "connection")
    }
}

/// What may not be exceeded by a request; what is over it is refused before memory is spent on it.
package struct HTTPLimits: Equatable, Sendable {
    /// The longest request line; a longer one is answered with 414.
    package var requestLineBytes = 16 * 1024
    /// The most header fields, and as many trailers; more are answered with 431.
    package var headerCount = 100
    /// All header lines together; more are answered with 431.
    package var headerBytes = 32 * 1024
    /// The longest body, before or after the removal of chunk framing; 413 above it.
    package var bodyBytes = 1024 * 1024
    /// The longest line that opens a chunk, extensions included; 400 above it.
    package var chunkLineBytes = 256

    package init() {}
}

/// Why bytes are no request that can be served. The connection is of no use after it.
package struct HTTPFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// The status to answer with: 400, 413, 414, 431, 501 or 505.
    package var status: Int
    package var reason: String

    package init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    package var description: String { "\(status) \(reason)" }
}
