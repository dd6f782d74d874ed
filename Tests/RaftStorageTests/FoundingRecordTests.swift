internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `The record of a founding` {
    private let files = SimulatedFileSystem()
    private let record = FoundingRecord(
        isComplete: true,
        members: [Member(NodeID(300), incarnation: 0x0102), Member(NodeID(2), incarnation: .max)])

    init() throws {
        try files.createDirectory("/data")
        try files.syncDirectory("/")
    }

    private func read() throws -> FoundingRecord? {
        try FoundingRecord.read(files, directory: "/data")
    }

    private func size() throws -> Int {
        try #require(files.contents(of: "/data/founding")).count
    }

    @Test func `comes back as it was and has these bytes`() throws {
        #expect(try read() == nil)
        try record.write(files, directory: "/data")
        #expect(try read() == record)
        #expect(record.members.map(\.id) == [NodeID(2), NodeID(300)])
        let bytes = try #require(files.contents(of: "/data/founding"))
        #expect(Array(bytes.prefix(12)) == Array("MUSTRFND".utf8) + [1, 0, 0, 0])
        #expect(
            Array(bytes.dropFirst(16)) == [
                1, 2, 2, 255, 255, 255, 255, 255, 255, 255, 255, 0xac, 2, 2, 1, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func `of a cluster that begins behind a snapshot says where, in a newer format`() throws {
        let restored = FoundingRecord(
            isComplete: false, origin: EntryID(0x0102, 3), members: [Member(NodeID(2))])
        try restored.write(files, directory: "/data")
        #expect(try read() == restored)
        let bytes = try #require(files.contents(of: "/data/founding"))
        #expect(bytes[8] == 2)
        #expect(
            Array(bytes[16..<33]) == [0, 2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
        for length in (0..<(try size())).reversed() {
            try files.open("/data/founding", create: false).truncate(to: UInt64(length))
            #expect(throws: StorageError.self, "\(length) bytes") { try read() }
        }
    }

    @Test func `damage anywhere is found`() throws {
        try record.write(files, directory: "/data")
        for offset in 0..<(try size()) {
            files.flip(4, of: "/data/founding", at: offset)
            #expect(throws: StorageError.self, "byte \(offset)") { try read() }
            files.flip(4, of: "/data/founding", at: offset)
        }
        let file = try files.open("/data/founding", create: false)
        for length in (0..<(try size())).reversed() {
            try file.truncate(to: UInt64(length))
            #expect(throws: StorageError.self, "\(length) bytes") { try read() }
        }
    }

    @Test func `a newer format is refused by name`() throws {
        try record.write(files, directory: "/data")
        files.flip(2, of: "/data/founding", at: 8)
        let error = #expect(throws: StorageError.self) { try read() }
        #expect(error?.kind == .newerVersion(found: 3, known: 2))
    }

    @Test(arguments: [false, true])
    func `a crash or a failure at any call leaves the old one or the new one`(isCrash: Bool) throws
    {
        var dice = Dice(1)
        for call in 1...20 {
            let files = SimulatedFileSystem()
            try files.createDirectory("/data")
            try files.syncDirectory("/")
            let old = FoundingRecord(isComplete: false, members: [])
            try old.write(files, directory: "/data")
            if isCrash {
                files.lastCall = files.callCount + call
            } else {
                files.failingCall = files.callCount + call
            }
            var wasFinished = false
            do throws(StorageError) {
                try record.write(files, directory: "/data")
                wasFinished = true
            } catch {}
            let wasHit = files.callCount >= files.lastCall ?? files.failingCall ?? 0
            files.crash(using: &dice)
            let found = try FoundingRecord.read(files, directory: "/data")
            #expect(found == record || found == old && !wasFinished)
            if !wasHit { return #expect(call > 5) }
        }
        Issue.record("it makes more calls than that?")
    }
}
