public import Raft
internal import Wire

extension LogStore {
    /// Hands term and vote, and then entries, to the system in one go: they are in its page cache on
    /// return, and durable after the next sync that is taken from now on.
    ///
    /// The entries, which must be in memory, take the place of what the disk has at the first of
    /// them and after.
    public func write(hardState: HardState?, entries: Persist.Entries?) throws(StorageError) {
        guard hardState != nil || entries != nil else { return try checkUsable() }
        try changing { () throws(StorageError) in
            if let hardState { try place(hardState) }
            if let entries { try place(entries) }
            try flush()
            wanted = end
        }
        cache.trim(toBytes: settings.cacheBytes, written: writtenIndex)
    }

    private func place(_ state: HardState) throws(StorageError) {
        payload.removeAll(keepingCapacity: true)
        payload.write(state)
        _ = try placeRecord(.hardState)
        hardState = state
    }

    private func place(_ entries: Persist.Entries) throws(StorageError) {
        invariant(
            entries.first > base.index && entries.first <= writtenIndex.next
                && entries.first <= entries.last && entries.last <= lastIndex
                && cache.first.map { $0 <= entries.first } ?? false,
            "wrote \(entries.first) to \(entries.last) of \(base.index.next) to \(lastIndex)")
        var next = entries.first
        for run in terms.runs(from: entries.first, through: entries.last) {
            let end = LogIndex(next.rawValue + UInt64(run.count) - 1)
            while next <= end { next = try placeEntries(from: next, through: end, run.term).next }
        }
    }

    /// Places one record with as many of the entries as make a good size, and returns the last of them.
    private func placeEntries(
        from first: LogIndex, through last: LogIndex, _ term: Term
    ) throws(StorageError) -> LogIndex {
        var fixed = EntriesPayload(first: first, term: term, count: 0)
        var largest = 0
        payload.removeAll(keepingCapacity: true)
        fixed.write(to: &payload)
        cache.visit(from: first, through: last) { content in
            fixed.count += 1
            largest = max(largest, content.count)
            payload.writeCount(content.count)
            payload.write(content)
            return payload.count < LogFormat.preferredPayloadBytes
        }
        guard largest <= StorageLimits.entryBytes else {
            throw StorageError(
                .limitExceeded(limit: UInt64(StorageLimits.entryBytes)), operation: "write",
                path: path(end.segment), detail: "an entry of \(largest) bytes")
        }
        payload.overwrite(UInt32(fixed.count), at: EntriesPayload.fixedBytes - 4)
        let placed = try placeRecord(.entries)
        records.replace(
            with: RecordIndex.Location(
                first: first, count: fixed.count, position: placed.position,
                byteCount: placed.byteCount))
        writtenIndex = first.advanced(by: fixed.count - 1)
        diskLast = EntryID(term: term, index: writtenIndex)
        return writtenIndex
    }

    /// Puts the record whose payload has been built behind the last one, in a new segment if need be.
    func placeRecord(
        _ type: RecordType
    ) throws(StorageError) -> (position: DiskPosition, byteCount: Int) {
        let byteCount = LogFormat.recordHeaderBytes + LogFormat.padded(payload.count)
        if Int(end.offset) + byteCount > settings.segmentBytes, !creationIsUnsynced {
            try startSegment(for: byteCount)
        }
        guard Int(end.offset) + byteCount <= Int(UInt32.max) else {
            throw StorageError(
                .limitExceeded(limit: UInt64(UInt32.max)), operation: "write",
                path: path(end.segment), detail: "the sync does not keep up")
        }
        let position = end
        chain = RecordHeader.append(
            type, payload: payload.span, chain: chain, durable: durable,
            incarnation: identity.incarnation, position: position, to: &pending)
        end.offset += UInt32(byteCount)
        return (position, byteCount)
    }

