internal import Testing

@testable internal import NamingServer

private func written(
    _ response: HTTPResponse, to request: String? = nil, keepsConnection: Bool = true,
    date: String? = nil
) -> String {
    var bytes: [UInt8] = []
    response.write(
        to: &bytes, answering: request.flatMap { requests(in: outputs(of: $0)).first },
        keepsConnection: keepsConnection, date: date)
    return String(decoding: bytes, as: UTF8.self)
}

@Suite struct `HTTP response` {
    @Test func `status, fields, length and body stand in this order`() {
        let ok = HTTPResponse(status: 200, text: "ok")
        #expect(
            written(ok) == "HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=UTF-8\r\n"
                + "Content-Length: 2\r\n\r\nok")
        #expect(
            written(ok, keepsConnection: false, date: "today").hasSuffix(
                "Content-Length: 2\r\nConnection: close\r\nDate: today\r\n\r\nok"))
    }

    @Test func `HEAD gets the length of the body and no body`() {
        let text = written(
            HTTPResponse(status: 200, text: "ok"), to: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(text.hasSuffix("Content-Length: 2\r\n\r\n"))
    }

    @Test func `a client of HTTP 1_0 is told that the connection stays`() {
        let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        #expect(written(HTTPResponse(status: 200), to: old).contains("Connection: keep-alive\r\n"))
    }

    @Test func `no content has no length`() {
        #expect(written(HTTPResponse(status: 204)) == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test func `a line break in a field cannot forge another field`() {
        let headers = HTTPHeaders([("x-a", "1\r\nX-B: 2")])
        #expect(
            written(HTTPResponse(status: 200, headers: headers)).contains("X-A: 1  X-B: 2\r\n"))
    }

    @Test func `length and connection are not left to the handler`() {
        let headers = HTTPHeaders([("Content-Length", "9"), ("Connection", "x")])
        #expect(
            written(HTTPResponse(status: 200, headers: headers))
                == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
}
