internal import Raft
internal import Wire

// Where records go: behind the last one, in the next segment, or into room made for them.
extension LogStore {
    /// Puts the record whose payload has been built behind the last one, in a new segment if need be.
    func placeRecord(
        _ type: RecordType
    ) throws(StorageError) -> (position: DiskPosition, byteCount: Int) {
        let byteCount = LogFormat.recordHeaderBytes + LogFormat.padded(payload.count)
        if Int(end.offset) + byteCount > newest.capacity {
            if next != nil { try startSegment() }
            try makeRoom(for: byteCount)
        }
        let position = end
        chain = RecordHeader.append(
            type, payload: payload.span, chain: chain, durable: durable,
            incarnation: identity.incarnation, position: position, to: &pending)
        end.offset += UInt32(byteCount)
        isVouchedFor = false
        return (position, byteCount)
    }

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
    /// the next segment to be ready.
    private func makeRoom(for byteCount: Int) throws(StorageError) {
        let needed = Int(end.offset) + byteCount
        guard needed > newest.capacity else { return }
        let capacity = wholePages(needed)
        guard capacity <= Int(UInt32.max) else {
            throw StorageError(
                .limitExceeded(limit: UInt64(UInt32.max)), operation: "write",
                path: path(end.segment), detail: "the sync does not keep up")
        }
        try newest.file.allocate(UInt64(capacity))
        segments[segments.count - 1].capacity = capacity
    }

    /// Writes out what is pending.
    ///
    /// A page of a file that was used before may not be in memory, and to change a part of it the system
    /// would have to read it first, while the loop waits. So whoever comes to a page first writes all of it:
    /// what he has, and zeros.
    func flush() throws(StorageError) {
        guard !pending.isEmpty else { return }
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        let start = Int(end.offset) - bytes.count
        if Int(end.offset) > overwrittenEnd {
            overwrittenEnd = min(wholePages(Int(end.offset)), newest.capacity)
            for _ in Int(end.offset)..<overwrittenEnd { bytes.append(0) }
        }
        try newest.file.write(bytes.span, at: UInt64(start))
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &pending)
    }
}
