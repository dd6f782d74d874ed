internal import Raft
internal import Wire

// Where records go: behind the last one, in the next segment, or into room made for them.
extension LogStore {
    /// Begins to build a record: room for its header.
    func beginRecord() {
        building.removeAll(keepingCapacity: true)
        for _ in 0..<LogFormat.recordHeaderBytes { building.append(0) }
    }

    /// Puts a record behind the last one, in a new segment if need be: `building` holds the start of it, and
    /// `rest` what else belongs to its payload.
    func placeRecord(
        _ type: RecordType, rest: Span<UInt8> = Span()
    ) throws(StorageError) -> (position: DiskPosition, byteCount: Int) {
        let byteCount = LogFormat.padded(building.count + rest.count)
        if Int(end.offset) + byteCount > newestCapacity - (hasNext ? 0 : reserveBytes) {
            if hasNext { try startSegment() }
            try makeRoom(for: byteCount)
        }
        let position = end
        let padding = byteCount - building.count - rest.count
        let zeros = self.zeros
        chain = RecordHeader.complete(
            &building, rest: rest, padding: zeros.span.extracting(first: padding), type,
            chain: chain, durable: durable, incarnation: identity.incarnation, position: position)
        if byteCount > Self.largeRecordBytes {
            try flush()
            end.offset += UInt32(byteCount)
            let building = self.building
            try write(building.span, rest, padding: padding, at: position.offset)
        } else {
            if pending.isEmpty { swap(&pending, &building) } else { pending.write(building.span) }
            pending.write(rest)
            pending.write(zeros.span.extracting(first: padding))
            end.offset += UInt32(byteCount)
        }
        isVouchedFor = false
        return (position, byteCount)
    }

    /// A record larger than this goes out by itself, and what it holds is not copied once more.
    private static var largeRecordBytes: Int { 16 << 10 }

    /// The segment that is written to.
    private var newest: Segment { segments[segments.count - 1] }

    /// Begins the next segment. Its name is durable since long, so a crash leaves no gap among the names.
    private func startSegment() throws(StorageError) {
        guard let next else { return }
        try flush()
        let header = SegmentHeader(
            number: next.segment.number, isReused: next.isReused, identity: identity, chain: chain,
            durable: durable, hardState: hardState, base: base, last: diskLast,
            initialConfiguration: initialConfiguration)
        let (bytes, checksum) = header.encoded()
        segments.append(next.segment)
        self.next = nil
        chain = checksum
        end = DiskPosition(segment: next.segment.number, offset: UInt32(bytes.count))
        overwrittenEnd = 0
        pending.append(contentsOf: bytes)
    }

    /// Makes the newest segment larger when a record does not fit: a large one, or one that cannot wait for
    /// the next segment to be ready. When there is no space for that, what is left in reserve is used.
    private func makeRoom(for byteCount: Int) throws(StorageError) {
        let needed = Int(end.offset) + byteCount
        let wanted = needed + (hasNext ? 0 : reserveBytes)
        guard wanted > newestCapacity else { return }
        do throws(StorageError) {
            try enlargeNewest(to: wanted)
        } catch {
            guard error.kind == .full, needed <= newestCapacity else { throw error }
        }
    }

    private func enlargeNewest(to byteCount: Int) throws(StorageError) {
        let capacity = wholePages(byteCount)
        guard capacity <= Int(UInt32.max) else {
            throw StorageError(
                .limitExceeded(limit: UInt64(UInt32.max)), operation: "write",
                path: path(end.segment), detail: "the sync does not keep up")
        }
        // More than is asked for, so that not every record has to do this until the next segment is there.
        let generous = wholePages(capacity + settings.segmentBytes / 8)
        do throws(StorageError) {
            if generous <= StorageLimits.segmentBytes { return try allocate(generous) }
        } catch {
            guard error.kind == .full else { throw error }
        }
        try allocate(capacity)
    }

    private func allocate(_ capacity: Int) throws(StorageError) {
        try newest.file.allocate(UInt64(capacity))
        segments[segments.count - 1].capacity = capacity
    }

    /// Whether entries can be written for sure that are not in the log yet, whatever else must be written
    /// besides: reserves space for them if need be. When not, nobody must promise to keep them.
    ///
    /// - Throws: What the disk says for another reason than that it is full; the store is spent then.
    public func hasRoom(forBytes byteCount: Int, entries: Int) throws(StorageError) -> Bool {
        let needed = unwrittenBytes + Self.diskBytes(byteCount, entries: entries) + reserveBytes
        if Int(end.offset) + needed <= newestCapacity { return true }
        if let next,
            LogFormat.maxHeaderBytes(initialConfiguration) + needed <= next.segment.capacity
        {
            return true
        }
        guard shortage == nil else { return false }
        var isFull = false
        try changing { () throws(StorageError) in
            do throws(StorageError) {
                try reserve(needed)
            } catch {
                guard error.kind == .full else { throw error }
                isFull = true
            }
        }
        return !isFull
    }

    /// Makes room for so many bytes in the next segment, or in this one when there is no next.
    private func reserve(_ byteCount: Int) throws(StorageError) {
        guard let next else { return try enlargeNewest(to: Int(end.offset) + byteCount) }
        let capacity = wholePages(LogFormat.maxHeaderBytes(initialConfiguration) + byteCount)
        try next.segment.file.allocate(UInt64(capacity))
        self.next?.segment.capacity = capacity
    }

    /// Writes out what is pending.
    func flush() throws(StorageError) {
        guard !pending.isEmpty else { return }
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        try write(bytes.span, Span(), padding: 0, at: end.offset - UInt32(bytes.count))
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &pending)
    }

    /// Writes what goes up to `end`, in one call.
    ///
    /// A page of a file that was used before may not be in memory, and to change a part of it the system
    /// would have to read it first, while the loop waits. So whoever comes to a page first writes all of it:
    /// what he has, and zeros.
    private func write(
        _ start: Span<UInt8>, _ rest: Span<UInt8>, padding: Int, at offset: UInt32
    ) throws(StorageError) {
        let zeros = self.zeros
        var filling = padding
        if Int(end.offset) > overwrittenEnd {
            overwrittenEnd = max(
                Int(end.offset), min(wholePages(Int(end.offset)), newestCapacity))
            filling += overwrittenEnd - Int(end.offset)
        }
        bytesWritten += UInt64(start.count + rest.count + filling)
        try newest.file.write(
            start, rest, zeros.span.extracting(first: filling), at: UInt64(offset))
    }
}