    /// Writes out what is pending.
    func flush() throws(StorageError) {
        guard !pending.isEmpty else { return }
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        let file = segments[segments.count - 1].file
        try file.write(bytes.span, at: UInt64(end.offset) - UInt64(bytes.count))
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &pending)
    }

    /// Begins a new segment. Never while the newest one may still lose its name in a crash: then a
    /// crash could take that one and leave this one, and the gap would look like a lost file.
    private func startSegment(for byteCount: Int) throws(StorageError) {
        try flush()
        let number = end.segment + 1
        let header = SegmentHeader(
            number: number, identity: identity, chain: chain, durable: durable,
            hardState: hardState, base: base, last: diskLast,
            initialConfiguration: initialConfiguration)
        let (bytes, checksum) = header.encoded()
        let file = try files.open(path(number), create: true)
        try file.truncate(to: 0)
        try file.allocate(UInt64(max(settings.segmentBytes, bytes.count + byteCount)))
        segments.append(Segment(number: number, file: file))
        creationIsUnsynced = true
        chain = checksum
        end = DiskPosition(segment: number, offset: UInt32(bytes.count))
        pending.append(contentsOf: bytes)
    }

    /// Says on disk what is durable; see `LogFormat.swift`. Needs no sync of its own.
    func writeMark() throws(StorageError) {
        payload.removeAll(keepingCapacity: true)
        guard Int(end.offset) + LogFormat.recordHeaderBytes <= settings.segmentBytes else { return }
        _ = try placeRecord(.mark)
        try flush()
    }

    /// Says on disk that all that was recovered is durable, and makes that durable as well.
    ///
    /// Without the sync a power failure could take the mark away, and damage to the last batch, which may
    /// have been acknowledged, would then look like an unfinished write.
    func vouchForRecovered() throws(StorageError) {
        try changing { () throws(StorageError) in
            payload.removeAll(keepingCapacity: true)
            _ = try placeRecord(.mark)
            try flush()
            try segments[segments.count - 1].file.sync()
            if creationIsUnsynced { try files.syncDirectory(directory) }
            creationIsUnsynced = false
            wanted = end
            durable = end
        }
    }

    // MARK: Syncing

    /// Whether `takeSyncWork` would give something.
    public var hasUnsynced: Bool { failure == nil && !syncIsOut && wanted > durable }

    /// What has to be performed so that all written so far is durable.
    ///
    /// Nothing when all is, or when other work is out: that must be finished first.
    public func takeSyncWork() -> SyncWork<Files>? {
        guard hasUnsynced else { return nil }
        syncIsOut = true
        let needed = records.locations.first?.position.segment ?? end.segment
        return SyncWork(
            files: files,
            segments: segments.filter { $0.number >= durable.segment }.map { $0.file },
            directory: creationIsUnsynced ? directory : nil,
            removals: segments.filter { $0.number < needed }.map { path($0.number) },
            through: wanted, firstNeeded: needed)
    }

    /// Takes note that the work was performed without an error.
    ///
    /// A failed sync is final: the work's error is to be reported, and the node stops.
    public func syncFinished(_ work: SyncWork<Files>) {
        invariant(syncIsOut && work.through > durable, "a sync has ended that is not out")
        syncIsOut = false
        durable = work.through
        if work.directory != nil { creationIsUnsynced = false }
        while let first = segments.first, first.number < work.firstNeeded {
            first.file.close()
            segments.removeFirst()
        }
        guard failure == nil, wanted == durable, end == durable else { return }
        do throws(StorageError) {
            try writeMark()
        } catch {
            failure = error  // thrown by the next call
        }
    }
}

/// One sync, to be performed on another thread.
public struct SyncWork<Files: FileSystem>: Sendable {
    let files: Files
    /// The segments with something to sync, the oldest first.
    let segments: [Files.File]
    /// The directory, when a name in it must be made durable.
    let directory: String?
    /// Segments that nothing needs any more once this sync is done.
    let removals: [String]
    let through: DiskPosition
    let firstNeeded: UInt32

    /// Syncs, and removes the files of segments that a snapshot covers. Blocks.
    ///
    /// After an error nothing that was written since the last sync may be relied upon.
    public func perform() throws(StorageError) {
        for segment in segments { try segment.sync() }
        if let directory { try files.syncDirectory(directory) }
        for path in removals { try files.remove(path) }
    }
}
