internal import CWire

// CRC-32C by the processor's own instructions.
//
// One instruction takes eight bytes, but hands its result on only after three cycles. So three runs of
// bytes are taken side by side and put together afterwards: the checksum is linear, and what a register
// is after n further bytes is what it is after n zeros, combined with what those bytes alone make of an
// empty one.
extension CRC32C {
    /// Whether the processor has instructions for it.
    public static let hasInstructions = muster_crc32c_is_there() != 0

    /// The register after the bytes, by the processor's instructions, which must be there.
    static func feed(_ bytes: Span<UInt8>, byInstructionsInto register: UInt32) -> UInt32 {
        // Most of what is checked is short.
        guard bytes.count >= 3 * shortRunBytes else { return feedOne(bytes, into: register) }
        var crc = register
        let start = feedRuns(of: longShift, bytes, from: 0, into: &crc)
        let rest = feedRuns(of: shortShift, bytes, from: start, into: &crc)
        return feedOne(bytes.extracting(rest..<bytes.count), into: crc)
    }

    /// Takes bytes three runs at a time for as long as there are so many, and returns how far it came.
    private static func feedRuns(
        of shift: ZeroShift, _ bytes: Span<UInt8>, from first: Int, into crc: inout UInt32
    ) -> Int {
        var start = first
        while bytes.count - start >= 3 * shift.byteCount {
            let end = start + 3 * shift.byteCount
            crc = feedThree(bytes.extracting(start..<end), into: crc, shift)
            start = end
        }
        return start
    }

    private static func feedOne(_ bytes: Span<UInt8>, into register: UInt32) -> UInt32 {
        // The callee reads `count` bytes, which are there for as long as the closure runs.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe muster_crc32c_feed(register, buffer.baseAddress, buffer.count)
        }
    }

    private static func feedThree(
        _ bytes: Span<UInt8>, into register: UInt32, _ shift: ZeroShift
    ) -> UInt32 {
        var (first, second, third) = (register, UInt32(0), UInt32(0))
        let stride = shift.byteCount
        precondition(bytes.count == 3 * stride && stride % 8 == 0)
        // The callee reads 3 * `stride` bytes: just as many as there are.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe muster_crc32c_feed_three(&first, &second, &third, buffer.baseAddress, stride)
        }
        return shift.applied(to: shift.applied(to: first) ^ second) ^ third
    }

    /// Runs of these lengths are taken three at a time.
    private static let longShift = ZeroShift(byteCount: 2048)
    private static let shortShift = ZeroShift(byteCount: shortRunBytes)
    private static let shortRunBytes = 168
}

/// What a number of zero bytes make of a register, as a table for each of the register's bytes.
private struct ZeroShift {
    let byteCount: Int
    private let tables: [UInt32]

    init(byteCount: Int) {
        self.byteCount = byteCount
        let zeros = [UInt8](repeating: 0, count: byteCount)
        let bits = (0..<32).map { CRC32C.feed(zeros.span, byTablesInto: UInt32(1) << UInt32($0)) }
        tables = (0..<4 * 256).map { place in
            (0..<8).reduce(0) { sum, bit in
                place >> bit & 1 == 1 ? sum ^ bits[place / 256 * 8 + bit] : sum
            }
        }
    }

    func applied(to register: UInt32) -> UInt32 {
        tables[Int(register & 0xff)] ^ tables[256 + Int(register >> 8 & 0xff)]
            ^ tables[512 + Int(register >> 16 & 0xff)] ^ tables[768 + Int(register >> 24)]
    }
}
