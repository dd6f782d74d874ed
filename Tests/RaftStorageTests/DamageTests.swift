internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

/// Bytes that change by themselves (rot), on a log that was synced and is at rest.
@Suite struct `Damage on disk` {
    let files = SimulatedFileSystem()
    static let first = House.logDirectory + "/0000000001.log"

    static let entries = [
        Entry(term: 1, content: [1, 2, 3]), Entry(term: 1, content: []),
        Entry(term: 2, content: [UInt8](repeating: 9, count: 40)),
        Entry(term: 2, content: [0, 0, 0, 0]),
    ]

    /// Where the acknowledged part of a small log ends, behind which stands only a mark.
    ///
    /// - Parameter isReused: Whether it stands in a file that was a segment before.
    static func makeLog(
        _ files: SimulatedFileSystem, isReused: Bool = false
    ) throws -> (path: String, end: Int) {
        let store = try isReused ? House.createReused(files) : House.create(files)
        let first = Int(store.lastIndex.rawValue) + 1
        try store.put(Array(entries[..<2]), at: first, hardState: HardState(term: Term(1)))
        try store.sync()
        try store.put(
            Array(entries[2...]), at: first + 2,
            hardState: HardState(term: Term(2), vote: NodeID(8)))
        try store.sync()
        let newest = try House.newest(files)
        return (newest.path, newest.end - 32)
    }

    @Test(arguments: [false, true])
    func `in what was acknowledged is refused, at every byte; behind it no entry is lost`(
        isReused: Bool
    ) throws {
        let (path, end) = try Self.makeLog(files, isReused: isReused)
        let bytes = try #require(files.contents(of: path))
        #expect(bytes[(end + 32)...].contains { $0 != 0 } == isReused)
        for offset in bytes.indices where offset < end + 64 || offset % 251 == 0 {
            let files = SimulatedFileSystem()
            _ = try Self.makeLog(files, isReused: isReused)
            files.flip(UInt8(1) << UInt8(offset % 8), of: path, at: offset)
            let before = files.contents(of: path)
            do {
                let (store, recovered) = try #require(try House.open(files))
                #expect(offset >= end, "a flip at \(offset) was not seen")
                #expect(try store.everything() == Self.entries)
                // Among old bytes nobody can tell that one has changed, and nothing is said of it.
                if isReused, offset >= end + 32 { #expect(recovered.notes.isEmpty) }
            } catch let error as StorageError {
                #expect(offset < end, "a flip at \(offset): \(error)")
                #expect(error.path == path)
                #expect(files.contents(of: path) == before, "cut at \(offset)")
            }
        }
    }

    @Test func `names file, offset and index`() throws {
        _ = try Self.makeLog(files)
        let bytes = try #require(files.contents(of: Self.first))
        let payload = try #require(
            (0..<bytes.count).first { bytes[$0..<$0 + 40].allSatisfy { $0 == 9 } })
        files.flip(1, of: Self.first, at: payload + 3)
        let error = #expect(throws: StorageError.self) { try House.open(files) }
        // The record: 32 bytes of header, index and term, how many entries and the length of both.
        #expect(error?.kind == .corrupt(offset: UInt64(payload - 19 - 32), index: LogIndex(3)))
        #expect(error?.path == Self.first)
    }

