/// A set of small numbers that gives its smallest member at once: the free places of a dense array.
///
/// Reuse takes the lowest free place, so which place comes next follows from the set alone and not
/// from the order in which places became free: a restored registry goes on like the original.
struct SlotSet: Equatable, Sendable {
    private static var levelCount: Int { 5 }  // 64⁵ members

    /// At level 0 a bit a member; above, a bit a word of the level below that is not empty.
    private var levels: [[UInt64]] = Array(repeating: [], count: levelCount)

    var first: UInt32? {
        guard let top = levels[Self.levelCount - 1].first, top != 0 else { return nil }
        var index = 0
        for level in (0..<Self.levelCount).reversed() {
            index = index << 6 | levels[level][index].trailingZeroBitCount
        }
        return UInt32(index)
    }

    mutating func insert(_ slot: UInt32) {
        var index = Int(slot)
        for level in 0..<Self.levelCount {
            let word = index >> 6
            while levels[level].count <= word { levels[level].append(0) }
            levels[level][word] |= 1 << UInt64(index & 63)
            index = word
        }
    }

    mutating func remove(_ slot: UInt32) {
        var index = Int(slot)
        for level in 0..<Self.levelCount {
            let word = index >> 6
            guard word < levels[level].count else { return }
            levels[level][word] &= ~(1 << UInt64(index & 63))
            guard levels[level][word] == 0 else { return }
            index = word
        }
    }

    /// The bytes that are no longer shared with an earlier copy of this set.
    func copiedBytes(since old: Self) -> Int {
        zip(levels, old.levels).reduce(0) {
            $1.0.span.isIdentical(to: $1.1.span) ? $0 : $0 + $1.0.count * 8
        }
    }
}
