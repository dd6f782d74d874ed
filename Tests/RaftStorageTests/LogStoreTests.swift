internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

@Suite struct `The log` {
    let files = SimulatedFileSystem()

    @Test func `an empty directory holds no log`() throws {
        #expect(try House.open(files) == nil)
        try files.createDirectory("/data")
        try files.createDirectory("/data/log")
        #expect(try House.open(files) == nil)
    }

    @Test func `a new log survives a crash at once`() throws {
        _ = try House.create(files)
        files.crashKeepingNothing()
        let (store, recovered) = try #require(try House.open(files))
        #expect(recovered.identity == House.identity)
        #expect(recovered.initialConfiguration == House.configuration)
        #expect(recovered.hardState == HardState())
        #expect(recovered.base == .zero)
        #expect(recovered.runs.isEmpty)
        #expect(recovered.notes.isEmpty)
        #expect(store.lastIndex == .zero)
    }

    /// Its names were in memory alone when the process ended that had made it, and who opens it goes by them.
    @Test
    func `a new log whose maker ended at any call does not lose what the next process writes`()
        throws
    {
        var opened = 0
        for call in 1...40 {
            let files = SimulatedFileSystem()
            files.lastCall = call
            do { _ = try House.create(files) } catch is StorageError {}
            files.endProcess()
            guard let (store, _) = try House.open(files) else { continue }
            opened += 1
            try store.put([Entry(term: 1, content: [1])], at: 1)
            let sync = try #require(store.takeSyncWork())
            try sync.perform()
            files.crashKeepingNothing()
            #expect(try House.open(files)?.store.lastIndex == LogIndex(1), "call \(call)")
        }
        #expect(opened > 10)
    }

    @Test func `a second log is not made over the first`() throws {
        _ = try House.create(files)
        #expect(throws: StorageError.self) { try House.create(files) }
    }

