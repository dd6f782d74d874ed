/// The services: by slot, by key and in order.
struct ServiceTable: Sendable {
    private var records = PagedArray<ServiceRecord>()
    private var free = SlotSet()
    private var index = ShardedIndex(shardBits: 8)
    /// The slots in the order of their keys.
    private(set) var ordered: [UInt32] = []

    var count: Int { ordered.count }
    /// All slots in use are below it.
    var slotCount: Int { records.count }

    /// The service at a slot in use.
    subscript(slot: UInt32) -> ServiceRecord {
        get { records[slot] }
        _modify { yield &records[slot] }
    }

    /// The service at a slot, if one is there.
    func record(at slot: UInt32) -> ServiceRecord? {
        Int(slot) < records.count && records[slot].isLive ? records[slot] : nil
    }

    func find(_ key: ServiceKey) -> UInt32? {
        index.find(Self.hash(key)) { records[$0].key == key }
    }

    /// Adds a service whose key must not be there, at the lowest free slot.
    mutating func insert(_ record: ServiceRecord) -> UInt32 {
        let slot = free.first ?? UInt32(records.count)
        ordered.insert(slot, at: position(notBefore: record.key))
        place(record, at: slot)
        return slot
    }

    /// Adds services at free slots, all keys being new and different.
    mutating func insert(_ added: [(slot: UInt32, record: ServiceRecord)]) {
        for (slot, record) in added {
            ordered.append(slot)
            place(record, at: slot)
        }
        let records = records
        ordered.sort { records[$0].key < records[$1].key }
    }

    private mutating func place(_ record: ServiceRecord, at slot: UInt32) {
        while records.count <= Int(slot) {
            free.insert(UInt32(records.count))
            records.append(.vacant)
        }
        free.remove(slot)
        index.insert(Self.hash(record.key), slot)
        records[slot] = record
    }

    mutating func remove(_ slot: UInt32) {
        let key = records[slot].key
        ordered.remove(at: position(notBefore: key))
        index.remove(Self.hash(key), slot)
        records[slot] = .vacant
        free.insert(slot)
    }

    /// The first place in `ordered` whose key is not before the given one.
    func position(notBefore key: ServiceKey) -> Int { partition { $0 < key } }

    /// The places in `ordered` of a namespace, or of one group in it.
    func range(namespace: String, group: String?) -> Range<Int> {
        let start = partition { Self.compare($0, namespace, group) < 0 }
        let end = partition { Self.compare($0, namespace, group) <= 0 }
        return start..<end
    }

    /// The number of leading places whose keys satisfy a condition that no later key satisfies.
    private func partition(_ isBefore: (ServiceKey) -> Bool) -> Int {
        var low = 0
        var high = ordered.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[ordered[middle]].key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The bytes that are no longer shared with an earlier copy of this table; without the lists of instances.
    func copiedBytes(since old: Self) -> Int {
        records.copiedBytes(since: old.records) + free.copiedBytes(since: old.free)
            + index.copiedBytes(since: old.index)
            + (ordered.span.isIdentical(to: old.ordered.span) ? 0 : ordered.count * 4)
    }

    private static func compare(_ key: ServiceKey, _ namespace: String, _ group: String?) -> Int {
        if !key.namespace.hasSameBytes(as: namespace) {
            return key.namespace.precedesByBytes(namespace) ? -1 : 1
        }
        guard let group, !key.group.hasSameBytes(as: group) else { return 0 }
        return key.group.precedesByBytes(group) ? -1 : 1
    }

    private static func hash(_ key: ServiceKey) -> UInt64 {
        var hasher = Hasher()
        key.hash(into: &hasher)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
