/// One answer, and its bytes on the wire.
package struct HTTPResponse: Equatable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The body, when it is one that is read piece by piece; `body` is empty then.
    package var stream: HTTPStream?

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A good answer whose body is read piece by piece.
    package init(streaming stream: HTTPStream, headers: HTTPHeaders) {
        self.init(status: 200, headers: headers)
        self.stream = stream
    }

    /// An answer in plain text.
    package init(status: Int, text: String) {
        self.init(
            status: status, headers: HTTPHeaders([("content-type", "text/plain;charset=UTF-8")]),
            body: Array(text.utf8))
    }

    /// The answer to a client whose bytes were no request.
    package init(_ fault: HTTPFault) {
        self.init(status: fault.status, text: fault.reason + "\n")
    }

    /// Appends the bytes that answer `request`, or a fault when there is no request.
    ///
    /// `keepsConnection` tells the client whether it may send another one. The length is that of
    /// the body also where the body is left out, for HEAD (RFC 9110 §9.3.2), and where it follows as a stream.
    package func write(
        to buffer: inout [UInt8], answering request: HTTPRequest?, keepsConnection: Bool,
        date: String? = nil
    ) {
        append("HTTP/1.1 \(status) \(Self.phrase(of: status))", to: &buffer)
        for field in headers.fields where !Self.isWrittenHere(field.name) {
            append("\(Self.capitalised(field.name)): \(field.value)", to: &buffer)
        }
        if Self.hasLength(status) {
            append("Content-Length: \(stream?.byteCount ?? UInt64(body.count))", to: &buffer)
        }
        if !keepsConnection {
            append("Connection: close", to: &buffer)
        } else if request?.minorVersion == 0 {
            append("Connection: keep-alive", to: &buffer)
        }
        if let date { append("Date: \(date)", to: &buffer) }
        append("", to: &buffer)
        if Self.hasLength(status), request?.method != .head { buffer.append(contentsOf: body) }
    }

    /// The go-ahead for a client that holds its body back (RFC 9110 §10.1.1).
    package static let goAhead = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Appends a line. A control character in it would end the line early and let whoever chose
    /// the text write header fields of their own; it becomes a blank.
    private func append(_ line: String, to buffer: inout [UInt8]) {
        for byte in line.utf8 { buffer.append(byte < 0x20 || byte == 0x7f ? 0x20 : byte) }
        buffer.append(0x0d)
        buffer.append(0x0a)
    }

    private static func hasLength(_ status: Int) -> Bool {
        status >= 200 && status != 204 && status != 304
    }

    private static func isWrittenHere(_ name: String) -> Bool {
        name == "content-length" || name == "connection" || name == "date"
            || name == "transfer-encoding"
    }

    /// `content-type` as `Content-Type`, the way old clients expect it.
    private static func capitalised(_ name: String) -> String {
        var atStart = true
        var result = ""
        for character in name {
            result += atStart ? character.uppercased() : String(character)
            atStart = character == "-"
        }
        return result
    }

    private static func phrase(of status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 302: "Found"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 507: "Insufficient Storage"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