    @Test func `what is synced is there after a crash, with its terms`() throws {
        let store = try House.create(files)
        let state = HardState(term: Term(3), vote: NodeID(9))
        let entries = [
            Entry(term: 1, content: [1]), Entry(term: 1, content: []),
            Entry(term: 3, content: [7, 7]),
        ]
        try store.put(entries, at: 1, hardState: state)
        try store.sync()
        files.crashKeepingNothing()
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.hardState == state)
        #expect(
            recovered.runs == [TermRun(term: Term(1), count: 2), TermRun(term: Term(3), count: 1)])
        #expect(try again.everything() == entries)
    }

    @Test func `what is not synced may be gone, and nothing else is`() throws {
        let store = try House.create(files)
        try store.put([Entry(term: 1, content: [1])], at: 1)
        try store.sync()
        try store.put([Entry(term: 1, content: [2])], at: 2)
        files.crashKeepingNothing()
        let (again, _) = try #require(try House.open(files))
        #expect(try again.everything() == [Entry(term: 1, content: [1])])
    }

    @Test func `a process that ends loses nothing that it wrote`() throws {
        let store = try House.create(files)
        try store.put([Entry(term: 1, content: [1])], at: 1)
        files.endProcess()
        _ = try #require(try House.open(files))
        files.crashKeepingNothing()
        let (again, _) = try #require(try House.open(files))
        #expect(try again.everything() == [Entry(term: 1, content: [1])])
    }

    @Test func `another cluster's or node's directory is refused`() throws {
        _ = try House.create(files)
        for (cluster, node) in [("red", NodeID(7)), ("blue", NodeID(8))] {
            let error = #expect(throws: StorageError.self) {
                try Store.open(
                    files: files, directory: House.directory, cluster: cluster, node: node)
            }
            #expect(error?.kind == .foreign)
        }
    }

    @Test(arguments: [UInt8(1), 4])
    func `another version of the format, older or newer, is refused by name`(bits: UInt8) throws {
        _ = try House.create(files)
        try House.flipVersion(bits, of: House.logDirectory + "/0000000001.log", files, padded: true)
        let error = #expect(throws: StorageError.self) { try House.open(files) }
        #expect(error?.kind == .newerVersion(found: UInt32(4 ^ bits), known: 4))
        #expect(error?.path == House.logDirectory + "/0000000001.log")
    }

    @Test func `reading stops at the byte limit but gives at least one entry`() throws {
        let store = try House.create(files)
        let entries = (0..<10).map { Entry(term: 1, content: [UInt8](repeating: $0, count: 100)) }
        try store.put(entries, at: 1)
        for limit in [0, 1, 99, 100, 250, 1000] {
            var contents = PackedBytes()
            let count = try store.read(
                from: LogIndex(3), through: LogIndex(10), maxBytes: limit, into: &contents)
            #expect(count == max(1, min(limit / 100, 8)))
            #expect(contents[0] == entries[2].content)
        }
    }

    @Test func `an entry over the limit is refused and spends the store`() throws {
        let store = try House.create(files)
        let large = Entry(
            term: 1, content: [UInt8](repeating: 1, count: StorageLimits.entryBytes + 1))
        #expect(throws: StorageError.self) { try store.put([large], at: 1) }
        #expect(throws: StorageError.self) { try store.write(hardState: HardState(), entries: nil) }
        #expect(store.takeSyncWork() == nil)
    }

    @Test func `an entry larger than a segment gets a segment of its size`() throws {
        let store = try House.create(files)
        let large = Entry(term: 1, content: [UInt8](repeating: 1, count: 100_000))
        try store.put([large], at: 1)
        try store.sync()
        try store.put([Entry(term: 1, content: [2])], at: 2)
        try store.sync()
        files.crashKeepingNothing()
        let (again, _) = try #require(try House.open(files))
        #expect(try again.everything() == [large, Entry(term: 1, content: [2])])
    }

    @Test func `a full disk spends the store, and nothing is lost when there is space again`()
        throws
    {
        let store = try House.create(files)
        files.capacityBytes = files.usedBytes
        let entry = Entry(term: 1, content: [UInt8](repeating: 3, count: 1000))
        var count = 0
        while store.segmentCount < 2 || store.roomInSegment >= 1100 {
            count += 1
            try store.put([entry], at: count)
        }
        try store.sync()
        let error = #expect(throws: StorageError.self) { try store.put([entry], at: count + 1) }
        #expect(error?.kind == .full)
        files.capacityBytes = nil
        files.crashKeepingEverything()
        let (again, _) = try #require(try House.open(files))
        #expect(try again.everything() == [Entry](repeating: entry, count: count))
        try again.put([entry], at: count + 1)
    }

    @Test func `entries that are not written yet stay in memory, whatever the limit`() throws {
        let store = try House.create(files)
        let entries = (0..<4).map {
            Entry(term: 1, content: [UInt8](repeating: $0, count: 140_000))
        }
        let contents = PackedBytes(entries.map(\.content))
        for i in 0..<4 {
            let first = LogIndex(UInt64(i + 1))
            store.append(
                contents, i..<i + 1, first: first, runs: [TermRun(term: Term(1), count: 1)])
        }
        try store.write(
            hardState: nil, entries: Persist.Entries(first: LogIndex(1), last: LogIndex(2)))
        #expect(try store.everything() == entries)
        // Replaced in memory, not yet on disk: written once is not written any more.
        store.append(contents, 0..<1, first: LogIndex(2), runs: [TermRun(term: Term(2), count: 1)])
        try store.write(hardState: HardState(term: Term(2)), entries: nil)
        let replaced = [entries[0], Entry(term: 2, content: entries[0].content)]
        #expect(try store.everything() == replaced)
        try store.write(
            hardState: nil, entries: Persist.Entries(first: LogIndex(2), last: LogIndex(2)))
        #expect(try store.everything() == replaced)
    }

    @Test func `of a record only those entries are read that memory has not replaced`() throws {
        let store = try House.create(files)
        let old = (1...3).map { Entry(term: 1, content: [UInt8($0)]) }
        try store.put(old, at: 1)  // one record, and nothing of it stays in memory
        let contents = PackedBytes([[0x22], [0x33]])
        store.append(contents, 0..<2, first: LogIndex(2), runs: [TermRun(term: Term(2), count: 2)])
        var read = PackedBytes()
        let count = try store.read(
            from: LogIndex(1), through: LogIndex(3), maxBytes: 100, into: &read)
        #expect(count == 3)
        #expect(read == PackedBytes([[1], [0x22], [0x33]]))
    }
}
