internal import RaftRuntime
internal import Wire

/// Writes down every command; the answer is the command and how many there were before it.
struct Book: StateMachine, Sendable {
    private(set) var lines: [[UInt8]] = []

    static func answer(to command: [UInt8], after count: Int) -> [UInt8] {
        command + [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
    }

    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) -> [UInt8] {
        let bytes = [UInt8](reading: command)
        lines.append(bytes)
        return Self.answer(to: bytes, after: lines.count - 1)
    }

    func image() -> Image { Image(lines: lines) }

    struct Image: SnapshotImage {
        let lines: [[UInt8]]

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var bytes: [UInt8] = []
            bytes.writePacked(PackedBytes(lines))
            try emit(bytes)
        }

        init(lines: [[UInt8]]) { self.lines = lines }

        init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            let packed = try bytes.readPacked(maxCount: 1 << 20, name: "lines", at: &offset)
            guard offset == bytes.count else {
                throw DecodeError(.invalid(field: "end"), at: offset)
            }
            lines = (0..<packed.count).map { packed[$0] }
        }
    }

    mutating func restore(_ image: Image) { lines = image.lines }
}

extension SnapshotImage {
    /// All bytes in one piece.
    func bytes() throws -> [UInt8] {
        var all: [UInt8] = []
        try write { all += $0 }
        return all
    }
}
