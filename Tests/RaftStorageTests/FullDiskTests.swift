internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `On a full disk the log` {
    let files = SimulatedFileSystem()

    private func entry(_ count: Int) -> Entry {
        Entry(term: 1, content: [UInt8](repeating: 7, count: count))
    }

    /// Writes entries for as long as the log says that it can take them.
    private func fill(_ store: Store, with entry: Entry) throws {
        for i in (Int(store.lastIndex.rawValue) + 1)... {
            guard try store.hasRoom(forBytes: entry.content.count, entries: 1) else { return }
            try store.put([entry], at: i)
            try store.sync()
        }
    }

    @Test func `says when it can take no more, keeps all that it took, and goes on by itself`()
        throws
    {
        let store = try House.create(files)
        files.capacityBytes = files.usedBytes
        try fill(store, with: entry(700))
        let count = Int(store.lastIndex.rawValue)
        #expect(count >= 6)
        #expect(store.shortage?.kind == .full)
        #expect(files.paths.allSatisfy { $0.hasSuffix(".log") }, "\(files.paths)")
        // Terms and votes still have room, and what they need to be vouched for.
        for term in 1...6 {
            try store.write(hardState: HardState(term: Term(UInt64(term))), entries: nil)
            try store.sync()
        }
        #expect(store.takeUpkeep() == nil)
        let retry = try #require(store.takeUpkeep(retries: true))
        store.upkeepFinished(try retry.perform())
        #expect(store.shortage != nil)
        files.capacityBytes = nil
        let mended = try #require(store.takeUpkeep(retries: true))
        store.upkeepFinished(try mended.perform())
        #expect(store.shortage == nil)
        #expect(try store.hasRoom(forBytes: 700, entries: 1))
        try store.put([entry(700)], at: count + 1)
        try store.sync()
        files.crashKeepingNothing()
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.hardState.term == Term(6))
        #expect(try again.everything() == [Entry](repeating: entry(700), count: count + 1))
    }

    /// Whatever it has promised room for must fit, in any mixture, with terms and votes between.
    @Test(arguments: UInt64(1)...40)
    func `never runs out of what it has promised`(seed: UInt64) throws {
        var dice = Dice(seed)
        let store = try House.create(files)
        files.capacityBytes = files.usedBytes + Int.random(in: 0...9000, using: &dice)
        var term: UInt64 = 1
        var refusals = 0
        while refusals < 3 {
            var batch: [Entry] = []
            for _ in 0..<Int.random(in: 1...9, using: &dice) {
                let count = Int.random(in: 0...(Bool.random(using: &dice) ? 30 : 600), using: &dice)
                if Bool.random(using: &dice) { term += 1 }
                batch.append(Entry(term: term, content: [UInt8](repeating: 1, count: count)))
            }
            let bytes = batch.reduce(0) { $0 + $1.content.count }
            guard try store.hasRoom(forBytes: bytes, entries: batch.count) else {
                refusals += 1
                continue
            }
            let state = Int.random(in: 0...3, using: &dice) == 0 ? HardState(term: Term(term)) : nil
            try store.put(batch, at: Int(store.lastIndex.rawValue) + 1, hardState: state)
            try store.sync()
        }
        files.crashKeepingNothing()
        #expect(try House.open(files)?.store.lastIndex == store.lastIndex)
    }

    @Test func `is opened, torn tail and all`() throws {
        let store = try House.create(files)
        try store.put([entry(10)], at: 1)
        try store.sync()
        try store.put([entry(900)], at: 2)
        files.crash { change in
            Survival(version: change.part == .sector(1) ? 0 : change.versions)
        }
        files.capacityBytes = files.usedBytes
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.notes.count == 1)
        #expect(try again.everything() == [entry(10)])
        #expect(try again.hasRoom(forBytes: 900, entries: 1))
        try again.put([entry(900)], at: 2)
        try again.sync()
    }

    @Test func `uses old segments again, so that a snapshot makes room`() throws {
        let store = try House.create(files)
        files.capacityBytes = files.usedBytes
        try fill(store, with: entry(700))
        #expect(store.shortage != nil)
        try store.compact(through: EntryID(1, Int(store.lastIndex.rawValue)))
        try store.sync()
        #expect(store.shortage == nil)
        let before = store.lastIndex
        try fill(store, with: entry(700))
        #expect(store.lastIndex > before)
    }

    /// A disk that is full at any one moment: no call throws where the log itself is not at stake.
    @Test func `takes it as a result and no failure when there is no space for files`() throws {
        for room in stride(from: 0, through: 4096, by: 512) {
            let files = SimulatedFileSystem()
            let store = try House.create(files)
            for i in 1...4 { try store.put([entry(900)], at: i) }
            try store.put([entry(900)], at: 5)
            files.capacityBytes = files.usedBytes + room
            try store.sync()
            #expect((store.shortage == nil) == (room == 4096))
            #expect(!files.paths.contains { $0.hasSuffix("preparing") })
        }
    }

    /// Also a new name may need space.
    @Test func `keeps an old segment that could not be used again for lack of space`() throws {
        let store = try House.create(files)
        for i in 1...12 {
            try store.put([entry(900)], at: i)
            try store.sync()
        }
        try store.compact(through: EntryID(1, 12))
        try store.sync()
        let spares = store.spareCount
        #expect(spares > 0)
        for i in 13...17 { try store.put([entry(900)], at: i) }
        let sync = try #require(store.takeSyncWork())
        try sync.perform()
        store.syncFinished(sync)
        let upkeep = try #require(store.takeUpkeep())
        files.fullCall = files.spaceCallCount + 1
        store.upkeepFinished(try upkeep.perform())
        #expect(store.shortage?.operation == "rename" && store.spareCount == spares)
        let retry = try #require(store.takeUpkeep(retries: true))
        store.upkeepFinished(try retry.perform())
        #expect(store.shortage == nil && store.spareCount == spares - 1)
    }

    @Test func `writes no snapshot, leaves nothing of it, and does later`() throws {
        let snapshots = try Snapshots.open(files)
        files.capacityBytes = files.usedBytes + 100
        let error = #expect(throws: StorageError.self) {
            var writer = snapshots.beginWriting(
                lastIncluded: EntryID(1, 5), configuration: House.configuration)
            do throws(StorageError) {
                try writer.write([UInt8](repeating: 1, count: 500).span)
                _ = try writer.finish()
            } catch {
                try writer.discard()
                throw error
            }
        }
        #expect(error?.kind == .full)
        #expect(files.usedBytes == 0)
        files.capacityBytes = nil
        try snapshots.make(EntryID(1, 5), [1, 2, 3])
        #expect(snapshots.latest?.lastIncluded == EntryID(1, 5))
    }

    @Test func `receives no snapshot, leaves nothing of it, and does later`() throws {
        let snapshots = try Snapshots.open(files)
        files.capacityBytes = files.usedBytes + 100
        let piece = [UInt8](repeating: 1, count: 80)
        func receive(at offset: UInt64) throws -> UInt64 {
            try snapshots.receive(
                lastIncluded: EntryID(1, 5), configuration: House.configuration, offset: offset,
                bytes: piece.span)
        }
        #expect(try receive(at: 0) == 80)
        let error = #expect(throws: StorageError.self) { try receive(at: 80) }
        #expect(error?.kind == .full)
        snapshots.abandonReceiving()
        #expect(files.usedBytes == 0)
        files.capacityBytes = nil
        #expect(try receive(at: 0) == 80)
        #expect(try receive(at: 80) == 160)
    }
}
