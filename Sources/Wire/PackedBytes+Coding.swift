// A list of byte strings as bytes: the count of the items, the length of each, all three kinds of
// number as varints, and then the bytes of all items end to end, so that both ends copy them at once.

extension [UInt8] {
    /// Appends a list of byte strings.
    public mutating func writePacked(_ items: PackedBytes) {
        writeCount(items.count)
        for i in 0..<items.count { writeCount(items.range(of: i).count) }
        append(contentsOf: items.bytes)
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
        let bytes = try readBytes(end, at: &position)
        offset = position
        return PackedBytes(bytes: bytes, ends: ends)
    }
}
