// Names are compared byte by byte. Swift's own order of strings follows Unicode's canonical
// equivalence, whose tables change between releases: two nodes of different builds could
// disagree on whether two names are one.

extension String {
    /// Whether both texts are the same bytes in UTF-8.
    func hasSameBytes(as other: String) -> Bool {
        let left = utf8Span.span
        let right = other.utf8Span.span
        guard left.count == right.count else { return false }
        for i in left.indices where left[i] != right[i] { return false }
        return true
    }

    /// Whether this text comes before another by its UTF-8 bytes.
    func precedesByBytes(_ other: String) -> Bool {
        let left = utf8Span.span
        let right = other.utf8Span.span
        let common = min(left.count, right.count)
        for i in 0..<common where left[i] != right[i] { return left[i] < right[i] }
        return left.count < right.count
    }

    /// Feeds the bytes and an end mark.
    func hashBytes(into hasher: inout Hasher) {
        let bytes = utf8Span.span
        // The pointer is read within the call, while the span holds its bytes.
        // The hasher takes raw bytes only; it reads them within this call and keeps no pointer.
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        hasher.combine(UInt8(0xff))  // never part of UTF-8, so that neighbours do not run together
    }
}

/// A text that is equal to another only when its bytes are.
struct ByteText: Hashable, Sendable {
    let string: String

    init(_ string: String) { self.string = string }

    static func == (left: Self, right: Self) -> Bool { left.string.hasSameBytes(as: right.string) }

    func hash(into hasher: inout Hasher) { string.hashBytes(into: &hasher) }
}
