internal import Raft

/// Where on disk the entries are: the records of entries that count, in order.
///
/// Both the indexes and the positions rise, because a record that replaces entries drops all after them.
struct RecordIndex: Equatable {
    /// One record of entries.
    struct Location: Equatable {
        var first: LogIndex
        /// How many of the record's entries count; later ones may have been replaced.
        var count: Int
        var position: DiskPosition
        /// The bytes of the whole record.
        var byteCount: Int

        var last: LogIndex { LogIndex(first.rawValue + UInt64(count) - 1) }
    }

    private(set) var locations: [Location] = []
    /// The bytes of all records that count.
    private(set) var byteCount = 0

    /// Adds a record that replaces what is at its first index and after.
    mutating func replace(with location: Location) {
        truncate(from: location.first)
        locations.append(location)
        byteCount += location.byteCount
    }

    /// Drops the entries from `first` on.
    mutating func truncate(from first: LogIndex) {
        while let last = locations.last, last.first >= first {
            byteCount -= last.byteCount
            locations.removeLast()
        }
        guard let last = locations.last, last.last >= first else { return }
        locations[locations.count - 1].count = Int(first.rawValue - last.first.rawValue)
    }

    /// Drops the records that hold nothing after `index`.
    mutating func forget(through index: LogIndex) {
        var dropped = 0
        while dropped < locations.count, locations[dropped].last <= index {
            byteCount -= locations[dropped].byteCount
            dropped += 1
        }
        locations.removeSubrange(0..<dropped)
    }

    /// The entry after which the records, through the one that holds `last`, have no more than so many bytes;
    /// nothing when all of them have no more.
    func index(before bytes: Int, endingAt last: LogIndex) -> LogIndex? {
        var room = bytes
        for location in locations.reversed() where location.first <= last {
            room -= location.byteCount
            if room < 0 { return min(location.last, last) }
        }
        return nil
    }

    /// The record that holds an entry.
    func location(of index: LogIndex) -> Location? {
        var low = 0
        var high = locations.count
        while low < high {
            let middle = (low + high) / 2
            if locations[middle].last < index { low = middle + 1 } else { high = middle }
        }
        guard low < locations.count, locations[low].first <= index else { return nil }
        return locations[low]
    }
}
