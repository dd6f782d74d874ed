/// A chunked array in pages, for what changes seldom and here and there.
///
/// The first write after the whole was copied costs a chunk and the short list of a page, not one of all chunks;
/// looking at an element costs a little more than in a `ChunkedArray`.
struct PagedArray<Element: Sendable>: Sendable {
    private typealias Page = ChunkedArray<Element>

    private static var pageCount: Int { Page.chunkCount << 6 }

    private var pages: [Page] = []
    private(set) var count = 0

    subscript(index: UInt32) -> Element {
        @inline(__always) get {
            pages[Int(index) / Self.pageCount][index & UInt32(Self.pageCount - 1)]
        }
        @inline(__always) _modify {
            yield &pages[Int(index) / Self.pageCount][index & UInt32(Self.pageCount - 1)]
        }
    }

    mutating func append(_ element: Element) {
        if count & (Self.pageCount - 1) == 0 { pages.append(Page()) }
        pages[pages.count - 1].append(element)
        count += 1
    }

    /// The bytes that are no longer shared with an earlier copy of this array.
    func copiedBytes(since old: Self) -> Int {
        guard !pages.span.isIdentical(to: old.pages.span) else { return 0 }
        return zip(pages, old.pages).reduce(pages.count * MemoryLayout<Page>.stride) {
            $0 + $1.0.copiedBytes(since: $1.1)
        }
    }
}
