internal import Platform
internal import Raft
internal import RaftHost
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

@Suite struct RealFileSystemTests {
    private let files = RealFileSystem()

    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = try Directory.makeTemporary(prefix: "muster-files")
        defer {
            do { try Directory.removeTree(directory) } catch { Issue.record(error) }
        }
        try body(directory)
    }

    @Test func `keeps the contract of file systems`() throws {
        try inDirectory { directory in
            #expect(FileSystemContract(files: files, directory: directory).check() == [])
        }
    }

    @Test func `a file keeps what is written where it is written`() throws {
        try inDirectory { directory in
            let path = directory + "/a"
            let file = try files.open(path, create: true)
            try file.allocate(10_000)
            #expect(try file.size() == 10_000)
            let bytes: [UInt8] = [1, 2, 3]
            try file.write(bytes.span, at: 9_999)
            try file.sync()
            #expect(try file.size() == 10_002)
            #expect(try file.read(5, at: 9_998) == [0, 1, 2, 3])
            try file.truncate(to: 10_000)
            try file.allocate(10_001)
            #expect(try file.read(100, at: 9_999) == [1, 0])
            try file.allocate(5)
            #expect(try file.size() == 10_001, "room is never taken away")
            file.close()
            #expect(try files.open(path, create: false).size() == 10_001)
        }
    }

    @Test func `a file that is opened for reading is not changed and not made`() throws {
        try inDirectory { directory in
            let path = directory + "/a"
            try files.open(path, create: true).write([1, 2].span, at: 0)
            let file = try files.openForReading(path)
            #expect(try file.read(5, at: 1) == [2])
            #expect(throws: StorageError.self) { try file.write([9].span, at: 0) }
            #expect(throws: StorageError.self) { try file.truncate(to: 0) }
            #expect(try file.read(5, at: 0) == [1, 2])
            #expect(throws: StorageError.self) { try files.openForReading(directory + "/b") }
            #expect(try files.list(directory) == ["a"])
        }
    }

    @Test func `names come, change and go`() throws {
        try inDirectory { directory in
            let inner = directory + "/log/deep"
            try files.createDirectory(inner)
            try files.createDirectory(inner)
            for name in ["c", "a", "b"] { _ = try files.open("\(inner)/\(name)", create: true) }
            try files.rename(inner + "/a", to: inner + "/c")
            try files.remove(inner + "/b")
            try files.syncDirectory(inner)
            #expect(try files.list(inner) == ["c"])
        }
    }

    @Test func `what is not there is told apart from what the system refuses`() throws {
        try inDirectory { directory in
            let missing = directory + "/none"
            func kind(_ call: () throws -> Void) -> StorageError.Kind? {
                do { try call() } catch { return (error as? StorageError)?.kind }
                return nil
            }
            #expect(kind { _ = try files.list(missing) } == .notFound)
            #expect(kind { _ = try files.open(missing, create: false) } == .notFound)
            #expect(kind { try files.remove(missing) } == .notFound)
            #expect(kind { try files.rename(missing, to: directory + "/x") } == .notFound)
            #expect(kind { try files.syncDirectory(missing) } == .notFound)
            guard case .system = kind({ _ = try files.open(directory, create: true) }) else {
                Issue.record("a directory was opened as a file")
                return
            }
        }
    }

    @Test func `a log written to the disk is found again, over several segments`() throws {
        try inDirectory { directory in
            let identity = NodeIdentity(cluster: "test", node: NodeID(1), incarnation: 5)
            let items = (0..<100).map { [UInt8](repeating: UInt8($0), count: 200) }
            let segments = try write(PackedBytes(items), as: identity, in: directory)
            #expect(segments > 1)
            let opened = try LogStore.open(
                files: files, directory: directory, cluster: "test", node: NodeID(1))
            let (store, recovered) = try #require(opened)
            #expect(recovered.identity == identity)
            #expect(recovered.hardState == HardState(term: Term(3), vote: NodeID(1)))
            #expect(recovered.runs == [TermRun(term: Term(3), count: 100)])
            #expect(recovered.notes == [])
            var read = PackedBytes()
            let count = try store.read(
                from: LogIndex(1), through: LogIndex(100), maxBytes: 1 << 20, into: &read)
            #expect(count == 100)
            #expect(read == PackedBytes(items))
        }
    }

    /// Writes the entries one by one, in small segments, and returns the number of segments.
    private func write(
        _ contents: PackedBytes, as identity: NodeIdentity, in directory: String
    ) throws -> Int {
        let store = try LogStore.create(
            files: files, directory: directory, identity: identity,
            configuration: Configuration(voters: [NodeID(1)]),
            settings: LogSettings(segmentBytes: 4096))
        for i in 0..<contents.count {
            let index = LogIndex(UInt64(i + 1))
            store.append(
                contents, i..<i + 1, first: index, runs: [TermRun(term: Term(3), count: 1)])
            try store.write(
                hardState: i == 0 ? HardState(term: Term(3), vote: NodeID(1)) : nil,
                entries: Persist.Entries(first: index, last: index))
            if let work = store.takeSyncWork() {
                try work.perform()
                store.syncFinished(work)
            }
            if let work = store.takeUpkeep() { store.upkeepFinished(try work.perform()) }
        }
        return store.segmentCount
    }
}
