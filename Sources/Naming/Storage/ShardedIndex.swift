/// Finds a place in a dense array by the hash of what is there.
///
/// Many small open-addressing tables instead of one: each grows and is copied (on its first write
/// after the whole was copied) by itself, so that no step costs time in proportion to the whole.
/// Never iterated, hence the seed of the hash does not show.
struct ShardedIndex: Sendable {
    /// A cell holds the upper half of the hash and the place plus one; 0 is a free cell.
    struct Shard: Sendable {
        var cells: [UInt64] = []
        var count = 0
    }

    private var shards: [Shard]
    private let shardMask: Int

    init(shardBits: Int) {
        shards = Array(repeating: Shard(), count: 1 << shardBits)
        shardMask = (1 << shardBits) - 1
    }

    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
        let shard = Int(truncatingIfNeeded: hash) & shardMask
        let mask = shards[shard].cells.count - 1
        guard mask >= 0 else { return nil }
        let fragment = hash >> 32
        var i = Int(fragment) & mask
        while true {
            let cell = shards[shard].cells[i]
            if cell == 0 { return nil }
            if cell >> 32 == fragment {
                let slot = UInt32(truncatingIfNeeded: cell) - 1
                if matches(slot) { return slot }
            }
            i = (i + 1) & mask
        }
    }

    /// Adds a place that must not be there yet.
    mutating func insert(_ hash: UInt64, _ slot: UInt32) {
        let shard = Int(truncatingIfNeeded: hash) & shardMask
        shards[shard].insert(Self.cell(hash, slot))
    }

    mutating func remove(_ hash: UInt64, _ slot: UInt32) {
        let shard = Int(truncatingIfNeeded: hash) & shardMask
        shards[shard].remove(Self.cell(hash, slot))
    }

    /// The bytes that are no longer shared with an earlier copy of this index.
    func copiedBytes(since old: Self) -> Int {
        guard !shards.span.isIdentical(to: old.shards.span) else { return 0 }
        var bytes = shards.count * MemoryLayout<Shard>.stride
        for (new, old) in zip(shards, old.shards)
        where !new.cells.span.isIdentical(to: old.cells.span) { bytes += new.cells.count * 8 }
        return bytes
    }

    private static func cell(_ hash: UInt64, _ slot: UInt32) -> UInt64 {
        (hash >> 32) << 32 | UInt64(slot + 1)
    }
}

extension ShardedIndex.Shard {
    mutating func insert(_ cell: UInt64) {
        if (count + 1) * 4 > cells.count * 3 { grow() }
        place(cell)
        count += 1
    }

    private mutating func place(_ cell: UInt64) {
        let mask = cells.count - 1
        var i = Int(cell >> 32) & mask
        while cells[i] != 0 { i = (i + 1) & mask }
        cells[i] = cell
    }

    private mutating func grow() {
        let old = cells
        cells = Array(repeating: 0, count: max(4, old.count * 2))
        for cell in old where cell != 0 { place(cell) }
    }

    /// Takes a cell out and closes the gap, so that no grave marks pile up.
    mutating func remove(_ cell: UInt64) {
        let mask = cells.count - 1
        guard mask >= 0 else { return }
        var gap = Int(cell >> 32) & mask
        while cells[gap] != cell {
            if cells[gap] == 0 { return }
            gap = (gap + 1) & mask
        }
        count -= 1
        var i = (gap + 1) & mask
        while cells[i] != 0 {
            let home = Int(cells[i] >> 32) & mask
            // Moves back only what would still be found from its home.
            if (i - home) & mask >= (i - gap) & mask {
                cells[gap] = cells[i]
                gap = i
            }
            i = (i + 1) & mask
        }
        cells[gap] = 0
    }
}
