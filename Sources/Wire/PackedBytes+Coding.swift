// A list of byte strings as bytes: the count of the items, the length of each, all three kinds of
// number as varints, and then the bytes of all items end to end, so that both ends copy them at once.

extension [UInt8] {
    /// Appends a list of byte strings.
    public mutating func writePacked(_ items: PackedBytes) {
        writePackedLengths(items, 0..<items.count)
        write(items.bytes.span)
    }

    /// Appends what stands before the bytes of a list of some of the byte strings: how many there are, and the
    /// length of each. Their bytes, those of `items.range(of: range)`, are to follow.
    public mutating func writePackedLengths(_ items: PackedBytes, _ range: Range<Int>) {
        writeCount(range.count)
        for i in range { writeCount(items.range(of: i).count) }
    }
}

extension Span where Element == UInt8 {
    /// Reads a list of byte strings.
    ///
    /// - Throws: `DecodeError`: `.limitExceeded` over `maxCount` items, `.truncated` when the bytes
    ///   are fewer than the items need. No more memory is set aside than a few times the bytes here.
    /// - Complexity: O(*n*) for *n* items and bytes.
    public func readPacked(
        maxCount: Int, name: StaticName, at offset: inout Int
    ) throws(DecodeError) -> PackedBytes {
        var position = offset
        let ends = try readPackedEnds(maxCount: maxCount, name: name, at: &position)
        let bytes = try readBytes(ends.last ?? 0, at: &position)
        offset = position
        return PackedBytes(bytes: bytes, ends: ends)
    }

    /// Goes past a list of byte strings as `readPacked` does, without copying the bytes, and returns how many
    /// byte strings it has.
    public func skipPacked(
        maxCount: Int, name: StaticName, at offset: inout Int
    ) throws(DecodeError) -> Int {
        var position = offset
        let ends = try readPackedEnds(maxCount: maxCount, name: name, at: &position)
        offset = position + (ends.last ?? 0)
        return ends.count
    }

    /// Reads the lengths as the ends of the byte strings; all of their bytes are here.
    private func readPackedEnds(
        maxCount: Int, name: StaticName, at position: inout Int
    ) throws(DecodeError) -> [Int] {
        let itemCount = try readCount(limit: maxCount, name: name, at: &position)
        guard itemCount <= count - position else { throw DecodeError(.truncated, at: count) }
        var ends: [Int] = []
        ends.reserveCapacity(itemCount)
        var end = 0
        for _ in 0..<itemCount {
            // No item and no sum can be longer than what is here, so the sum cannot overflow.
            let start = position
            let length = try readVarint(at: &position)
            guard let length = Int(exactly: length), length <= count - start - end else {
                throw DecodeError(.truncated, at: count)
            }
            end += length
            ends.append(end)
        }
        guard end <= count - position else { throw DecodeError(.truncated, at: count) }
        return ends
    }
}
