internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `A snapshot on its way to another node` {
    let files = SimulatedFileSystem()
    let id = EntryID(3, 70)
    let body = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    /// The pieces as the leader sends them, with their offsets.
    private func pieces(maxBytes: Int = 400) throws -> [(offset: Int, bytes: [UInt8])] {
        let leader = try Snapshots.open(SimulatedFileSystem())
        try leader.make(id, body)
        var offset = 0
        return try #require(try leader.allParts(of: id, maxBytes: maxBytes)).map { bytes in
            defer { offset += bytes.count }
            return (offset, bytes)
        }
    }

    private func finish(_ store: Snapshots) throws -> SnapshotInfo {
        let check = try #require(
            store.finishReceiving(lastIncluded: id, configuration: House.configuration))
        let info = try check.perform()
        store.adopt(info)
        return info
    }

    @Test(arguments: [1000, 400, 10_000])
    func `arrives whole and durable`(maxBytes: Int) throws {
        let store = try Snapshots.open(files)
        for (offset, bytes) in try pieces(maxBytes: maxBytes) {
            #expect(try store.take(id, offset, bytes) == UInt64(offset + bytes.count))
        }
        let info = try finish(store)
        files.crashKeepingNothing()
        let again = try Snapshots.open(files)
        #expect(again.latest == info)
        #expect(try again.readBody(of: id) == body)
        #expect(files.paths.count == 1)
    }

    @Test(arguments: 1...20)
    func `arrives though pieces are doubled, lost and out of order`(seed: UInt64) throws {
        var dice = Dice(seed)
        let store = try Snapshots.open(files)
        let pieces = try pieces(maxBytes: 100)
        var held = 0
        while let next = pieces.firstIndex(where: { $0.offset == held }) {
            let stray = Int.random(
                in: max(0, next - 3)...min(next + 3, pieces.count - 1), using: &dice)
            let answer = try Int(store.take(id, pieces[stray].offset, pieces[stray].bytes))
            #expect(answer == (stray == next ? held + pieces[stray].bytes.count : held))
            held = answer
        }
        _ = try finish(store)
        #expect(try store.readBody(of: id) == body)
    }

    @Test func `begins anew when another one comes`() throws {
        let store = try Snapshots.open(files)
        let pieces = try pieces()
        #expect(try store.take(EntryID(9, 99), 0, [1, 2, 3]) == 3)
        #expect(try store.take(id, 400, pieces[1].bytes) == 0)
        #expect(try store.take(EntryID(9, 99), 3, [4]) == 4)
        for (offset, bytes) in pieces { _ = try store.take(id, offset, bytes) }
        #expect(
            store.finishReceiving(lastIncluded: EntryID(9, 99), configuration: House.configuration)
                == nil)
        _ = try finish(store)
        #expect(try store.readBody(of: id) == body)
    }

    @Test func `is forgotten when a crash comes before its end`() throws {
        let store = try Snapshots.open(files)
        _ = try store.take(id, 0, try pieces()[0].bytes)
        files.crashKeepingEverything()
        let again = try Snapshots.open(files)
        #expect(again.latest == nil)
        #expect(files.paths.isEmpty)
        #expect(try again.take(id, 400, [1]) == 0)
    }

    @Test func `is refused when it is damaged, and can come again`() throws {
        let store = try Snapshots.open(files)
        var pieces = try pieces()
        pieces[3].bytes[7] ^= 1
        for (offset, bytes) in pieces { _ = try store.take(id, offset, bytes) }
        #expect(throws: StorageError.self) { try finish(store) }
        store.abandonReceiving()
        #expect(store.latest == nil)
        #expect(files.paths.isEmpty)
        pieces[3].bytes[7] ^= 1
        for (offset, bytes) in pieces { _ = try store.take(id, offset, bytes) }
        _ = try finish(store)
        #expect(try store.readBody(of: id) == body)
    }

    @Test func `is refused when it is not the one that was announced`() throws {
        let store = try Snapshots.open(files)
        let other = EntryID(3, 71)
        for (offset, bytes) in try pieces() { _ = try store.take(other, offset, bytes) }
        let check = try #require(
            store.finishReceiving(lastIncluded: other, configuration: House.configuration))
        #expect(throws: StorageError.self) { try check.perform() }
    }

    @Test func `is not disturbed by pieces that come while it is being checked`() throws {
        let store = try Snapshots.open(files)
        let pieces = try pieces()
        for (offset, bytes) in pieces { _ = try store.take(id, offset, bytes) }
        let end = pieces.reduce(0) { $0 + $1.bytes.count }
        let check = try #require(
            store.finishReceiving(lastIncluded: id, configuration: House.configuration))
        #expect(try store.take(id, 0, pieces[0].bytes) == UInt64(end))
        #expect(try store.take(id, end, [1, 2, 3]) == UInt64(end))
        #expect(store.finishReceiving(lastIncluded: id, configuration: House.configuration) == nil)
        #expect(try store.take(EntryID(9, 99), 0, [1]) == 1)
        store.adopt(try check.perform())
        #expect(try store.readBody(of: id) == body)
    }

    @Test func `goes on while a newer one is made, until the one after that`() throws {
        let store = try Snapshots.open(files)
        try store.make(id, body)
        let whole = try store.allParts(of: id, maxBytes: 10_000)
        let first = try store.readPart(of: id, offset: 0, maxBytes: 100)
        try store.make(EntryID(3, 80), [1])
        let rest = try store.readPart(of: id, offset: 100, maxBytes: 10_000)
        #expect([(first?.bytes ?? []) + (rest?.bytes ?? [])] == whole)
        #expect(first?.isLast == false)
        #expect(rest?.isLast == true)
        try store.make(EntryID(3, 90), [2])
        #expect(try store.readPart(of: id, offset: 0, maxBytes: 100) == nil)
    }
}
