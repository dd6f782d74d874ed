internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `Compaction and snapshots of others` {
    let files = SimulatedFileSystem()

    private func makeLog() throws -> Store {
        let store = try House.create(files)
        for i in 1...10 {
            try store.put(
                [
                    Entry(
                        term: UInt64(i / 4 + 1), content: [UInt8](repeating: UInt8(i), count: 1000))
                ], at: i,
                hardState: HardState(term: Term(9), vote: NodeID(9)))
            try store.sync()
        }
        return store
    }

    private var segments: [String] { files.paths.filter { $0.hasSuffix(".log") } }

    @Test func `segments go when the forgetting is durable, and not before`() throws {
        let store = try makeLog()
        for i in 11...20 {
            try store.put([Entry(term: 9, content: [UInt8](repeating: 1, count: 1000))], at: i)
            try store.sync()
        }
        let before = segments
        try store.compact(through: EntryID(9, 15))
        #expect(segments == before)
        #expect(store.base == EntryID(9, 15))
        try store.sync()
        #expect(segments.count < before.count)
        #expect(segments.last == before.last)
        files.crashKeepingNothing()
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.base == EntryID(9, 15))
        #expect(recovered.hardState == HardState(term: Term(9), vote: NodeID(9)))
        #expect(recovered.initialConfiguration == House.configuration)
        #expect(try again.everything().count == 5)
    }

    @Test func `compacting twice to the same place, or back, does nothing`() throws {
        let store = try makeLog()
        try store.compact(through: EntryID(2, 5))
        try store.compact(through: EntryID(2, 5))
        try store.compact(through: EntryID(1, 3))
        #expect(store.base == EntryID(2, 5))
        #expect(store.entryCount == 5)
    }

    @Test func `the entries that make up the last bytes of the log are found by record`() throws {
        let store = try makeLog()
        // Each record has one entry of 1,000 bytes, and less than 100 of its own.
        #expect(store.index(before: 3300, endingAt: LogIndex(10)) == LogIndex(7))
        #expect(store.index(before: 3300, endingAt: LogIndex(6)) == LogIndex(3))
        #expect(store.index(before: 999, endingAt: LogIndex(10)) == LogIndex(10))
        #expect(store.index(before: .max, endingAt: LogIndex(10)) == .zero)
        try store.compact(through: EntryID(2, 5))
        #expect(store.index(before: .max, endingAt: LogIndex(10)) == LogIndex(5))
    }

    @Test func `a reset forgets all entries and keeps term and vote`() throws {
        let store = try makeLog()
        try store.reset(to: EntryID(7, 100))
        try store.put([Entry(term: 8, content: [8])], at: 101)
        try store.sync()
        files.crashKeepingNothing()
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.base == EntryID(7, 100))
        #expect(recovered.hardState == HardState(term: Term(9), vote: NodeID(9)))
        #expect(try again.everything() == [Entry(term: 8, content: [8])])
    }

    @Test func `a snapshot that the log reaches leaves the log alone`() throws {
        let store = try makeLog()
        try store.compact(through: EntryID(1, 2))
        for snapshot in [EntryID(1, 2), EntryID(2, 5), EntryID(3, 10)] {
            #expect(try store.align(with: snapshot) == false)
        }
        #expect(store.lastIndex == LogIndex(10))
    }

    @Test(arguments: [EntryID(3, 11), EntryID(7, 100), EntryID(7, 5)])
    func `a stored snapshot that the log does not lead up to takes its place`(id: EntryID) throws {
        let store = try makeLog()
        #expect(try store.align(with: id) == true)
        #expect(store.base == id)
        #expect(store.entryCount == 0)
        #expect(store.lastIndex == id.index)
    }

    @Test(arguments: [nil, EntryID(1, 3), EntryID(9, 5)])
    func `a hole between snapshot and log is refused`(snapshot: EntryID?) throws {
        let store = try makeLog()
        try store.compact(through: EntryID(2, 5))
        let error = #expect(throws: StorageError.self) { try store.align(with: snapshot) }
        guard case .corrupt? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(store.base == EntryID(2, 5))
    }

    @Test func `a log whose removed segments come back in part is whole`() throws {
        let store = try makeLog()
        try store.compact(through: EntryID(3, 10))
        let work = try #require(store.takeSyncWork())
        try work.perform()
        store.syncFinished(work)
        _ = try #require(store.takeUpkeep()).perform()
        // Of the changes of names only that of the second segment has reached the disk.
        files.crash { change in
            Survival(version: change.path.hasSuffix("2.log") ? change.versions : 0)
        }
        // The directory was synced in the end: nothing comes back.
        #expect(segments.map { $0.suffix(5) } == ["4.log", "5.log"])
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.notes.isEmpty)
        #expect(again.base == EntryID(3, 10))
    }

    @Test func `a log of which only some old segments were put away is whole`() throws {
        let store = try makeLog()
        try store.compact(through: EntryID(3, 10))
        let work = try #require(store.takeSyncWork())
        try work.perform()
        store.syncFinished(work)
        let upkeep = try #require(store.takeUpkeep())
        files.failingOperation = "syncDirectory"
        #expect(throws: StorageError.self) { try upkeep.perform() }
        files.crash { change in

            Survival(version: change.path.hasSuffix("2.spare") ? change.versions : 0)
        }
        #expect(segments.map { $0.suffix(5) } == ["1.log", "3.log", "4.log", "5.log"])
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.notes.map(\.action) == [.leftoverRemoved])
        #expect(again.base == EntryID(3, 10))
        #expect(again.spareCount == 1)
        #expect(segments.map { $0.suffix(5) } == ["3.log", "4.log", "5.log"])
    }
}
