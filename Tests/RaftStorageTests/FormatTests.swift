internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

/// The bytes on disk are a promise to the next version: whoever changes them must change the version.
@Suite struct `The bytes on disk` {
    let files = SimulatedFileSystem()

    /// Groups of eight bytes, one a line, without the zeros at the end.
    private func dump(_ bytes: [UInt8]) -> String {
        let end = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
        return stride(from: 0, to: end, by: 8).map { start in
            bytes[start..<min(start + 8, bytes.count)].map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined(separator: " ")
        }.joined(separator: "\n")
    }

    @Test func `are these for a small log`() throws {
        let store = try House.create(files)
        try store.put(
            [Entry(term: 2, content: [0xAA]), Entry(term: 2, content: [0xBB, 0xCC])], at: 1,
            hardState: HardState(term: Term(2), vote: NodeID(9)))
        try store.sync()
        try store.compact(through: EntryID(2, 1))
        try store.reset(to: EntryID(2, 5))
        let bytes = try #require(files.contents(of: House.logDirectory + "/0000000001.log"))
        #expect(bytes.count == 4096)
        #expect(dump(bytes) == Self.log)
    }

    @Test func `are these for a small snapshot`() throws {
        try Snapshots.open(files).make(EntryID(2, 5), [1, 2, 3])
        #expect(
            files.paths == ["/data/snapshots/00000000000000000005-00000000000000000002.snapshot"])
        #expect(dump(try #require(files.contents(of: files.paths[0]))) == Self.snapshot)
    }

    static let log = """
        4d 55 53 54 52 4c 4f 47
        04 00 00 00 61 00 00 00
        0e 6d bc 24 01 00 00 00
        00 00 00 00 44 33 22 11
        00 00 00 00 07 00 00 00
        00 00 00 00 04 62 6c 75
        65 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 03 07 08
        09 00 00 00 00 00 00 00
        a2 27 1d 18 0e 6d bc 24
        00 00 00 00 00 00 00 00
        01 00 00 00 78 00 00 00
        05 00 00 00 00 00 00 00
        8c 79 01 7d a2 27 1d 18
        1a 8e 83 a8 10 00 00 00
        01 00 00 00 78 00 00 00
        01 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        09 00 00 00 00 00 00 00
        ea f2 b9 b7 8c 79 01 7d
        f9 6a b2 2c 16 00 00 00
        01 00 00 00 78 00 00 00
        02 00 00 00 00 00 00 00
        01 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        02 01 02 aa bb cc 00 00
        82 1a 35 14 ea f2 b9 b7
        00 00 00 00 00 00 00 00
        01 00 00 00 00 01 00 00
        05 00 00 00 00 00 00 00
        54 0b cd c0 82 1a 35 14
        c0 8a b8 ea 10 00 00 00
        01 00 00 00 00 01 00 00
        03 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        01 00 00 00 00 00 00 00
        62 00 d1 da 54 0b cd c0
        ad 08 a5 cb 10 00 00 00
        01 00 00 00 00 01 00 00
        04 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        05 00 00 00 00 00 00 00
        """

    static let snapshot = """
        4d 55 53 54 52 53 4e 50
        02 00 00 00 1d 00 00 00
        14 94 72 60 04 62 6c 75
        65 02 00 00 00 00 00 00
        00 05 00 00 00 00 00 00
        00 03 07 08 09 00 00 00
        00 01 02 03 03 00 00 00
        00 00 00 00 cd e7 10 be
        """
}
