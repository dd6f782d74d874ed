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
        01 00 00 00 70 00 00 00
        15 36 34 ce 01 00 00 00
        44 33 22 11 00 00 00 00
        07 00 00 00 00 00 00 00
        04 62 6c 75 65 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00
        00 03 07 00 00 00 00 00
        00 00 08 00 00 00 00 00
        00 00 09 00 00 00 00 00
        00 00 00 00 00 00 00 00
        01 17 53 33 15 36 34 ce
        00 00 00 00 00 00 00 00
        01 00 00 00 88 00 00 00
        05 00 00 00 00 00 00 00
        a5 39 f5 4f 01 17 53 33
        1a 8e 83 a8 10 00 00 00
        01 00 00 00 88 00 00 00
        01 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        09 00 00 00 00 00 00 00
        f5 48 7c 68 a5 39 f5 4f
        18 39 43 8b 19 00 00 00
        01 00 00 00 88 00 00 00
        02 00 00 00 00 00 00 00
        01 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        02 00 00 00 01 aa 02 bb
        cc 00 00 00 00 00 00 00
        03 5d ee fe f5 48 7c 68
        00 00 00 00 00 00 00 00
        01 00 00 00 18 01 00 00
        05 00 00 00 00 00 00 00
        43 e2 58 ac 03 5d ee fe
        c0 8a b8 ea 10 00 00 00
        01 00 00 00 18 01 00 00
        03 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        01 00 00 00 00 00 00 00
        dd e8 59 cc 43 e2 58 ac
        ad 08 a5 cb 10 00 00 00
        01 00 00 00 18 01 00 00
        04 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00
        05 00 00 00 00 00 00 00
        """

    static let snapshot = """
        4d 55 53 54 52 53 4e 50
        01 00 00 00 30 00 00 00
        cf b2 9f 5e 04 62 6c 75
        65 02 00 00 00 00 00 00
        00 05 00 00 00 00 00 00
        00 03 07 00 00 00 00 00
        00 00 08 00 00 00 00 00
        00 00 09 00 00 00 00 00
        00 00 00 00 01 02 03 03
        00 00 00 00 00 00 00 fe
        70 48 c9
        """
}
