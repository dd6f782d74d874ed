public import Raft
public import Wire

extension LogStore {
    /// Appends entries to `result`, from `first` on through `last`, and returns how many.
    ///
    /// Takes as many as have at most `maxBytes`, and at least one if any is asked for. Both ends must lie
    /// in the log. Recent entries come from memory, older ones from disk.
    /// - Throws: `StorageError` of kind `.corrupt` when the disk no longer holds what was written.
    public func read(
        from first: LogIndex, through last: LogIndex, maxBytes: Int, into result: inout PackedBytes
    ) throws(StorageError) -> Int {
        try checkUsable()
        guard first <= last else { return 0 }
        invariant(
            first > base.index && last <= lastIndex,
            "read \(first) to \(last) of \(base.index.next) to \(lastIndex)")
        var taken = 0
        var room = max(maxBytes, 0)
        while first.advanced(by: taken) <= last {
            let next = first.advanced(by: taken)
            let before = result.byteCount
            if let start = cache.first, start <= next {
                return taken
                    + cache.read(
                        from: next, through: last, maxBytes: room, mustTakeOne: taken == 0,
                        into: &result)
            }
            // From the first entry in memory on the disk may hold what has been replaced since.
            let count = try readRecord(
                from: next, through: cache.first.map { min(last, $0.previous) } ?? last, room: room,
                mustTakeOne: taken == 0, into: &result)
            if count == 0 { break }
            taken += count
            room -= result.byteCount - before
            if room <= 0 { break }
        }
        return taken
    }

    /// As `read(from:through:maxBytes:into:)`; what lies in memory as just this list is handed out without a copy.
    public func read(
        from first: LogIndex, through last: LogIndex, maxBytes: Int
    ) throws(StorageError) -> PackedBytes {
        try checkUsable()
        if let held = cache.list(from: first, through: last, maxBytes: maxBytes) { return held }
        var result = PackedBytes()
        _ = try read(from: first, through: last, maxBytes: maxBytes, into: &result)
        return result
    }

    /// As `read(from:through:maxBytes:into:)`, but fewer where more do not lie together, and without a copy of what is
    /// in memory: the entries are those of a range of a list.
    ///
    /// To be let go of before anything is appended, which would have to copy the list then.
    public func view(
        from first: LogIndex, through last: LogIndex, maxBytes: Int
    ) throws(StorageError) -> (entries: PackedBytes, range: Range<Int>) {
        try checkUsable()
        if let start = cache.first, start <= first, first <= last, last <= lastIndex {
            let run = cache.run(from: first, through: last, maxBytes: maxBytes, maxCount: .max)
            return (run.items, run.range)
        }
        var result = PackedBytes()
        let count = try read(from: first, through: last, maxBytes: maxBytes, into: &result)
        return (result, 0..<count)
    }

    /// The entry after which the log has, through `last`, about so many bytes on disk and no more.
    ///
    /// Sizes are known by record, so it is `last` itself when the record that holds it is larger.
    /// - Complexity: O(records in those bytes).
    public func index(before bytes: Int, endingAt last: LogIndex) -> LogIndex {
        records.index(before: bytes, endingAt: last) ?? base.index
    }

    /// Takes entries from the one record on disk that holds `first`.
    private func readRecord(
        from first: LogIndex, through last: LogIndex, room: Int, mustTakeOne: Bool,
        into result: inout PackedBytes
    ) throws(StorageError) -> Int {
        guard let location = records.location(of: first) else {
            fatalError("storage: entry \(first) is neither in memory nor on disk")
        }
        let items = try items(of: location)
        let start = Int(first.rawValue - location.first.rawValue)
        let stop = Int(min(last, location.last).rawValue - location.first.rawValue) + 1
        let end = items.fitting(start..<stop, room: room, mustTakeOne: mustTakeOne)
        result.append(items, start..<end)
        return end - start
    }

    private func items(of location: RecordIndex.Location) throws(StorageError) -> PackedBytes {
        if let lastRead, lastRead.position == location.position { return lastRead.items }
        let number = location.position.segment
        guard let segment = segments.first(where: { $0.number == number }) else {
            fatalError("storage: segment \(number) is needed and was dropped")
        }
        let bytes = try segment.file.read(location.byteCount, at: UInt64(location.position.offset))
        guard let items = decode(bytes.span, location) else {
            throw StorageError(
                .corrupt(offset: UInt64(location.position.offset), index: location.first),
                operation: "read", path: path(number))
        }
        lastRead = (location.position, items)
        return items
    }

    /// The entries of a record, or nothing when the bytes are not those that were written.
    private func decode(_ bytes: Span<UInt8>, _ location: RecordIndex.Location) -> PackedBytes? {
        let start = LogFormat.recordHeaderBytes
        guard
            let header = RecordHeader.decode(
                bytes, at: 0, incarnation: identity.incarnation, position: location.position),
            header.type == RecordType.entries.rawValue, header.recordBytes == bytes.count,
            CRC32C.checksum(bytes.extracting(start..<bytes.count)) == header.payloadChecksum
        else { return nil }
        let payload = bytes.extracting(start..<start + Int(header.payloadBytes))
        return try? EntriesPayload.contents(
            payload, expecting: location.first, count: location.count)
    }
}
