/// Text by text, sorted by the bytes of the keys.
package struct Metadata: Hashable, Sendable {
    /// One key and its value.
    package struct Pair: Hashable, Sendable {
        /// The key.
        package var key: String
        /// The value; may be empty.
        package var value: String

        /// Joins the two.
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        /// Compares byte by byte.
        package static func == (left: Self, right: Self) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value.hasSameBytes(as: right.value)
        }

        /// Feeds the bytes of both.
        package func hash(into hasher: inout Hasher) {
            key.hashBytes(into: &hasher)
            value.hashBytes(into: &hasher)
        }
    }

    /// The pairs in strictly ascending order of their keys.
    package private(set) var pairs: [Pair]

    /// No metadata.
    package init() { pairs = [] }

    /// Sorts pairs; of those with one key the last given stays.
    package init(_ unsorted: some Sequence<Pair>) {
        let ordered = unsorted.enumerated().sorted { left, right in
            left.element.key.hasSameBytes(as: right.element.key)
                ? left.offset < right.offset
                : left.element.key.precedesByBytes(right.element.key)
        }
        pairs = []
        pairs.reserveCapacity(ordered.count)
        for (_, pair) in ordered {
            if let last = pairs.last, last.key.hasSameBytes(as: pair.key) { pairs.removeLast() }
            pairs.append(pair)
        }
    }

    /// Sorts what a dictionary holds.
    package init(_ dictionary: [String: String]) {
        self.init(dictionary.map { Pair(key: $0.key, value: $0.value) })
    }

    /// Appends a pair during decoding; `false` when it is out of order.
    mutating func appendInOrder(_ pair: Pair) -> Bool {
        if let last = pairs.last, !last.key.precedesByBytes(pair.key) { return false }
        pairs.append(pair)
        return true
    }

    /// Whether there is no pair.
    package var isEmpty: Bool { pairs.isEmpty }

    /// The value of a key.
    package subscript(key: String) -> String? {
        pairs.first { $0.key.hasSameBytes(as: key) }?.value
    }

    /// The bytes of all keys and values together: what the limit counts.
    package var byteCount: Int {
        pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// These pairs and the other's, whose values win.
    package func merging(_ other: Metadata) -> Metadata { Metadata(pairs + other.pairs) }

    /// These pairs without those of the given keys.
    package func removing(_ keys: [String]) -> Metadata {
        var result = self
        result.pairs.removeAll { pair in keys.contains { $0.hasSameBytes(as: pair.key) } }
        return result
    }
}
