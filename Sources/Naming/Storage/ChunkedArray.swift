/// A dense array in chunks of which each is copied on its first write after the array was copied.
///
/// A copy of the whole costs nothing at first. A write afterwards costs one chunk of at most `chunkBytes`, and the
/// first also a list of 8 bytes a chunk. The beats of a moment touch thousands of places all over the array, so what
/// they cost then is the weight of a chunk: it is small, whatever is in it. Smaller ones yet would make
/// that list long.
struct ChunkedArray<Element: Sendable>: Sendable {
    /// What a chunk may weigh.
    static var chunkBytes: Int { 1 << 10 }
    /// The elements of a chunk: as many as fit, in a power of two.
    static var chunkCount: Int { 1 << chunkBits }
    private static var chunkBits: Int {
        let fitting = max(1, chunkBytes / MemoryLayout<Element>.stride)
        return Int.bitWidth - 1 - fitting.leadingZeroBitCount
    }

    private var chunks: [ContiguousArray<Element>] = []
    private(set) var count = 0

    subscript(index: UInt32) -> Element {
        @inline(__always) get {
            chunks[Int(index) >> Self.chunkBits][Int(index) & (Self.chunkCount - 1)]
        }
        @inline(__always) _modify {
            yield &chunks[Int(index) >> Self.chunkBits][Int(index) & (Self.chunkCount - 1)]
        }
    }

    mutating func append(_ element: Element) {
        if count & (Self.chunkCount - 1) == 0 {
            var fresh = ContiguousArray<Element>()
            fresh.reserveCapacity(Self.chunkCount)
            chunks.append(fresh)
        }
        chunks[chunks.count - 1].append(element)
        count += 1
    }

    /// The bytes that are no longer shared with an earlier copy of this array.
    func copiedBytes(since old: Self) -> Int {
        guard !chunks.span.isIdentical(to: old.chunks.span) else { return 0 }
        var bytes = chunks.count * MemoryLayout<[Element]>.stride
        for (new, old) in zip(chunks, old.chunks) where !new.span.isIdentical(to: old.span) {
            bytes += new.count * MemoryLayout<Element>.stride
        }
        return bytes
    }
}
