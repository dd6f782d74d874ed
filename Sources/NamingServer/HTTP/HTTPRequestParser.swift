// HTTP/1.1 requests from a byte stream (RFC 9112), as a value that knows no socket.
//
// Strict where leniency lets two programs disagree about where a request ends (request smuggling):
// lines end in CR LF and nothing else, no folded lines, no blank before a colon, one length.

internal import Wire

/// Takes bytes in any portions and gives back whole requests.
///
/// After `.fault` it never gives anything else: what follows the fault cannot be told apart.
package struct HTTPRequestParser: Equatable, Sendable {
    package enum Output: Equatable, Sendable {
        /// No whole request yet; append more.
        case needsBytes
        /// The client waits for `100 Continue` before it sends the body. Comes once a request.
        case expectsContinue
        case request(HTTPRequest)
        case fault(HTTPFault)
    }

    /// What the next bytes are. Diagram: `head → (body | chunkLine …)? → head`, any → `failed`.
    private enum State: Equatable {
        /// The request line and the header lines, up to and with the empty line.
        case head
        /// A body of known length.
        case body(HTTPRequest, length: Int)
        /// The line that opens a chunk.
        case chunkLine(HTTPRequest)
        /// The data of a chunk, and the line end after it.
        case chunk(HTTPRequest, length: Int)
        /// The lines after the last chunk, which are dropped, up to and with the empty line.
        case trailers(HTTPRequest)
        /// Nothing more can be understood.
        case failed(HTTPFault)
    }

    private enum Step { case needsBytes, goOn, output(Output) }

    private let limits: HTTPLimits
    private var state = State.head
    /// Bytes that were appended and not yet taken start at `position`.
    private var buffer: [UInt8] = []
    private var position = 0
    /// Bytes before this one hold no line feed; so a head that drips in is looked at once.
    private var searched = 0
    /// The lines of the head or of the trailers that are whole.
    private var lines: [Range<Int>] = []
    /// The chunks so far. Not kept in `state`, where appending would copy them each time.
    private var chunks: [UInt8] = []
    private var owesContinue = false

    package init(limits: HTTPLimits = HTTPLimits()) { self.limits = limits }

    /// The number of bytes that were appended and are not yet part of a request given back.
    package var pendingBytes: Int { buffer.count - position }

    /// Whether a request has begun and is not complete.
    package var isInsideRequest: Bool { state != .head || pendingBytes > 0 }

    package mutating func append(_ bytes: Span<UInt8>) {
        if case .failed = state { return }
        if position == buffer.count && lines.isEmpty { rewind() }
        buffer.write(bytes)
    }

    /// Takes the next thing out of the bytes so far; call it again until it needs bytes.
    package mutating func next() -> Output {
        do throws(HTTPFault) {
            while true {
                switch try step() {
                case .goOn: continue
                case .needsBytes: return owedContinue()
                case .output(let output): return output
                }
            }
        } catch {
            state = .failed(error)
            chunks = []
            rewind()
            return .fault(error)
        }
    }

    private mutating func step() throws(HTTPFault) -> Step {
        switch state {
        case .head: try stepHead()
        case .body(let request, let length): stepBody(request, length: length)
        case .chunkLine(let request): try stepChunkLine(request)
        case .chunk(let request, let length): try stepChunk(request, length: length)
        case .trailers(let request): try stepTrailers(request)
        case .failed(let fault): throw fault
        }
    }

    /// A client that waits gets its go-ahead only if its body is not already there.
    private mutating func owedContinue() -> Output {
        guard owesContinue else { return .needsBytes }
        owesContinue = false
        return .expectsContinue
    }

    // MARK: Head

    private mutating func stepHead() throws(HTTPFault) -> Step {
        guard try collectLines(firstLimit: limits.requestLineBytes) else { return .needsBytes }
        let head = try HTTPHead(lines: lines, in: buffer.span)
        finishLines()
        let request = head.request
        switch try head.framing(limits: limits) {
        case .none:
            return .output(.request(request))
        case .length(let length):
            owesContinue = head.expectsContinue
            state = .body(request, length: length)
        case .chunked:
            owesContinue = head.expectsContinue
            state = .chunkLine(request)
        }
        return .goOn
    }

    /// Gathers whole lines until the empty one; false when it has not come yet.
    ///
    /// `firstLimit` is the length allowed for a request line; nil when all lines are fields.
    private mutating func collectLines(firstLimit: Int?) throws(HTTPFault) -> Bool {
        let start = lines.first?.lowerBound ?? position
        while let line = try takeLine() {
            if line.isEmpty {
                // Empty lines before a request are what some clients leave behind (RFC 9112 §2.2).
                if firstLimit == nil || !lines.isEmpty { return true }
                continue
            }
            lines.append(line)
            try checkHeadLimits(from: start, firstLimit: firstLimit)
        }
        try checkHeadLimits(from: start, firstLimit: firstLimit)
        return false
    }

    private func checkHeadLimits(from start: Int, firstLimit: Int?) throws(HTTPFault) {
        var fieldsStart = start
        var fieldCount = lines.count
        if let firstLimit {
            let lineEnd = lines.first?.upperBound ?? buffer.count
            guard lineEnd - (lines.first?.lowerBound ?? position) <= firstLimit else {
                throw HTTPFault(414, "request line over \(firstLimit) bytes")
            }
            guard let first = lines.first else { return }
            fieldsStart = first.upperBound
            fieldCount -= 1
        }
        guard fieldCount <= limits.headerCount else {
            throw HTTPFault(431, "more than \(limits.headerCount) header fields")
        }
        // A line that is not whole yet counts too, so that an endless one is refused.
        guard max(searched - fieldsStart, 0) <= limits.headerBytes else {
            throw HTTPFault(431, "header fields over \(limits.headerBytes) bytes")
        }
    }

    /// The next whole line without its end, if there is one.
    private mutating func takeLine() throws(HTTPFault) -> Range<Int>? {
        var index = max(searched, position)
        while index < buffer.count, buffer[index] != 0x0a { index += 1 }
        searched = index
        guard index < buffer.count else { return nil }
        guard index > position, buffer[index - 1] == 0x0d else {
            throw HTTPFault(400, "a line must end in CR LF")
        }
        let line = position..<(index - 1)
        position = index + 1
        searched = position
        return line
    }

    private mutating func finishLines() {
        lines.removeAll(keepingCapacity: true)
        compact()
    }

    // MARK: Body

    private mutating func stepBody(_ request: HTTPRequest, length: Int) -> Step {
        guard pendingBytes >= length else { return .needsBytes }
        var request = request
        request.body = Array(buffer[position..<position + length])
        return complete(request, taking: length)
    }

    private mutating func complete(_ request: HTTPRequest, taking count: Int) -> Step {
        position += count
        searched = position
        owesContinue = false
        state = .head
        compact()
        return .output(.request(request))
    }

    private mutating func stepChunkLine(_ request: HTTPRequest) throws(HTTPFault) -> Step {
        let line = try takeLine()
        guard (line.map(\.count) ?? pendingBytes) <= limits.chunkLineBytes else {
            throw HTTPFault(400, "chunk line over \(limits.chunkLineBytes) bytes")
        }
        guard let line else { return .needsBytes }
        let length = try chunkLength(line)
        if length == 0 {
            state = .trailers(request)
        } else if length > limits.bodyBytes - chunks.count {
            throw HTTPFault(413, "body over \(limits.bodyBytes) bytes")
        } else {
            state = .chunk(request, length: length)
        }
        return .goOn
    }

    private func chunkLength(_ line: Range<Int>) throws(HTTPFault) -> Int {
        var length = 0
        var index = line.lowerBound
        while index < line.upperBound, let digit = hexDigit(buffer[index]) {
            // Anything this long is over every limit; stopping here keeps the sum in range.
            guard length <= Int.max >> 8 else { throw HTTPFault(413, "chunk too long") }
            length = length << 4 | Int(digit)
            index += 1
        }
        guard index > line.lowerBound else { throw HTTPFault(400, "chunk without a length") }
        while index < line.upperBound, buffer[index] == 0x20 || buffer[index] == 0x09 { index += 1 }
        guard index == line.upperBound || buffer[index] == UInt8(ascii: ";") else {
            throw HTTPFault(400, "chunk length is not a hexadecimal number")
        }
        guard !buffer[index..<line.upperBound].contains(0x0d) else {
            throw HTTPFault(400, "CR without LF")
        }
        return length
    }

    private mutating func stepChunk(
        _ request: HTTPRequest, length: Int
    ) throws(HTTPFault) -> Step {
        guard pendingBytes >= length + 2 else { return .needsBytes }
        let end = position + length
        guard buffer[end] == 0x0d, buffer[end + 1] == 0x0a else {
            throw HTTPFault(400, "chunk longer than its length")
        }
        chunks.append(contentsOf: buffer[position..<end])
        position = end + 2
        searched = position
        compact()
        state = .chunkLine(request)
        return .goOn
    }

    private mutating func stepTrailers(_ request: HTTPRequest) throws(HTTPFault) -> Step {
        guard try collectLines(firstLimit: nil) else { return .needsBytes }
        for line in lines { _ = try HTTPHead.field(buffer.span.extracting(line)) }
        lines.removeAll(keepingCapacity: true)
        var request = request
        swap(&request.body, &chunks)
        return complete(request, taking: 0)
    }

    // MARK: Buffer

    /// Drops what was taken once it is worth the move of what is left.
    private mutating func compact() {
        if position == buffer.count {
            rewind()
        } else if position >= 16 * 1024, position >= buffer.count / 2 {
            buffer.removeSubrange(..<position)
            position = 0
            searched = 0
        }
    }

    private mutating func rewind() {
        buffer.removeAll(keepingCapacity: buffer.capacity <= 64 * 1024)
        position = 0
        searched = 0
        lines.removeAll(keepingCapacity: true)
    }
}

/// The value of a hexadecimal digit.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
