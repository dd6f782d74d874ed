/// A dense array in chunks of which each is copied on its first write after the array was copied.
///
/// A copy of the whole costs nothing at first; a write afterwards costs one chunk, not the array.
struct ChunkedArray<Element: Sendable>: Sendable {
    private static var chunkBits: Int { 9 }
    private static var chunkCount: Int { 1 << chunkBits }

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
        if count & (Self.chunkCount - 1) == 0 { chunks.append([]) }
        chunks[chunks.count - 1].append(element)
        count += 1
    }
}
