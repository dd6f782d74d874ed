public import Raft

extension LogStore {
    /// Forgets the entries up to `id`, which a durable snapshot must cover.
    ///
    /// To keep some entries for followers that lag a little, pass one some way before the snapshot's
    /// last. The entries cannot be read from now on; their segments are removed by the next sync, after
    /// the forgetting itself is durable. Does nothing when the base is there already.
    public func compact(through id: EntryID) throws(StorageError) {
        guard id.index > base.index else { return try checkUsable() }
        invariant(
            id.index <= writtenIndex && term(at: id.index) == id.term,
            "compacted through \(id), which is not an entry written")
        try changeBase(.base, id)
        terms.compact(through: id)
        records.forget(through: id.index)
        cache.forget(through: id.index)
        bytesSinceCompaction = 0
    }

    /// Begins the log anew behind `id`: a snapshot up to there, received and durable, takes its place.
    ///
    /// Should a crash undo this, `align` does it again when the log is next opened.
    public func reset(to id: EntryID) throws(StorageError) {
        try changeBase(.reset, id)
        terms = LogOutline(base: id)
        records = RecordIndex()
        cache.removeAll()
        lastRead = nil
        writtenIndex = id.index
        unwrittenBytes = 0
        diskLast = id
        bytesSinceCompaction = 0
    }

    private func changeBase(_ type: RecordType, _ id: EntryID) throws(StorageError) {
        try changing { () throws(StorageError) in
            beginRecord()
            building.write(id)
            _ = try placeRecord(type)
            try flush()
            wanted = end
        }
    }
}