    @Test func `found while reading is an error and not an entry`() throws {
        let store = try House.create(files)
        try store.put([Entry(term: 1, content: [UInt8](repeating: 9, count: 40))], at: 1)
        try store.sync()
        let bytes = try #require(files.contents(of: Self.first))
        let payload = try #require(
            (0..<bytes.count).first { bytes[$0..<$0 + 40].allSatisfy { $0 == 9 } })
        files.flip(1, of: Self.first, at: payload)
        let error = #expect(throws: StorageError.self) { try store.everything() }
        #expect(error?.kind == .corrupt(offset: UInt64(payload - 18 - 32), index: LogIndex(1)))
    }

    /// Three segments of records; any byte of the first two that carries something is acknowledged.
    private func makeLongLog(_ files: SimulatedFileSystem) throws {
        let store = try House.create(files)
        for i in 1...10 {
            try store.put(
                [Entry(term: 1, content: [UInt8](repeating: UInt8(i), count: 1000))], at: i)
            try store.sync()
        }
        #expect(store.segmentCount == 4)
    }

    @Test(arguments: 1...3)
    func `in a segment that is not the last is refused`(segment: Int) throws {
        for offset in stride(from: 0, to: 3400, by: 331) {
            let files = SimulatedFileSystem()
            try makeLongLog(files)
            let path = House.logDirectory + "/000000000\(segment).log"
            files.flip(0x10, of: path, at: offset)
            let error = #expect(throws: StorageError.self) { try House.open(files) }
            #expect(error?.path == path)
        }
    }

    /// The first segment is gone for good reason, but the record that says so comes after the damage.
    @Test func `before the record that forgets a segment is named, and not that segment`() throws {
        let store = try House.create(files)
        for i in 1...10 {
            try store.put(
                [Entry(term: 1, content: [UInt8](repeating: UInt8(i), count: 1000))], at: i)
            try store.sync()
        }
        try store.compact(through: EntryID(1, 4))
        for i in 11...13 {
            try store.put([Entry(term: 1, content: [UInt8(i)])], at: i)
            try store.sync()
        }
        #expect(files.contents(of: Self.first) == nil)
        let second = House.logDirectory + "/0000000002.log"
        files.flip(1, of: second, at: 2000)
        let error = #expect(throws: StorageError.self) { try House.open(files) }
        #expect(error?.path == second)
    }

    @Test(arguments: 1...3)
    func `a segment that is missing is missed`(segment: Int) throws {
        try makeLongLog(files)
        try files.remove(House.logDirectory + "/000000000\(segment).log")
        let error = #expect(throws: StorageError.self) { try House.open(files) }
        #expect(error?.path == House.logDirectory + "/000000000\(segment).log")
    }

    @Test func `a segment with another's name is refused`() throws {
        try makeLongLog(files)
        try files.rename(
            House.logDirectory + "/0000000002.log", to: House.logDirectory + "/0000000003.log")
        #expect(throws: StorageError.self) { try House.open(files) }
    }

    @Test func `a torn tail is cut, noted, and gone for good`() throws {
        let store = try House.create(files)
        let kept = Entry(term: 1, content: [1])
        try store.put([kept], at: 1)
        try store.sync()
        try store.put([Entry(term: 1, content: [UInt8](repeating: 5, count: 2000))], at: 2)
        // All sectors but the record's second one have reached the disk.
        files.crash { change in
            Survival(version: change.part == .sector(2) ? 0 : change.versions)
        }
        let (_, recovered) = try #require(try House.open(files))
        #expect(recovered.notes.count == 1)
        guard case .tornTailCut(let offset, let bytes)? = recovered.notes.first?.action else {
            Issue.record("no note")
            return
        }
        #expect(offset + bytes == 4096)
        #expect(recovered.notes.first?.path == Self.first)
        files.crashKeepingNothing()
        let (again, second) = try #require(try House.open(files))
        #expect(second.notes.isEmpty)
        #expect(try again.everything() == [kept])
    }

    /// The batch was acknowledged and nothing was written after it: only what opening the log puts down
    /// says so, and power fails again right after that.
    @Test(arguments: [100, 3700])
    func `in the end of a log that was just recovered is refused, even after a power failure`(
        length: Int
    ) throws {
        let entry = Entry(term: 1, content: [UInt8](repeating: 7, count: length))
        let store = try House.create(files)
        try store.put([entry], at: 1)
        try store.sync()
        files.crashKeepingNothing()
        _ = try House.open(files)
        files.crashKeepingNothing()
        let bytes = try #require(files.contents(of: Self.first))
        let content = try #require(
            (0..<bytes.count).first { bytes[$0..<$0 + 40].allSatisfy { $0 == 7 } })
        files.flip(1, of: Self.first, at: content + 50)
        let error = #expect(throws: StorageError.self) { try House.open(files) }
        #expect(error?.path == Self.first)
        files.flip(1, of: Self.first, at: content + 50)
        #expect(try House.open(files)?.store.everything() == [entry])
    }

    @Test func `opening a log again and again does not lengthen it`() throws {
        _ = try Self.makeLog(files)
        _ = try House.open(files)
        let once = files.contents(of: Self.first)
        for _ in 0..<5 { _ = try House.open(files) }
        #expect(files.contents(of: Self.first) == once)
    }

    @Test func `a later record that survived an earlier one does not make a torn tail corrupt`()
        throws
    {
        let store = try House.create(files)
        try store.put([Entry(term: 1, content: [1])], at: 1)
        try store.sync()
        for i in 2...4 {
            try store.put([Entry(term: 1, content: [UInt8](repeating: 5, count: 600))], at: i)
        }
        files.crash { change in
            Survival(version: change.part == .sector(1) ? 0 : change.versions)
        }
        let (again, _) = try #require(try House.open(files))
        #expect(try again.everything() == [Entry(term: 1, content: [1])])
    }

    @Test func `a record that an earlier life left at its place does not follow on a new one`()
        throws
    {
        func entry(_ fill: UInt8) -> Entry {
            Entry(term: 1, content: [UInt8](repeating: fill, count: 100))
        }
        let store = try House.create(files)
        try store.put([entry(1)], at: 1)
        try store.sync()
        try store.put([entry(2)], at: 2)
        let end = try #require(files.contents(of: Self.first)?.lastIndex { $0 != 0 }) / 8 * 8 + 8
        try store.put([entry(3)], at: 3)
        let stale = try #require(files.contents(of: Self.first))[end..<end + 200]
        files.crashKeepingNothing()
        let (second, _) = try #require(try House.open(files))
        try second.put([Entry(term: 1, content: [UInt8](repeating: 4, count: 100))], at: 2)
        try files.open(Self.first, create: false).write(Array(stale).span, at: UInt64(end))
        files.endProcess()
        let (third, _) = try #require(try House.open(files))
        #expect(third.lastIndex == LogIndex(2))
    }

    /// Only what was written after the sync, in the second segment, tells that the first one's end was durable.
    @Test(arguments: [1, 1000])
    func `in the end of a segment is refused for what the next one says`(length: Int) throws {
        let store = try House.create(files)
        try store.put([Entry(term: 1, content: [UInt8](repeating: 7, count: 3000))], at: 1)
        try store.put([Entry(term: 1, content: [UInt8](repeating: 8, count: 500))], at: 2)
        try store.put([Entry(term: 1, content: [UInt8](repeating: 9, count: 500))], at: 3)
        try store.sync()
        #expect(store.segmentCount == 2)
        let bytes = try #require(files.contents(of: Self.first))
        let content = try #require(
            (0..<bytes.count).first { bytes[$0..<$0 + 40].allSatisfy { $0 == 8 } })
        // One byte of the last record, or all of it: then it looks as if it had never been written.
        for offset in (length == 1 ? content..<content + 1 : content - 56..<content + 500) {
            files.flip(bytes[offset], of: Self.first, at: offset)
        }
        let error = #expect(throws: StorageError.self) { try House.open(files) }
        #expect(error?.path == Self.first)
        guard case .corrupt(_, LogIndex(2))? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `in space that was never used is cleared away and noted`() throws {
        _ = try Self.makeLog(files)
        files.flip(1, of: Self.first, at: 4000)
        let (store, recovered) = try #require(try House.open(files))
        #expect(try store.everything() == Self.entries)
        #expect(recovered.notes.count == 1)
        #expect(files.contents(of: Self.first)?[4000] == 0)
    }
}
