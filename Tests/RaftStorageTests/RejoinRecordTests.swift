internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `The record of a node that begins anew` {
    private let files = SimulatedFileSystem()
    private let record = RejoinRecord(incarnation: 0x0102, replacing: [7, .max], cause: "rot")

    init() throws {
        try files.createDirectory("/data")
        try files.syncDirectory("/")
    }

    private func read() throws -> RejoinRecord? {
        try RejoinRecord.read(files, directory: "/data")
    }

    @Test func `comes back as it was and has these bytes`() throws {
        #expect(try read() == nil)
        try record.write(files, directory: "/data")
        #expect(try read() == record)
        let bytes = try #require(files.contents(of: "/data/rejoin"))
        #expect(Array(bytes.prefix(12)) == Array("MUSTRJOI".utf8) + [1, 0, 0, 0])
        #expect(
            Array(bytes.dropFirst(16)) == [
                1, 2, 1, 0, 0, 0, 0, 0, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255,
                255, 255, 3, 0x72, 0x6f, 0x74,
            ])
        for stage in [RejoinRecord.Stage.making, .joining] {
            var next = record
            next.stage = stage
            try next.write(files, directory: "/data")
            #expect(try read() == next)
        }
        try RejoinRecord.remove(files, directory: "/data")
        #expect(try read() == nil)
    }

    @Test func `is bounded`() throws {
        let long = RejoinRecord(
            incarnation: 1, replacing: Array(0..<40),
            cause: "x" + String(repeating: "ü", count: 3000))
        #expect(long.replaced == Array(24..<40))
        #expect(long.cause.utf8.count <= RejoinRecord.maxCauseBytes)
        try long.write(files, directory: "/data")
        #expect(try read() == long)
    }

    @Test func `damage anywhere is found`() throws {
        try record.write(files, directory: "/data")
        let size = try #require(files.contents(of: "/data/rejoin")).count
        for offset in 0..<size {
            files.flip(4, of: "/data/rejoin", at: offset)
            #expect(throws: StorageError.self, "byte \(offset)") { try read() }
            files.flip(4, of: "/data/rejoin", at: offset)
        }
        let file = try files.open("/data/rejoin", create: false)
        for length in (0..<size).reversed() {
            try file.truncate(to: UInt64(length))
            #expect(throws: StorageError.self, "\(length) bytes") { try read() }
        }
    }

    @Test func `a newer format is refused by name`() throws {
        try record.write(files, directory: "/data")
        files.flip(2, of: "/data/rejoin", at: 8)
        let error = #expect(throws: StorageError.self) { try read() }
        #expect(error?.kind == .newerVersion(found: 3, known: 1))
    }
}
