internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

/// Segments that are made ahead, and files that are used again.
@Suite struct `Files of the log` {
    let files = SimulatedFileSystem()

    private func entry(_ fill: Int, count: Int = 900) -> Entry {
        Entry(term: 1, content: [UInt8](repeating: UInt8(truncatingIfNeeded: fill), count: count))
    }

    private func calls(_ names: [String]) -> [String] {
        files.history.filter { call in names.contains { call.contains(" \($0) ") } }
    }

    @Test func `are made ready by upkeep, and never by a write`() throws {
        let store = try House.create(files)
        files.historyLimit = 10_000
        var lasts: [Int] = []
        for i in 1...20 {
            let before = files.history.count
            try store.put([entry(i)], at: i)
            lasts.append(files.history.count - before)
            #expect(
                files.history[before...].allSatisfy { $0.contains(" write ") },
                "\(files.history[before...])")
            try store.sync()
        }
        #expect(store.segmentCount > 4)
        // One write a batch, however far it goes; two where it does not fit into a segment's end.
        #expect(lasts.max() ?? 0 <= 2)
    }

    @Test func `are used again, so that no space is asked for any more`() throws {
        let store = try House.create(files)
        func cycle(_ range: ClosedRange<Int>) throws {
            for i in range {
                try store.put([entry(i)], at: i)
                if i % 4 == 0 { try store.compact(through: EntryID(1, i - 2)) }
                try store.sync()
            }
        }
        try cycle(1...64)
        let size = files.usedBytes
        files.historyLimit = 10_000
        try cycle(65...200)
        #expect(calls(["allocate", "remove"]) == [])
        #expect(calls(["rename"]).count > 30)
        #expect(files.usedBytes == size)
        #expect(store.spareCount <= House.settings.spareSegments)
        files.crashKeepingNothing()
        let (again, recovered) = try #require(try House.open(files))
        #expect(recovered.notes.isEmpty)
        #expect(try again.everything() == (199...200).map { entry($0) })
    }

    @Test func `that wait are few; the others are removed`() throws {
        let store = try House.create(files)
        for i in 1...40 {
            try store.put([entry(i)], at: i)
            try store.sync()
        }
        #expect(store.segmentCount > 8)
        try store.compact(through: EntryID(1, 39))
        try store.sync()
        #expect(store.spareCount == 2)
        #expect(files.paths.filter { $0.hasSuffix(".spare") }.count == 2)
        #expect(files.paths.count == 2 + store.segmentCount + 1)
        // Fewer are wanted from now on.
        var settings = House.settings
        settings.spareSegments = 1
        files.endProcess()
        let again = try Store.open(
            files: files, directory: House.directory, cluster: House.identity.cluster,
            node: House.identity.node, settings: settings)
        #expect(again?.store.spareCount == 1)
        #expect(files.paths.filter { $0.hasSuffix(".spare") }.count == 1)
    }

    @Test func `with other sizes are cut, or replaced`() throws {
        let store = try House.create(files)
        try store.put([entry(1, count: 20_000)], at: 1)
        for i in 2...9 {
            try store.put([entry(i)], at: i)
            try store.sync()
        }
        try store.compact(through: EntryID(1, 9))
        try store.sync()
        #expect(store.spareCount > 0)
        files.endProcess()
        var settings = House.settings
        settings.segmentBytes = 8192
        let (again, _) = try #require(
            try Store.open(
                files: files, directory: House.directory, cluster: House.identity.cluster,
                node: House.identity.node, settings: settings))
        for i in 10...40 {
            try again.put([entry(i)], at: i)
            try again.sync()
        }
        let sizes = Set(files.paths.suffix(3).map { files.contents(of: $0)?.count })
        #expect(sizes == [8192])
        #expect(try again.everything() == (10...40).map { entry($0) })
    }

    /// A segment that is to be used again is too large. Were it cut while a crash may still leave it its name, it would
    /// look damaged.
    @Test func `are left alone as long as a crash may make segments of them again`() throws {
        var settings = House.settings
        settings.spareSegments = 0
        var ends = 0
        for seed in UInt64(0)..<80 {
            let files = SimulatedFileSystem()
            var dice = Dice(seed)
            let store = try Store.create(
                files: files, directory: House.directory, identity: House.identity,
                configuration: House.configuration, settings: settings)
            try store.keepUp()
            try store.put([entry(1, count: 6000)], at: 1)
            try store.sync()
            let kept = [entry(2, count: 2000)]
            try store.put(kept, at: 2)
            try store.compact(through: EntryID(1, 1))
            let sync = try #require(store.takeSyncWork())
            try sync.perform()
            store.syncFinished(sync)
            let upkeep = try #require(store.takeUpkeep())
            files.lastCall = files.callCount + Int.random(in: 1...12, using: &dice)
            do { _ = try upkeep.perform() } catch { ends += 1 }
            if seed % 4 == 0 { files.endProcess() } else { files.crash(using: &dice) }
            let again = try Store.open(
                files: files, directory: House.directory, cluster: House.identity.cluster,
                node: House.identity.node, settings: settings)
            #expect(try again?.store.everything() == kept)
        }
        #expect(ends > 20)
    }

    @Test func `with old bytes behind the end are opened without a note, again and again`() throws {
        let store = try House.createReused(files)
        try store.put([entry(1, count: 10)], at: 21)
        try store.sync()
        for _ in 0..<3 {
            files.crashKeepingNothing()
            let (again, recovered) = try #require(try House.open(files))
            #expect(recovered.notes.isEmpty)
            #expect(try again.everything() == [entry(1, count: 10)])
        }
        let log = try LogInspection.inspect(files: files, directory: House.logDirectory)
        #expect(log?.verdict == .clean)
        #expect(log?.segments.last { $0.header != nil }?.ending == .otherBytes)
    }

    /// Of the batch everything has reached the disk but one sector.
    @Test(arguments: [0, 1, 2])
    func `with a torn write among old bytes lose that write alone, and it is noted`(lost: Int)
        throws
    {
        let store = try House.createReused(files)
        try store.put([entry(1, count: 10)], at: 21)
        try store.sync()
        let (path, end) = try House.newest(files)
        for i in 22...24 { try store.put([entry(i, count: 500)], at: i) }
        files.crash { change in
            let isLost = change.path == path && change.part == .sector(end / 512 + lost)
            return Survival(version: isLost ? 0 : change.versions)
        }
        let (again, recovered) = try #require(try House.open(files))
        #expect(try again.everything().first == entry(1, count: 10))
        #expect(again.lastIndex < LogIndex(24))
        #expect(recovered.notes.count == 1)
        files.crashKeepingNothing()
        #expect(try House.open(files)?.recovered.notes.isEmpty == true)
    }

    /// The same write, byte by byte, comes again where the torn one stood: what had followed on that one
    /// must not follow on this.
    @Test(arguments: [false, true])
    func `keep no record behind the end that could follow on a later one`(isReused: Bool) throws {
        let store = try isReused ? House.createReused(files) : House.create(files)
        let first = Int(store.lastIndex.rawValue) + 1
        let (path, end) = try House.newest(files)
        try store.put([entry(1, count: 1000)], at: first)
        try store.put([entry(2, count: 1000)], at: first + 1)
        files.crash { change in
            let isLost = change.path == path && change.part == .sector(end / 512)
            return Survival(version: isLost ? 0 : change.versions)
        }
        let (second, _) = try #require(try House.open(files))
        #expect(try second.everything() == [])
        // As the first time, but for the mark that recovery may have written.
        try second.put([entry(1, count: 1000)], at: first)
        try second.sync()
        files.crashKeepingNothing()
        let (third, recovered) = try #require(try House.open(files))
        #expect(recovered.notes.isEmpty)
        #expect(try third.everything() == [entry(1, count: 1000)])
    }

    @Test func `that were made ready and lose power at any call are no loss`() throws {
        for length in 1... {
            let files = SimulatedFileSystem()
            let store = try House.create(files)
            for i in 1...12 {
                try store.put([entry(i)], at: i)
                try store.sync()
            }
            try store.compact(through: EntryID(1, 11))
            files.lastCall = files.callCount + length
            let isThrough: Bool
            do throws(any Error) {
                try store.sync()
                for i in 13...16 {
                    try store.put([entry(i)], at: i)
                    try store.sync()
                }
                isThrough = true
            } catch { isThrough = false }
            var dice = Dice(UInt64(length))
            files.crash(using: &dice)
            let (again, _) = try #require(try House.open(files))
            #expect(again.lastIndex >= LogIndex(12))
            #expect(try again.everything().last == entry(Int(again.lastIndex.rawValue)))
            try again.put([entry(1)], at: Int(again.lastIndex.rawValue) + 1)
            try again.sync()
            if isThrough { break }
        }
    }

    @Test func `are read once a record, in order, by a follower far behind`() throws {
        let store = try House.create(files)
        for i in stride(from: 1, through: 120, by: 4) {
            try store.put((i..<i + 4).map { entry($0, count: 200) }, at: i)
            try store.sync()
        }
        files.historyLimit = 10_000
        var contents = PackedBytes()
        var next = LogIndex(1)
        while next <= store.lastIndex {
            contents.removeAll()
            // As an append message takes them: not as the records hold them.
            let count = try store.read(
                from: next, through: store.lastIndex, maxBytes: 700, into: &contents)
            #expect(contents.byteCount <= 700)
            next = next.advanced(by: count)
        }
        let reads = calls(["read"])
        #expect(reads.count == 30)
        #expect(Set(reads.map { $0.split(separator: " ").dropFirst().joined() }).count == 30)
        // In the order in which they stand on the disk, no byte read twice.
        let places = reads.map { call in
            let words = call.split(separator: " ")
            return (String(words[2]), Int(words[3].split(separator: "+")[0]) ?? -1)
        }
        for (left, right) in zip(places, places.dropFirst()) { #expect(left < right) }
    }
}
