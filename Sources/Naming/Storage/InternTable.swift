/// Values that many instances share, each kept once and counted.
///
/// The ids are for this table only: they follow the order of events here and may differ on a node
/// that was restored, hence they never show in an answer, an event or a snapshot.
struct InternTable<Value: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var value: Value?
        var uses: UInt32
    }

    private var entries = PagedArray<Entry>()
    private var free = SlotSet()
    private var index: ShardedIndex
    private(set) var count = 0

    init(shardBits: Int) { index = ShardedIndex(shardBits: shardBits) }

    /// The number of ids ever given; every id is below it.
    var capacity: Int { entries.count }

    /// The value of an id in use; `nil` for any other.
    subscript(id: UInt32) -> Value? { entries[id].value }

    func find(_ value: Value) -> UInt32? {
        index.find(Self.hash(value)) { entries[$0].value == value }
    }

    /// Finds the value or adds it, and counts one more use.
    mutating func retain(_ value: Value) -> UInt32 {
        let hash = Self.hash(value)
        if let id = index.find(hash, where: { entries[$0].value == value }) {
            entries[id].uses += 1
            return id
        }
        let id: UInt32
        if let reused = free.first {
            free.remove(reused)
            id = reused
            entries[id] = Entry(value: value, uses: 1)
        } else {
            id = UInt32(entries.count)
            entries.append(Entry(value: value, uses: 1))
        }
        index.insert(hash, id)
        count += 1
        return id
    }

    /// Counts one more use of an id in use.
    mutating func retain(id: UInt32) { entries[id].uses += 1 }

    /// Counts one use less and drops the value after the last.
    mutating func release(_ id: UInt32) {
        entries[id].uses -= 1
        guard entries[id].uses == 0, let value = entries[id].value else { return }
        index.remove(Self.hash(value), id)
        entries[id].value = nil
        free.insert(id)
        count -= 1
    }

    /// The bytes that are no longer shared with an earlier copy of this table.
    func copiedBytes(since old: Self) -> Int {
        entries.copiedBytes(since: old.entries) + free.copiedBytes(since: old.free)
            + index.copiedBytes(since: old.index)
    }

    private static func hash(_ value: Value) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(value)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
