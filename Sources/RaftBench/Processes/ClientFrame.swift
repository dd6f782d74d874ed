// What a client of the bench and a node say to each other over TCP. Integers are little-endian; frames follow
// each other without a gap.
//
//   offset  bytes  field
//   0       4      n, the number of bytes that follow; 9 or more
//   4       1      kind: `ClientQuestion` or `ClientAnswer`
//   5       8      number of the question, chosen by the client; its answer has the same
//   13      n - 9  body
//
// Answers may come in another order than their questions. Whoever says anything else is cut off.

internal import Wire

/// What a client asks. The body is empty where nothing is said of it.
enum ClientQuestion: UInt8 {
    /// Have the body, a command, committed and applied: `done`, with the machine's answer, or `failed`.
    case propose = 1
    /// Wait until the machine holds all that is committed now: `done`, with how many commands that are, or `failed`.
    case read = 2
    /// How is it going: `report`.
    case report = 3
    /// As `report`, and from now on again each time the node's part changes, under the same number.
    case watch = 4
    /// Answer without doing anything: `done`, with 0. What clients and their connections cost by themselves.
    case echo = 5
}

/// What a node answers.
enum ClientAnswer: UInt8 {
    /// Eight bytes.
    case done = 1
    /// Why, as text.
    case failed = 2
    /// A `NodeReport`.
    case report = 3
}

/// Where the parts of one frame are in the bytes that it was found in.
struct ClientFrame: Equatable {
    static let headerBytes = 13
    /// The largest frame: a command of a megabyte, and some.
    static let maxBytes = 1 << 21

    var kind: UInt8
    var number: UInt64
    var body: Range<Int>

    var byteCount: Int { body.upperBound }

    /// Looks for one whole frame at the start of `bytes`.
    ///
    /// - Returns: Nothing when more bytes are needed.
    static func parse(_ bytes: Span<UInt8>) throws(DecodeError) -> ClientFrame? {
        guard bytes.count >= 4 else { return nil }
        var offset = 0
        let length = Int(try bytes.readUInt32(at: &offset))
        guard length >= headerBytes - 4 else { throw DecodeError(.invalid(field: "length"), at: 0) }
        guard length <= maxBytes - 4 else {
            throw DecodeError(.limitExceeded(name: "frame", limit: maxBytes), at: 0)
        }
        guard bytes.count - 4 >= length else { return nil }
        let kind = try bytes.readUInt8(at: &offset)
        let number = try bytes.readUInt64(at: &offset)
        return ClientFrame(kind: kind, number: number, body: offset..<4 + length)
    }

    /// Appends a frame whose body `build` appends to the same buffer.
    static func write(
        _ kind: UInt8, _ number: UInt64, to output: inout [UInt8],
        _ build: (inout [UInt8]) -> Void = { _ in }
    ) {
        let start = output.count
        output.write(UInt32(0))
        output.append(kind)
        output.write(number)
        build(&output)
        output.overwrite(UInt32(output.count - start - 4), at: start)
    }
}
