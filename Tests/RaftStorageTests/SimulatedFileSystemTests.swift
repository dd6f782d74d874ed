internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `The simulated file system` {
    let files = SimulatedFileSystem()

    private func make(_ path: String, _ bytes: [UInt8]) throws -> SimulatedFile {
        let file = try files.open(path, create: true)
        try file.write(bytes.span, at: 0)
        return file
    }

    @Test func `keeps a file only when its bytes and its name are synced`() throws {
        _ = try make("/nothing", [1])
        try make("/name", [1]).sync()
        try files.syncDirectory("/")
        try make("/both", [1]).sync()
        try files.syncDirectory("/")
        try make("/bytes", [1]).sync()
        files.crashKeepingNothing()
        #expect(files.paths == ["/both", "/name", "/nothing"])
        #expect(files.contents(of: "/nothing") == [])
        #expect(files.contents(of: "/both") == [1])
    }

    @Test func `undoes a rename or a removal that was not synced`() throws {
        try make("/a", [1]).sync()
        try make("/b", [2]).sync()
        try files.syncDirectory("/")
        try files.rename("/a", to: "/c")
        try files.remove("/b")
        #expect(files.paths == ["/c"])
        files.crashKeepingNothing()
        #expect(files.paths == ["/a", "/b"])
    }

    @Test func `may keep any sector, and part of one, of what was not synced`() throws {
        let file = try make("/a", [UInt8](repeating: 1, count: 2048))
        try file.sync()
        try files.syncDirectory("/")
        try file.write([UInt8](repeating: 2, count: 2048).span, at: 0)
        files.crash { change in
            switch change.part {
            case .sector(1): Survival(version: 1)
            case .sector(2): Survival(version: 1, tornBytes: 10)
            default: Survival(version: 0)
            }
        }
        let expected =
            [UInt8](repeating: 1, count: 512) + [UInt8](repeating: 2, count: 522)
            + [UInt8](repeating: 1, count: 1014)
        #expect(files.contents(of: "/a") == expected)
    }

    @Test
    func `forgets what a failed sync should have made durable, even if the next one succeeds`()
        throws
    {
        let file = try make("/a", [1])
        try files.syncDirectory("/")
        files.failingCall = files.callCount + 1
        #expect(throws: StorageError.self) { try file.sync() }
        try file.sync()
        #expect(files.contents(of: "/a") == [1])
        files.crashKeepingNothing()
        #expect(files.contents(of: "/a") == [])
    }

    @Test func `refuses what does not fit`() throws {
        files.capacityBytes = 100
        let file = try make("/a", [UInt8](repeating: 1, count: 60))
        let error = #expect(throws: StorageError.self) { try file.allocate(101) }
        #expect(error?.kind == .full)
        try file.allocate(100)
        #expect(throws: StorageError.self) { try make("/b", [1]) }
    }

    @Test func `kills the handles of the life before`() throws {
        let file = try make("/a", [1])
        files.endProcess()
        #expect(throws: StorageError.self) { try file.read(1, at: 0) }
        #expect(files.contents(of: "/a") == [1])
    }

    @Test func `loses nothing when it is always durable`() throws {
        let files = SimulatedFileSystem(isAlwaysDurable: true)
        let file = try files.open("/a", create: true)
        try file.write([1, 2].span, at: 0)
        files.crashKeepingNothing()
        #expect(files.contents(of: "/a") == [1, 2])
    }

    @Test func `tells its last calls, and the same ones in every run`() throws {
        func run() throws -> ([String], [UInt8]?) {
            let files = SimulatedFileSystem()
            files.historyLimit = 5
            var dice = Dice(3)
            var twin = try House.twin(files, seed: 3)
            for _ in 0..<50 { try twin.step() }
            files.crash(using: &dice)
            return (files.history, files.contents(of: "/data/log/0000000001.log"))
        }
        let (first, second) = (try run(), try run())
        #expect(first == second)
        #expect(first.0.count == 5)
    }
}
