internal import Testing

@testable internal import NamingServer

/// Feeds bytes in portions and gathers all that comes out.
func outputs(
    of bytes: [UInt8], portion: Int = .max, limits: HTTPLimits = HTTPLimits()
) -> [HTTPRequestParser.Output] {
    var parser = HTTPRequestParser(limits: limits)
    var gathered: [HTTPRequestParser.Output] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        parser.append(Array(rest.prefix(portion)).span)
        rest = rest.dropFirst(portion)
        while true {
            let output = parser.next()
            if output == .needsBytes { break }
            gathered.append(output)
            if case .fault = output { return gathered }
        }
    }
    return gathered
}

func outputs(
    of text: String, portion: Int = .max, limits: HTTPLimits = HTTPLimits()
) -> [HTTPRequestParser.Output] {
    outputs(of: Array(text.utf8), portion: portion, limits: limits)
}

func requests(in outputs: [HTTPRequestParser.Output]) -> [HTTPRequest] {
    outputs.compactMap { if case .request(let request) = $0 { request } else { nil } }
}

func faultStatus(_ text: String, limits: HTTPLimits = HTTPLimits()) -> Int? {
    guard case .fault(let fault)? = outputs(of: text, limits: limits).last else { return nil }
    return fault.status
}

/// What `nacos-sdk-python` 1.0.0 sends for a beat.
let pythonBeat = """
    PUT /nacos/v1/ns/instance/beat?serviceName=DEFAULT_GROUP%40%40svc&beat=%7B%22port%22%3A+8080%7D \
    HTTP/1.1\r
    Accept-Encoding: identity\r
    Content-Length: 0\r
    Host: 127.0.0.1:8848\r
    User-Agent: Nacos-Python-Client:v1.0.0\r
    Connection: close\r
    \r

    """

/// What the Go SDK 1.1.6 sends for a beat: the body is not encoded.
let goBeat = """
    PUT /nacos/v1/ns/instance/beat HTTP/1.1\r
    Host: 127.0.0.1:8848\r
    User-Agent: Nacos-Go-Client:v1.1.6\r
    Content-Length: 29\r
    Content-Type: application/x-www-form-urlencoded;charset=utf-8\r
    \r
    serviceName=a@@b&beat={"x":1}
    """

let chunkedPost = """
    POST /a?b=c HTTP/1.1\r
    Host: h\r
    Transfer-Encoding: chunked\r
    \r
    4;ext=1\r
    name\r
    A\r
    =0123456&x\r
    0\r
    Trailer: dropped\r
    \r

    """

@Suite struct `HTTP request parser` {
    @Test(arguments: [pythonBeat, goBeat, chunkedPost])
    func `a request is the same however its bytes are cut`(_ text: String) {
        let whole = outputs(of: text)
        #expect(requests(in: whole).count == 1)
        for portion in 1..<text.utf8.count {
            #expect(outputs(of: text, portion: portion) == whole)
        }
    }

