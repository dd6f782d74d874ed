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
        if writtenIndex == lastIndex { unwrittenBytes = 0 }
        cache.trim(toBytes: settings.cacheBytes, written: writtenIndex)
    }

    private func place(_ state: HardState) throws(StorageError) {
        beginRecord()
        building.write(state)
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
        while next <= entries.last {
            let run = terms.run(from: next, through: entries.last)
            let end = next.advanced(by: run.count - 1)
            while next <= end { next = try placeEntries(from: next, through: end, run.term).next }
        }
    }

    /// Places one record with as many of the entries as make a good size, and returns the last of them.
    private func placeEntries(
        from first: LogIndex, through last: LogIndex, _ term: Term
    ) throws(StorageError) -> LogIndex {
        let (items, range) = cache.run(
            from: first, through: last, maxBytes: LogFormat.preferredPayloadBytes,
            maxCount: LogFormat.maxEntriesInRecord)
        let bytes = items.range(of: range)
        // More than is preferred is in a record only when one entry alone has it.
        guard bytes.count <= max(StorageLimits.entryBytes, LogFormat.preferredPayloadBytes) else {
            throw StorageError(
                .limitExceeded(limit: UInt64(StorageLimits.entryBytes)), operation: "write",
                path: path(end.segment), detail: "an entry of \(bytes.count) bytes")
        }
        beginRecord()
        EntriesPayload.writeHead(of: items, range, first: first, term: term, to: &building)
        let placed = try placeRecord(.entries, rest: items.bytes.span.extracting(bytes))
        records.replace(
            with: RecordIndex.Location(
                first: first, count: range.count, position: placed.position,
                byteCount: placed.byteCount))
        writtenIndex = first.advanced(by: range.count - 1)
        diskLast = EntryID(term: term, index: writtenIndex)
        return writtenIndex
    }

    // MARK: Marks

    /// Whether `writeMarkAtRest` would write one.
    public var lacksMarkAtRest: Bool {
        failure == nil && !isVouchedFor && wanted == durable && end == durable
            && (hasNext || roomInSegment > reserveBytes / 2)
    }

    /// Says on disk what is durable, when all is and the disk does not say so yet; see `LogFormat.swift`.
    ///
    /// To be called when nothing else is to be written for now. Needs no sync of its own. When space is short
    /// the last of it is left to terms and votes.
    public func writeMarkAtRest() throws(StorageError) {
        guard lacksMarkAtRest else { return }
        try changing { () throws(StorageError) in try writeMark() }
    }

    func writeMark() throws(StorageError) {
        beginRecord()
        _ = try placeRecord(.mark)
        try flush()
        isVouchedFor = true
    }

    /// Says on disk that all that was recovered is durable, and makes that durable as well.
    ///
    /// Without the sync a power failure could take the mark away, and damage to the last batch, which may
    /// have been acknowledged, would then look like an unfinished write.
    func vouchForRecovered() throws(StorageError) {
        try changing { () throws(StorageError) in
            try writeMark()
            try segments[segments.count - 1].file.sync()
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
        return SyncWork(
            segments: unsyncedFiles(),
            through: wanted,
            firstNeeded: records.locations.first?.position.segment ?? end.segment)
    }

    /// The files of the segments with something to sync, the oldest first: mostly the newest alone.
    private func unsyncedFiles() -> [Files.File] {
        var first = segments.count - 1
        if oldestSegment < end.segment {
            while first > 0, segments[first - 1].number >= durable.segment { first -= 1 }
        }
        var files: [Files.File] = []
        files.reserveCapacity(segments.count - first)
        for i in first..<segments.count { files.append(segments[i].file) }
        return files
    }

    /// Takes note that the work was performed without an error.
    ///
    /// A failed sync is final: the work's error is to be reported, and the node stops.
    public func syncFinished(_ work: SyncWork<Files>) {
        invariant(syncIsOut && work.through > durable, "a sync has ended that is not out")
        syncIsOut = false
        durable = work.through
        firstNeeded = max(firstNeeded, work.firstNeeded)
    }
}

/// One sync, to be performed on another thread.
public struct SyncWork<Files: FileSystem>: Sendable {
    /// The segments with something to sync, the oldest first.
    let segments: [Files.File]
    let through: DiskPosition
    /// The first segment that anything needs, once this is durable.
    let firstNeeded: UInt32

    /// Syncs. Blocks.
    ///
    /// After an error nothing that was written since the last sync may be relied upon.
    public func perform() throws(StorageError) {
        for segment in segments { try segment.sync() }
    }
}
