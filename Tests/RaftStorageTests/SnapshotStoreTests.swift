internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

extension Snapshots {
    static func open(_ files: SimulatedFileSystem) throws -> Snapshots {
        try Snapshots.open(files: files, directory: House.directory, cluster: "blue").store
    }

    /// Makes a snapshot of a body from start to end.
    @discardableResult
    func make(_ id: EntryID, _ body: [UInt8]) throws -> SnapshotInfo {
        var writer = beginWriting(lastIncluded: id, configuration: House.configuration)
        try writer.write(body.span)
        let info = try writer.finish()
        adopt(info)
        return info
    }

    /// All bytes of a snapshot's file, as they go to another node.
    func allParts(of id: EntryID, maxBytes: Int) throws -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        var offset = 0
        while let part = try readPart(of: id, offset: UInt64(offset), maxBytes: maxBytes) {
            parts.append(part.bytes)
            offset += part.bytes.count
            if part.isLast { return parts }
        }
        return nil
    }

    /// Takes in one piece.
    func take(_ id: EntryID, _ offset: Int, _ bytes: [UInt8]) throws -> UInt64 {
        try receive(
            lastIncluded: id, configuration: House.configuration, offset: UInt64(offset),
            bytes: bytes.span)
    }
}

@Suite struct `The snapshots` {
    let files = SimulatedFileSystem()
    let body = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    @Test func `none is there at first`() throws {
        let store = try Snapshots.open(files)
        #expect(store.latest == nil)
        #expect(try store.readBody(of: EntryID(1, 1)) == nil)
        #expect(try store.readPart(of: EntryID(1, 1), offset: 0, maxBytes: 10) == nil)
    }

    @Test func `one that is finished survives a crash`() throws {
        let info = try Snapshots.open(files).make(EntryID(2, 5), body)
        files.crashKeepingNothing()
        let store = try Snapshots.open(files)
        #expect(store.latest == info)
        #expect(info.lastIncluded == EntryID(2, 5))
        #expect(info.configuration == House.configuration)
        #expect(try store.readBody(of: EntryID(2, 5)) == body)
    }

    @Test func `the one before is kept until the next one comes`() throws {
        let store = try Snapshots.open(files)
        for i in 1...3 { try store.make(EntryID(1, i), [UInt8(i)]) }
        #expect(try store.readBody(of: EntryID(1, 1)) == nil)
        #expect(try store.readBody(of: EntryID(1, 2)) == [2])
        #expect(try store.readBody(of: EntryID(1, 3)) == [3])
        try store.make(EntryID(1, 4), [4])
        #expect(files.paths.count == 3)  // what is in no use goes with the next one
        #expect(try Snapshots.open(files).latest?.lastIncluded == EntryID(1, 4))
        #expect(files.paths.count == 1)
    }

    @Test func `one that is older than the latest is not taken over`() throws {
        let store = try Snapshots.open(files)
        try store.make(EntryID(1, 5), [5])
        try store.make(EntryID(1, 4), [4])
        try store.make(EntryID(1, 5), [5])
        #expect(store.latest?.lastIncluded == EntryID(1, 5))
        #expect(try store.readBody(of: EntryID(1, 5)) == [5])
        try store.make(EntryID(1, 6), [6])
        #expect(try store.readBody(of: EntryID(1, 5)) == [5])
    }

    @Test func `another cluster's is refused`() throws {
        try Snapshots.open(files).make(EntryID(1, 5), [5])
        let error = #expect(throws: StorageError.self) {
            try Snapshots.open(files: files, directory: House.directory, cluster: "red")
        }
        #expect(error?.kind == .foreign)
    }

    @Test func `one that is given up leaves nothing behind`() throws {
        let store = try Snapshots.open(files)
        var writer = store.beginWriting(
            lastIncluded: EntryID(1, 1), configuration: House.configuration)
        try writer.discard()
        try writer.write([UInt8](repeating: 0, count: 300_000).span)
        #expect(files.paths.count == 1)
        try writer.discard()
        #expect(files.paths.isEmpty)
    }

    @Test func `any flipped byte is found, and an older one is used`() throws {
        let size = try Int(Snapshots.open(files).make(EntryID(1, 2), Array(body[..<100])).byteCount)
        let path = try #require(files.paths.first)
        for offset in 0..<size where !(8..<12).contains(offset) {
            let store = try Snapshots.open(files)
            files.flip(0x40, of: path, at: offset)
            #expect(throws: StorageError.self) { try store.readBody(of: EntryID(1, 2)) }
            let (again, notes) = try Snapshots.open(
                files: files, directory: House.directory, cluster: "blue")
            #expect(again.latest == nil)
            #expect(notes == [RecoveryNote(path: path, action: .damagedSnapshotPassedOver)])
            files.flip(0x40, of: path, at: offset)
        }
        try Snapshots.open(files).make(EntryID(1, 9), body)
        files.flip(1, of: try #require(files.paths.last), at: 500)
        #expect(try Snapshots.open(files).latest?.lastIncluded == EntryID(1, 2))
    }

    @Test func `a newer format is refused by name`() throws {
        try Snapshots.open(files).make(EntryID(1, 2), body)
        try House.flipVersion(1, of: try #require(files.paths.first), files, padded: false)
        let error = #expect(throws: StorageError.self) { try Snapshots.open(files) }
        #expect(error?.kind == .newerVersion(found: 3, known: 2))
    }

    @Test(arguments: [false, true])
    func `a crash or a failure at any call leaves the old one or the new one`(isCrash: Bool) throws
    {
        var dice = Dice(1)
        var call = 1
        while true {
            let files = SimulatedFileSystem()
            try Snapshots.open(files).make(EntryID(1, 1), [1])
            let store = try Snapshots.open(files)
            if isCrash {
                files.lastCall = files.callCount + call
            } else {
                files.failingCall = files.callCount + call
            }
            var wasFinished = false
            do {
                try store.make(EntryID(1, 2), body)
                wasFinished = true
            } catch is StorageError {}
            let wasHit = files.callCount >= files.lastCall ?? files.failingCall ?? 0
            files.crash(using: &dice)
            let again = try Snapshots.open(files)
            let latest = try #require(again.latest)
            #expect(latest.lastIncluded == EntryID(1, 2) || !wasFinished)
            #expect(
                try again.readBody(of: latest.lastIncluded)
                    == (latest.lastIncluded.index == LogIndex(2) ? body : [1]))
            #expect(files.paths.count == 1)
            if !wasHit { break }
            call += 1
        }
        #expect(call > 8)
    }
}
