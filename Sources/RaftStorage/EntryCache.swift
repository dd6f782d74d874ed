internal import Raft
internal import Wire

/// The newest entries of the log in memory, without gaps.
///
/// Chunks of a good size, so that forgetting old entries and finding one cost little.
struct EntryCache {
    private struct Chunk {
        var first: LogIndex
        var items = PackedBytes()
        /// Whether others may hold the memory of the items: to add to them would copy them all.
        var isShared = false

        var last: LogIndex { LogIndex(first.rawValue + UInt64(items.count) - 1) }
        var cost: Int { items.byteCount + items.count * EntryCache.itemOverheadBytes }
    }

    private static let chunkBytes = 128 << 10
    /// A list with this much is held as it is, unless far more memory is set aside for it.
    private static let sharedBytes = 32 << 10
    private static let itemOverheadBytes = 8
    private static let maxSpareBytes = 8 << 20

    private var chunks: [Chunk] = []
    /// The memory of the last chunk dropped: fresh memory costs more than what is put into it.
    private var spare: PackedBytes?
    /// The bytes held, with what it costs to hold them.
    private(set) var byteCount = 0

    /// The first entry held.
    var first: LogIndex? { chunks.first?.first }

    /// Puts entries at `first`, in the place of whatever is there and after.
    ///
    /// When they do not follow on what is held, that is forgotten first. A large list is held as it is, without
    /// a copy; several small ones are put together.
    mutating func replace(from first: LogIndex, with items: PackedBytes, _ range: Range<Int>) {
        truncate(from: first)
        if let last = chunks.last, last.last.next != first { removeAll() }
        if range.count == items.count, items.byteCount >= Self.sharedBytes, items.isCompact {
            chunks.append(Chunk(first: first, items: items, isShared: true))
            byteCount += chunks[chunks.count - 1].cost
            return
        }
        if chunks.last.map({ $0.isShared || $0.cost >= Self.chunkBytes }) ?? true {
            chunks.append(Chunk(first: first, items: spare ?? PackedBytes()))
            spare = nil
        }
        let before = chunks[chunks.count - 1].cost
        chunks[chunks.count - 1].items.append(items, range)
        byteCount += chunks[chunks.count - 1].cost - before
    }

    /// Drops the entries from `first` on.
    mutating func truncate(from first: LogIndex) {
        while let last = chunks.last, last.first >= first {
            byteCount -= last.cost
            chunks.removeLast()
        }
        guard let last = chunks.last, last.last >= first else { return }
        chunks[chunks.count - 1].items.truncate(toCount: Int(first.rawValue - last.first.rawValue))
        byteCount -= last.cost - chunks[chunks.count - 1].cost
    }

    /// Drops everything.
    mutating func removeAll() {
        chunks.removeAll(keepingCapacity: true)
        byteCount = 0
    }

    /// Drops old chunks while there is more than `limit`, but none with an entry after `written`.
    mutating func trim(toBytes limit: Int, written: LogIndex) {
        var dropped = 0
        while byteCount > limit, dropped < chunks.count, chunks[dropped].last <= written {
            byteCount -= chunks[dropped].cost
            dropped += 1
        }
        remove(dropped)
    }

    private mutating func remove(_ count: Int) {
        guard count > 0 else { return }
        if !chunks[count - 1].isShared { spare = chunks[count - 1].items }
        chunks.removeSubrange(0..<count)
        if spare?.byteCount ?? 0 > Self.maxSpareBytes { spare = nil } else { spare?.removeAll() }
    }

    /// Drops chunks that hold nothing after `index`.
    mutating func forget(through index: LogIndex) {
        var dropped = 0
        while dropped < chunks.count, chunks[dropped].last <= index {
            byteCount -= chunks[dropped].cost
            dropped += 1
        }
        remove(dropped)
    }

    /// The entries from `first` on, which must be held, through `last` as far as they lie together in memory and
    /// have at most `maxBytes` and `maxCount`: at least one.
    func run(
        from first: LogIndex, through last: LogIndex, maxBytes: Int, maxCount: Int
    ) -> (items: PackedBytes, range: Range<Int>) {
        let held = chunks[chunk(holding: first)]
        let start = Int(first.rawValue - held.first.rawValue)
        let stop = Int(min(last, held.last).rawValue - held.first.rawValue) + 1
        let range = start..<(stop - start > maxCount ? start + maxCount : stop)
        let end = held.items.fitting(range, room: maxBytes, mustTakeOne: true)
        return (held.items, start..<end)
    }

    /// A list of the entries from `first` on that will not be added to: either it goes through `last`, or it has at
    /// least half of `maxBytes`, and never more. Nothing when the entries do not lie in memory as such a list.
    func list(from first: LogIndex, through last: LogIndex, maxBytes: Int) -> PackedBytes? {
        guard let start = self.first, start <= first else { return nil }
        let held = chunks[chunk(holding: first)]
        let bytes = held.items.byteCount
        guard held.isShared, held.first == first, held.last <= last, bytes <= maxBytes,
            held.last == last || bytes >= maxBytes / 2
        else { return nil }
        return held.items
    }

    /// Appends entries of a range, all of which must be held, until `maxBytes` would be exceeded; at
    /// least one when `mustTakeOne`. Returns how many.
    func read(
        from first: LogIndex, through last: LogIndex, maxBytes: Int, mustTakeOne: Bool,
        into result: inout PackedBytes
    ) -> Int {
        var taken = 0
        var next = first
        var position = chunk(holding: first)
        var room = maxBytes
        while next <= last {
            let items = chunks[position].items
            let start = Int(next.rawValue - chunks[position].first.rawValue)
            let stop =
                Int(min(last, chunks[position].last).rawValue - chunks[position].first.rawValue) + 1
            let end = items.fitting(
                start..<stop, room: room, mustTakeOne: mustTakeOne && taken == 0)
            result.append(items, start..<end)
            room -= items.range(of: start..<end).count
            taken += end - start
            if end < stop { return taken }
            next = chunks[position].last.next
            position += 1
        }
        return taken
    }

    private func chunk(holding index: LogIndex) -> Int {
        var low = 0
        var high = chunks.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if chunks[middle].first <= index { low = middle } else { high = middle }
        }
        return low
    }
}

extension PackedBytes {
    /// The end of the longest start of `range` that has at most `room` bytes, or one item.
    func fitting(_ range: Range<Int>, room: Int, mustTakeOne: Bool) -> Int {
        let origin = self.range(of: range).lowerBound
        var low = range.lowerBound + (mustTakeOne && !range.isEmpty ? 1 : 0)
        var high = range.upperBound
        while low < high {
            let middle = (low + high + 1) / 2
            if self.range(of: middle - 1).upperBound - origin <= room {
                low = middle
            } else {
                high = middle - 1
            }
        }
        return low
    }
}