    @Test func `glued requests come out one by one in order`() {
        let text = pythonBeat + goBeat + chunkedPost + "\r\n" + goBeat
        let paths = requests(in: outputs(of: text)).map(\.path)
        #expect(
            paths == [
                "/nacos/v1/ns/instance/beat", "/nacos/v1/ns/instance/beat", "/a",
                "/nacos/v1/ns/instance/beat",
            ])
        for portion in [1, 2, 3, 7, 64] {
            #expect(outputs(of: text, portion: portion) == outputs(of: text))
        }
    }

    @Test func `every strict prefix of a request asks for more`() {
        for text in [pythonBeat, goBeat, chunkedPost] {
            for length in 0..<text.utf8.count {
                #expect(outputs(of: Array(text.utf8.prefix(length))).isEmpty)
            }
        }
    }

    @Test func `target, fields and body are taken apart`() throws {
        let request = try #require(requests(in: outputs(of: goBeat)).first)
        #expect(request.method == .put)
        #expect(request.path == "/nacos/v1/ns/instance/beat")
        #expect(request.query == "")
        #expect(request.headers["user-agent"] == "Nacos-Go-Client:v1.1.6")
        #expect(request.body == Array("serviceName=a@@b&beat={\"x\":1}".utf8))
        #expect(request.keepsConnection)
        let python = try #require(requests(in: outputs(of: pythonBeat)).first)
        #expect(python.query.hasPrefix("serviceName=DEFAULT_GROUP%40%40svc&"))
        #expect(!python.keepsConnection)
    }

    @Test func `chunks are joined and their extensions and trailers dropped`() throws {
        let request = try #require(requests(in: outputs(of: chunkedPost)).first)
        #expect(request.body == Array("name=0123456&x".utf8))
        #expect(request.query == "b=c")
        #expect(request.headers["trailer"] == nil)
    }

    @Test func `a proxy's absolute target is reduced to its path`() throws {
        let text = "GET http://h:8848/x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n"
        let request = try #require(requests(in: outputs(of: text)).first)
        #expect(request.path == "/x")
        #expect(request.query == "y=1")
    }

    @Test func `HTTP 1_0 closes unless asked to stay`() {
        let plain = requests(in: outputs(of: "GET / HTTP/1.0\r\n\r\n"))
        #expect(plain.map(\.keepsConnection) == [false])
        let staying = "GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n"
        #expect(requests(in: outputs(of: staying)).map(\.keepsConnection) == [true])
    }

    @Test func `a client that waits with its body is told to go on once`() {
        let head = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        var parser = HTTPRequestParser()
        parser.append(Array(head.utf8).span)
        #expect(parser.next() == .expectsContinue)
        #expect(parser.next() == .needsBytes)
        parser.append(Array("ok".utf8).span)
        guard case .request(let request) = parser.next() else {
            Issue.record("no request")
            return
        }
        #expect(request.body == Array("ok".utf8))
        #expect(parser.next() == .needsBytes)
        #expect(outputs(of: head + "ok").count == 1, "the body was already there")
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\u{0}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\n", 0), ("GET  / HTTP/1.1\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\n\r\n", 400), ("GET relative HTTP/1.1\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\n\r\n", 400), ("GET\r\n\r\n", 400), (" \r\n\r\n", 400),
        ("GET / HTTP/1.1x\r\n\r\n", 400), ("GET / http/1.1\r\n\r\n", 400),
        ("G{T / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\n", 505),
        ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    ])
    func `malformed heads are refused`(_ text: String, _ status: Int) {
        #expect(faultStatus(text) ?? 0 == status)
    }

    @Test(arguments: [
        ("Content-Length: 1\r\nContent-Length: 2", 400),
        ("Content-Length: 1, 2", 400), ("Content-Length: 1,", 400),
        ("Content-Length: -1", 400), ("Content-Length: +1", 400), ("Content-Length: 1x", 400),
        ("Content-Length:", 400), ("Content-Length: 0x10", 400),
        ("Content-Length: 99999999999999999999999", 413),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: identity", 501),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
        ("Transfer-Encoding: chunked, chunked", 501), ("Transfer-Encoding:", 501),
    ])
    func `a body of doubtful length is refused`(_ fields: String, _ status: Int) {
        #expect(faultStatus("PUT / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n") == status)
    }

    @Test func `a length that is said twice alike is one length`() {
        let fields = "Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok"
        let text = "PUT / HTTP/1.1\r\nHost: a\r\n" + fields
        #expect(requests(in: outputs(of: text)).map(\.body) == [Array("ok".utf8)])
    }

    @Test func `HTTP 1_0 knows no chunks`() {
        #expect(faultStatus("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400)
    }

    @Test(arguments: [
        "x\r\n", "\r\n", " 1\r\na\r\n", "1 x\r\na\r\n", "1\na\n", "1\r\nab\r\n",
        "1;a\rb\r\nx\r\n", "0\r\nnocolon\r\n\r\n", "-1\r\n", "1\r\na\n\n",
    ])
    func `broken chunks are refused`(_ chunks: String) {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(faultStatus(head + chunks) == 400)
    }

    @Test func `what is over a limit is refused before it is whole`() {
        var limits = HTTPLimits()
        limits.requestLineBytes = 20
        limits.headerCount = 3
        limits.headerBytes = 60
        limits.bodyBytes = 10
        limits.chunkLineBytes = 8
        let start = "PUT / HTTP/1.1\r\nHost: a\r\n"
        let chunked = start + "Transfer-Encoding: chunked\r\n\r\n"
        #expect(faultStatus("GET /" + String(repeating: "a", count: 40), limits: limits) == 414)
        #expect(faultStatus("GET /aaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == nil)
        #expect(faultStatus("GET /aaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == 414)
        #expect(faultStatus(start + "a: 1\r\nb: 1\r\nc: 1\r\n", limits: limits) == 431)
        #expect(faultStatus(start + String(repeating: "a", count: 60), limits: limits) == 431)
        #expect(faultStatus(start + "Content-Length: 11\r\n\r\n", limits: limits) == 413)
        #expect(faultStatus(start + "Content-Length: 10\r\n\r\n", limits: limits) == nil)
        #expect(faultStatus(chunked + "b\r\n", limits: limits) == 413)
        #expect(faultStatus(chunked + "5\r\n01234\r\n6\r\n", limits: limits) == 413)
        #expect(faultStatus(chunked + "5;abcdefgh", limits: limits) == 400)
        #expect(faultStatus(chunked + "ffffffffffffffffffff", limits: limits) == 400)
        #expect(
            faultStatus(chunked + "0\r\na: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\n", limits: limits) == 431)
    }

    @Test func `a length of many digits does not overflow`() {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(faultStatus(head + String(repeating: "f", count: 100) + "\r\n") == 413)
    }

    @Test func `after a fault nothing more is understood`() {
        var parser = HTTPRequestParser()
        parser.append(Array("bad\r\n\r\n".utf8).span)
        guard case .fault(let fault) = parser.next() else {
            Issue.record("no fault")
            return
        }
        parser.append(Array(pythonBeat.utf8).span)
        #expect(parser.next() == .fault(fault))
        #expect(parser.pendingBytes == 0)
    }

    @Test func `random bytes and damaged requests never trap`() {
        var random = SeededRandom(seed: 11)
        let samples = [pythonBeat, goBeat, chunkedPost].map { Array($0.utf8) }
        for _ in 0..<4000 {
            var bytes = samples[random.below(samples.count)] + samples[random.below(samples.count)]
            for _ in 0..<random.below(4) {
                bytes[random.below(bytes.count)] = random.interestingByte()
            }
            if random.below(4) == 0 { bytes = (0..<80).map { _ in random.interestingByte() } }
            let whole = outputs(of: bytes)
            #expect(outputs(of: bytes, portion: 1 + random.below(9)) == whole)
            if case .fault(let fault)? = whole.last {
                #expect([400, 413, 414, 431, 501, 505].contains(fault.status))
            }
        }
    }
}
