// Bounds-checked reading. Each call reads one value at `offset` and moves `offset` past it; on an
// error `offset` is left where it was. Fixed-width integers are little-endian.

extension Span where Element == UInt8 {
    /// Whether no byte is other than zero.
    public var isZero: Bool {
        var start = 0
        while start < count {
            let end = Swift.min(count, start + 4096)
            var any: UInt64 = 0
            // Many words at a time, as the compiler sees fit; not bytes, for the sake of debug builds, in which tests look
            // through whole segments.
            while start + 8 <= end {
                // Eight bytes from `start` on end at `end`, which is no more than `count`.
                any |= unsafe bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: start, as: UInt64.self)
                start += 8
            }
            while start < end {
                any |= UInt64(self[start])
                start += 1
            }
            guard any == 0 else { return false }
        }
        return true
    }

    /// Reads one byte.
    public func readUInt8(at offset: inout Int) throws(DecodeError) -> UInt8 {
        guard offset >= 0, offset < count else { throw DecodeError(.truncated, at: count) }
        let value = self[offset]
        offset += 1
        return value
    }

    /// Reads a little-endian integer of two bytes.
    public func readUInt16(at offset: inout Int) throws(DecodeError) -> UInt16 {
        UInt16(truncatingIfNeeded: try readFixed(width: 2, at: &offset))
    }

    /// Reads a little-endian integer of four bytes.
    public func readUInt32(at offset: inout Int) throws(DecodeError) -> UInt32 {
        UInt32(truncatingIfNeeded: try readFixed(width: 4, at: &offset))
    }

    /// Reads a little-endian integer of eight bytes.
    public func readUInt64(at offset: inout Int) throws(DecodeError) -> UInt64 {
        try readFixed(width: 8, at: &offset)
    }

    @inline(__always)
    private func readFixed(width: Int, at offset: inout Int) throws(DecodeError) -> UInt64 {
        guard offset >= 0, count - offset >= width else { throw DecodeError(.truncated, at: count) }
        var value: UInt64 = 0
        for i in 0..<width { value |= UInt64(self[offset + i]) << UInt64(8 * i) }
        offset += width
        return value
    }

    /// Reads an unsigned integer of seven bits a byte, least significant first (LEB128).
    ///
    /// Accepts only the shortest form of a number, so that equal values have equal bytes.
    /// - Throws: `DecodeError`: `.truncated`, or `.invalid` for more than 64 bits or a padded form.
    public func readVarint(at offset: inout Int) throws(DecodeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var position = offset
        while true {
            let byte = try readUInt8(at: &position)
            let bits = UInt64(byte & 0x7f)
            guard shift < 63 || bits <= 1 else {
                throw DecodeError(.invalid(field: "varint"), at: offset)
            }
            value |= bits << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else {
                    throw DecodeError(.invalid(field: "varint"), at: offset)
                }
                offset = position
                return value
            }
            shift += 7
            guard shift <= 63 else { throw DecodeError(.invalid(field: "varint"), at: offset) }
        }
    }

    /// Reads a varint that counts or measures something and refuses it above `limit`.
    public func readCount(
        limit: Int, name: StaticName, at offset: inout Int
    ) throws(DecodeError) -> Int {
        let start = offset
        let value = try readVarint(at: &offset)
        guard let count = Int(exactly: value), count <= limit else {
            offset = start
            throw DecodeError(.limitExceeded(name: name, limit: limit), at: start)
        }
        return count
    }

    /// Reads `length` bytes as an array of their own.
    public func readBytes(_ length: Int, at offset: inout Int) throws(DecodeError) -> [UInt8] {
        guard length >= 0, offset >= 0, count - offset >= length else {
            throw DecodeError(.truncated, at: count)
        }
        let start = offset
        offset += length
        let wanted = extracting(start..<start + length)
        // The range was checked above, and the pointer is read within the call.
        return unsafe wanted.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Reads text that is preceded by its length in bytes as a varint.
    /// - Throws: `DecodeError`: `.limitExceeded` over `limit` bytes, `.invalid` when it is not UTF-8.
    public func readString(
        limit: Int, name: StaticName, at offset: inout Int
    ) throws(DecodeError) -> String {
        let start = offset
        let length = try readCount(limit: limit, name: name, at: &offset)
        guard count - offset >= length else {
            offset = start
            throw DecodeError(.truncated, at: count)
        }
        let text = extracting(offset..<offset + length)
        do {
            let string = String(copying: try UTF8Span(validating: text))
            offset += length
            return string
        } catch {
            offset = start
            throw DecodeError(.invalid(field: name), at: start)
        }
    }
}
