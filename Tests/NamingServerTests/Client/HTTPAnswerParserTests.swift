internal import NamingClient
internal import Testing

@Suite struct HTTPAnswerParserTests {
    static let answers: [(text: String, status: Int, body: String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 404 \r\ncontent-length:0\r\n\r\n", 404, ""),
        ("HTTP/1.0 200 OK\n\n", 200, ""),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 1\r\n\r\nx", 503, "x"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, "abc0123456789"
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", 200, ""),
    ]

    /// Feeds portions and gives the first answer; the end of the connection comes last.
    func read(_ portions: [[UInt8]]) throws -> HTTPAnswer {
        var parser = HTTPAnswerParser()
        for portion in portions {
            if let answer = try parser.feed(portion.span) { return answer }
        }
        return try parser.end()
    }

    @Test(arguments: answers)
    func `an answer is read whole, byte by byte, and split anywhere`(
        text: String, status: Int, body: String
    ) throws {
        let bytes = Array(text.utf8)
        let expected = HTTPAnswer(status: status, body: Array(body.utf8))
        #expect(try read([bytes]) == expected)
        #expect(try read(bytes.map { [$0] }) == expected)
        for place in bytes.indices {
            #expect(try read([Array(bytes[..<place]), Array(bytes[place...])]) == expected)
        }
    }

    @Test func `without a length the body lasts until the end`() throws {
        let bytes = Array("HTTP/1.1 200 OK\r\n\r\nall of this".utf8)
        #expect(try read([bytes]) == HTTPAnswer(status: 200, body: Array("all of this".utf8)))
    }

    @Test func `an answer that breaks off is an error`() {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".utf8)
        for count in bytes.indices {
            #expect(throws: HTTPAnswerError.self) { try read([Array(bytes[..<count])]) }
        }
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 99999 x\r\n\r\n",
        "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    ])
    func `what is no answer is refused`(text: String) {
        #expect(throws: HTTPAnswerError.self) { try read([Array(text.utf8)]) }
    }

    @Test func `a head without an end is refused before it fills the memory`() {
        var parser = HTTPAnswerParser()
        let portion = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000)
        #expect(throws: HTTPAnswerError.self) {
            for _ in 0..<10 { _ = try parser.feed(portion.span) }
        }
    }

    @Test func `random bytes never trap`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let start = Self.answers.randomElement(using: &random)?.text ?? ""
            var bytes = Array(start.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            _ = try? read([bytes])
        }
    }
}
