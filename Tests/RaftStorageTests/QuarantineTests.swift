internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `Damaged files are put aside` {
    private static let incarnation = House.identity.incarnation
    private static let aside = "/data/damaged-11223344."

    /// A log of several segments and two snapshots, all durable.
    private func directory(founding: FoundingRecord? = nil) throws -> SimulatedFileSystem {
        let files = SimulatedFileSystem()
        let store = try House.create(files)
        for index in 1...12 {
            try store.put([Entry(term: 1, content: Array(repeating: 7, count: 900))], at: index)
            try store.sync()
        }
        try Snapshots.open(files).make(EntryID(1, 5), [1, 2, 3])
        try founding?.write(files, directory: House.directory)
        files.crashKeepingEverything()
        return files
    }

    private func owner(_ files: SimulatedFileSystem) throws -> Quarantine.Owner? {
        try Quarantine.owner(
            of: House.directory, files: files, cluster: House.identity.cluster,
            node: House.identity.node)
    }

    @Test func `whose they are any segment says, or else the founding`() throws {
        let files = try directory()
        // The last file is that of a segment to come, which says nothing yet.
        let segments = files.paths.filter { $0.hasPrefix("/data/log/") }.dropLast()
        #expect(segments.count > 2)
        for damaged in segments.indices {
            #expect(try owner(files)?.incarnation == Self.incarnation)
            #expect(try owner(files)?.initialConfiguration == House.configuration)
            files.flip(1, of: segments[damaged], at: 30)
        }
        #expect(try owner(files) == nil)
        let founding = FoundingRecord(
            isComplete: true, members: [Member(House.identity.node, incarnation: 99)])
        try founding.write(files, directory: House.directory)
        #expect(try owner(files)?.incarnation == 99)
        #expect(try owner(files)?.founding == founding)
        files.flip(1, of: "/data/founding", at: 20)
        #expect(try owner(files) == nil)
    }

    @Test func `nobody's are those of another node, or of two`() throws {
        let files = try directory()
        let other = try Quarantine.owner(
            of: House.directory, files: files, cluster: House.identity.cluster, node: NodeID(8))
        #expect(other == nil)
        let last = try #require(files.paths.last { $0.hasPrefix("/data/log/") })
        let twin = SimulatedFileSystem()
        var identity = House.identity
        identity.incarnation += 1
        _ = try Store.create(
            files: twin, directory: House.directory, identity: identity,
            configuration: House.configuration, settings: House.settings)
        let foreign = try #require(twin.paths.first.flatMap { twin.contents(of: $0) })
        try files.open(last, create: false).write(foreign.span, at: 0)
        #expect(try owner(files) == nil)
    }

    @Test func `an error of the disk is no damage`() throws {
        let files = try directory()
        files.failingOperation = "read"
        #expect(throws: StorageError.self) { try owner(files) }
    }

    @Test func `all of an incarnation go, and only the newest are kept`() throws {
        let founding = FoundingRecord(isComplete: true, members: [])
        let files = try directory(founding: founding)
        let before = files.paths
        let move = { (incarnation: UInt64) in
            try Quarantine.moveAside(incarnation, in: House.directory, files: files)
        }
        try move(Self.incarnation)
        files.crashKeepingNothing()
        #expect(files.paths == before.map { Self.aside + $0.dropFirst("/data/".count) }.sorted())
        #expect(try House.open(files) == nil)
        _ = try House.create(files)
        try move(5)
        files.crashKeepingNothing()
        #expect(try files.list("/data") == ["damaged-5.log"])
    }

    @Test(arguments: [false, true])
    func `a crash or a failure at any call is made good by another go`(isCrash: Bool) throws {
        var dice = Dice(3)
        for call in 1...200 {
            let files = try directory(founding: FoundingRecord(isComplete: true, members: []))
            let before = files.paths.compactMap { files.contents(of: $0) }
            // What was put aside earlier is in the way.
            try files.createDirectory("/data/damaged-5.log")
            _ = try files.open("/data/damaged-5.log/1", create: true)
            try files.syncDirectory("/data/damaged-5.log")
            try files.syncDirectory("/data")
            if isCrash {
                files.lastCall = files.callCount + call
            } else {
                files.failingCall = files.callCount + call
            }
            var wasFinished = false
            do throws(StorageError) {
                try Quarantine.moveAside(Self.incarnation, in: House.directory, files: files)
                wasFinished = true
            } catch {}
            let wasHit = files.callCount >= files.lastCall ?? files.failingCall ?? 0
            if isCrash { files.crash(using: &dice) } else { files.endProcess() }
            if wasFinished {
                #expect(try files.list("/data").allSatisfy { $0.hasPrefix("damaged-1122") })
            }
            try Quarantine.moveAside(Self.incarnation, in: House.directory, files: files)
            #expect(try files.list("/data").allSatisfy { $0.hasPrefix("damaged-1122") })
            // The new names sort as the old ones.
            let isAllThere = files.paths.compactMap { files.contents(of: $0) } == before
            #expect(isAllThere)
            if !wasHit { return #expect(call > 8) }
        }
        Issue.record("it makes more calls than that?")
    }
}
