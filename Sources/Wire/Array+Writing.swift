// Writing, the counterpart of `Span+Reading.swift`: fixed-width integers are little-endian.

extension [UInt8] {
    /// Appends two bytes, least significant first.
    @inline(__always)
    public mutating func write(_ value: UInt16) { writeFixed(value) }

    /// Appends four bytes, least significant first.
    @inline(__always)
    public mutating func write(_ value: UInt32) { writeFixed(value) }

    /// Appends eight bytes, least significant first.
    @inline(__always)
    public mutating func write(_ value: UInt64) { writeFixed(value) }

    @inline(__always)
    private mutating func writeFixed<Number: FixedWidthInteger>(_ value: Number) {
        for i in 0..<(Number.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: value >> Number(8 * i)))
        }
    }

    /// Overwrites the four bytes at `offset`, which must already exist.
    public mutating func overwrite(_ value: UInt32, at offset: Int) {
        for i in 0..<4 { self[offset + i] = UInt8(truncatingIfNeeded: value >> UInt32(8 * i)) }
    }

    /// Appends an unsigned integer of seven bits a byte, least significant first (LEB128).
    @inline(__always)
    public mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a count or a length as a varint.
    @inline(__always)
    public mutating func writeCount(_ count: Int) { writeVarint(UInt64(count)) }

    /// Appends text as UTF-8, preceded by its length in bytes as a varint.
    public mutating func writeString(_ text: String) {
        let bytes = text.utf8
        writeCount(bytes.count)
        append(contentsOf: bytes)
    }

    /// Appends the bytes of a span.
    public mutating func write(_ bytes: Span<UInt8>) {
        // The pointer is read within the call, while the span holds its bytes.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
