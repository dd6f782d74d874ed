/// Cuts a stream of bytes into lines.
struct LineSplitter {
    /// A line that is longer than this is cut into several.
    static let maxLineBytes = 64 * 1024

    private var rest: [UInt8] = []

    /// Takes bytes in and hands out the lines that are complete, without their line feeds.
    mutating func append(_ bytes: Span<UInt8>, _ body: (String) -> Void) {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte != UInt8(ascii: "\n") { rest.append(byte) }
            if byte == UInt8(ascii: "\n") || rest.count == Self.maxLineBytes { finish(body) }
        }
    }

    /// Hands out what is left when the stream ends in the middle of a line.
    mutating func end(_ body: (String) -> Void) {
        if !rest.isEmpty { finish(body) }
    }

    private mutating func finish(_ body: (String) -> Void) {
        let line = String(decoding: rest, as: UTF8.self)
        rest.removeAll(keepingCapacity: true)
        body(line)
    }
}
