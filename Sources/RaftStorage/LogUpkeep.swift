internal import Raft

/// A segment that is ready to be begun: it has its name, its size, and nothing in it that counts.
struct PreparedSegment<Files: FileSystem> {
    var segment: LogStore<Files>.Segment
    /// Whether it may hold bytes of a segment that it was before.
    var isReused: Bool
}

extension LogStore {
    /// Whether `takeUpkeep` would give something.
    public func needsUpkeep(retries: Bool = false) -> Bool {
        guard failure == nil, !upkeepIsOut else { return false }
        return oldestSegment < firstNeeded || !retired.isEmpty
            || !hasNext && (shortage == nil || retries)
    }

    /// What is to be done to the files so that the next segment is ready before it is needed and those that
    /// nothing needs any more go, or are used again; nothing when all is in order, or when this is out already.
    ///
    /// - Parameter retries: Whether to try again what there was no space for the last time.
    public func takeUpkeep(retries: Bool = false) -> LogUpkeep<Files>? {
        guard needsUpkeep(retries: retries) else { return nil }
        // Only what a durable record says to be covered by a snapshot may go.
        while let first = segments.first, first.number < firstNeeded {
            first.file.close()
            segments.removeFirst()
            retired.append(first.number)
        }
        let isWanted = !hasNext && (shortage == nil || retries || !retired.isEmpty)
        guard isWanted || !retired.isEmpty else { return nil }
        upkeepIsOut = true
        defer { retired = [] }
        return LogUpkeep(
            files: files, directory: directory, segmentBytes: settings.segmentBytes,
            retired: retired, spares: spares, maxSpares: settings.spareSegments,
            next: isWanted ? end.segment + 1 : nil)
    }

    /// Takes note of what the work has come to.
    public func upkeepFinished(_ result: LogUpkeep<Files>.Result) {
        invariant(upkeepIsOut, "upkeep has ended that is not out")
        upkeepIsOut = false
        spares = result.spares
        if result.wasToPrepare { shortage = result.shortage }
        if let prepared = result.prepared { next = prepared }
    }
}

/// Work on the files of a log that are not in use: to be performed on the thread of the syncs, one at a time.
public struct LogUpkeep<Files: FileSystem>: Sendable {
    let files: Files
    let directory: String
    let segmentBytes: Int
    /// Segments that nothing needs any more, the oldest first.
    let retired: [UInt32]
    /// Files that wait to be used again, by the numbers that they had.
    let spares: [UInt32]
    let maxSpares: Int
    /// The number of the segment to make.
    let next: UInt32?

    /// What came of it.
    public struct Result: Sendable {
        var spares: [UInt32]
        var wasToPrepare: Bool
        var prepared: PreparedSegment<Files>?
        /// Why there is no next segment: the disk is full.
        var shortage: StorageError?
    }

    /// Blocks. That the disk is full is no error but a result.
    ///
    /// No file gets two names between two syncs of the directory, so that a crash leaves each its old name or
    /// its new one; none is changed while a crash may give it back the name of a segment; and none is handed out to
    /// be written before its name is durable.
    public func perform() throws(StorageError) -> Result {
        var result = Result(spares: spares, wasToPrepare: next != nil)
        var source: UInt32?
        if next != nil, !result.spares.isEmpty { source = result.spares.removeFirst() }
        for number in retired {
            if next != nil, source == nil {
                try setAside(number)
                try files.syncDirectory(directory)
                source = number
            } else if result.spares.count < maxSpares {
                try setAside(number)
                result.spares.append(number)
            } else {
                try files.remove(path(LogFormat.fileName(segment: number)))
            }
        }
        if let next { try prepare(next, from: source, &result) }
        try files.syncDirectory(directory)
        return result
    }

    /// Gives a segment the name of a spare one.
    private func setAside(_ number: UInt32) throws(StorageError) {
        try files.rename(
            path(LogFormat.fileName(segment: number)), to: path(LogFormat.fileName(spare: number)))
    }

    /// - Parameter source: The spare file that is to be used again; it stays one when there is no space.
    private func prepare(
        _ number: UInt32, from source: UInt32?, _ result: inout Result
    ) throws(StorageError) {
        var source = source
        do throws(StorageError) {
            var ready = path(LogFormat.preparingName)
            if let spare = source.map({ path(LogFormat.fileName(spare: $0)) }), try resize(spare) {
                ready = spare
            } else {
                source = nil
                try makeBlank(ready)
            }
            let name = path(LogFormat.fileName(segment: number))
            try files.rename(ready, to: name)
            // Opened by the name that errors shall tell.
            result.prepared = PreparedSegment(
                segment: LogStore.Segment(
                    number: number, file: try files.open(name, create: false),
                    capacity: segmentBytes),
                isReused: source != nil)
        } catch {
            guard error.kind == .full else { throw error }
            result.shortage = error
            if let source { result.spares.insert(source, at: 0) }
            try files.removeIfPresent(path(LogFormat.preparingName))
        }
    }

    /// Makes a file that was used before as large as it is to be; one that is too small is removed.
    private func resize(_ path: String) throws(StorageError) -> Bool {
        let file = try files.open(path, create: false)
        defer { file.close() }
        let size = try file.size()
        guard size >= UInt64(segmentBytes) else {
            try files.remove(path)
            return false
        }
        if size > UInt64(segmentBytes) {
            try file.truncate(to: UInt64(segmentBytes))
            try file.sync()
        }
        return true
    }

    /// Makes a new file, which gets the name of a segment once it is whole.
    private func makeBlank(_ path: String) throws(StorageError) {
        let file = try files.open(path, create: true)
        defer { file.close() }
        try file.truncate(to: 0)
        try file.allocate(UInt64(segmentBytes))
        try file.sync()
    }

    private func path(_ name: String) -> String { directory + "/" + name }
}
