internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

/// The bytes of a log directory, from which any number of damaged copies can be made.
private struct LogImage {
    var files: [(name: String, bytes: [UInt8])] = []

    /// Takes the segments of a log, each cut off some way behind its last byte that is not zero, so that a test can
    /// go through all that is left.
    init(_ source: SimulatedFileSystem, blankBytes: Int = 72) throws {
        for path in source.paths where path.hasPrefix(House.logDirectory) {
            let bytes = try #require(source.contents(of: path))
            let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
            let name = String(path.dropFirst(House.logDirectory.count + 1))
            files.append((name, Array(bytes.prefix(used + blankBytes))))
        }
    }

    func restored() throws -> SimulatedFileSystem {
        let system = SimulatedFileSystem(isAlwaysDurable: true)
        try system.createDirectory(House.directory)
        try system.createDirectory(House.logDirectory)
        for file in files {
            try system.open(House.logDirectory + "/" + file.name, create: true).write(
                file.bytes.span, at: 0)
        }
        return system
    }

    /// What is changed in one place.
    enum Change {
        case flip(file: Int, offset: Int)
        case cut(file: Int, length: Int)
    }

    func changed(_ change: Change) throws -> SimulatedFileSystem {
        var copy = self
        switch change {
        case .flip(let file, let offset):
            copy.files[file].bytes[offset] ^= UInt8(1) << UInt8(offset % 8)
        case .cut(let file, let length): copy.files[file].bytes.removeSubrange(length...)
        }
        return try copy.restored()
    }
}

/// What opening a log comes to, in the words of an inspection.
private func opening(_ files: SimulatedFileSystem) throws -> LogInspection.Verdict {
    do {
        let (_, recovered) = try #require(try House.open(files))
        let cuts = recovered.notes.filter {
            if case .tornTailCut = $0.action { true } else { false }
        }
        return cuts.isEmpty ? .clean : .tornTail(cuts)
    } catch let error as StorageError {
        return .refused(error)
    }
}

extension LogInspection {
    fileprivate static func inspect(_ files: SimulatedFileSystem) throws -> LogInspection {
        try #require(try inspect(files: files, directory: House.logDirectory))
    }
}

@Suite struct `Looking at a log` {
    let files = SimulatedFileSystem()

    /// Two segments, with every kind of record, at rest; or with a write under way.
    private func makeLog(endsUnsynced: Bool) throws -> LogImage {
        let store = try House.create(files)
        let vote = HardState(term: Term(1), vote: NodeID(8))
        try store.put([Entry(term: 1, content: [1, 2, 3])], at: 1, hardState: vote)
        try store.sync()
        try store.reset(to: EntryID(1, 4))
        try store.put([Entry(term: 2, content: [4]), Entry(term: 2, content: [])], at: 5)
        try store.sync()
        try store.compact(through: EntryID(2, 5))
        try store.sync()
        try store.put([Entry(term: 3, content: [UInt8](repeating: 0, count: 3700))], at: 7)
        try store.sync()
        #expect(store.segmentCount == 2)
        if endsUnsynced { try store.put([Entry(term: 3, content: [8, 9])], at: 8) }
        return try LogImage(files)
    }

    @Test func `describes segments, records, terms and indexes`() throws {
        _ = try makeLog(endsUnsynced: false)
        let log = try LogInspection.inspect(files)
        #expect(log.verdict == .clean)
        #expect(log.identity == House.identity)
        #expect(log.initialConfiguration == House.configuration)
        #expect(log.hardState == HardState(term: Term(1), vote: NodeID(8)))
        #expect(log.base == EntryID(2, 5))
        #expect(log.last == EntryID(3, 7))
        #expect(
            log.segments.map(\.fileName) == ["0000000001.log", "0000000002.log", "0000000003.log"])
        #expect(log.segments[2].ending == .notBegun)
        #expect(log.segments[2].header == nil)
        #expect(log.segments[2].problem == nil)
        let (first, second) = (log.segments[0], log.segments[1])
        #expect(first.records.hardStates == 1)
        #expect(first.records.entries == 2)
        #expect(first.records.resets == 1)
        #expect(first.records.bases == 1)
        #expect(first.entryCount == 3)
        #expect(first.terms == Term(1)...Term(2))
        #expect(first.indexes == LogIndex(1)...LogIndex(6))
        #expect(first.ending == .blank)
        #expect(second.header?.last == EntryID(2, 6))
        #expect(second.records.marks > 0)
        #expect(second.terms == Term(3)...Term(3))
        #expect(second.byteCount >= 4096)
    }

    @Test(arguments: [false, true])
    func `comes to the verdict of opening, whatever byte is flipped and wherever a file ends`(
        endsUnsynced: Bool
    ) throws {
        let image = try makeLog(endsUnsynced: endsUnsynced)
        var changes: [LogImage.Change] = []
        for (file, content) in image.files.enumerated() where file == 1 || !endsUnsynced {
            // The large entry of the second segment is alike all over.
            for offset in content.bytes.indices
            where file == 0 || !(260..<3860).contains(offset) || offset % 197 == 0 {
                changes.append(.flip(file: file, offset: offset))
                changes.append(.cut(file: file, length: offset))
            }
        }
        #expect(try LogInspection.inspect(image.restored()).verdict == opening(image.restored()))
        var seen: [String: Int] = [:]
        for change in changes {
            let files = try image.changed(change)
            let verdict = try LogInspection.inspect(files).verdict
            #expect(try verdict == opening(files), "\(change)")
            switch verdict {
            case .clean: seen["clean", default: 0] += 1
            case .tornTail: seen["torn", default: 0] += 1
            case .refused(let error):
                guard case .corrupt = error.kind else { continue }
                seen["damaged", default: 0] += 1
            }
        }
        #expect(seen.count == 3, "\(seen)")
    }

    @Test(arguments: [false, true])
    func `comes to the verdict of opening also in files that were used before`(
        endsUnsynced: Bool
    ) throws {
        let store = try House.createReused(files)
        try store.put([Entry(term: 1, content: [1, 2, 3])], at: 21)
        try store.sync()
        try store.put([Entry(term: 2, content: []), Entry(term: 2, content: [4])], at: 22)
        try store.sync()
        if endsUnsynced { try store.put([Entry(term: 2, content: [5])], at: 24) }
        let newest = try House.newest(files)
        let image = try LogImage(files)
        let file = try #require(image.files.firstIndex { newest.path.hasSuffix("/" + $0.name) })
        var seen: Set<String> = []
        for offset in image.files[file].bytes.indices
        where offset < newest.end + 100 || offset % 173 == 0 {
            for change in [
                LogImage.Change.flip(file: file, offset: offset),
                .cut(file: file, length: offset),
            ] {
                let files = try image.changed(change)
                let log = try LogInspection.inspect(files)
                #expect(try log.verdict == opening(files), "\(change)")
                if log.segments.contains(where: { $0.ending == .otherBytes }) { seen.insert("old") }
                switch log.verdict {
                case .clean: seen.insert("clean")
                case .tornTail: seen.insert("torn")
                case .refused: seen.insert("refused")
                }
            }
        }
        #expect(seen == ["old", "clean", "torn", "refused"])
    }

    @Test func `says what claims that a damaged place was durable`() throws {
        let image = try makeLog(endsUnsynced: false)
        let whole = try LogInspection.inspect(image.restored())
        let offset = try #require(whole.segments.first).end - 8
        let log = try LogInspection.inspect(image.changed(.flip(file: 0, offset: Int(offset))))
        guard case .damaged(let claim) = log.segments[0].ending else {
            Issue.record("\(log.segments[0].ending)")
            return
        }
        #expect(claim.source.segment == 2)
        #expect(claim.through.segment == 2)
        #expect(log.segments[0].end < offset)
        #expect(log.damage?.segment == 1)
        guard case .refused(let error) = log.verdict else {
            Issue.record("\(log.verdict)")
            return
        }
        #expect(error.detail.contains("0000000002.log says at byte \(claim.source.offset)"))
        // The segment behind the damage is described all the same.
        #expect(log.segments[1].entryCount == 1)
    }

    @Test func `only reads`() throws {
        let image = try makeLog(endsUnsynced: true)
        let files = try image.changed(.cut(file: 1, length: image.files[1].bytes.count - 80))
        let before = files.paths.map { files.contents(of: $0) }
        files.historyLimit = 100
        guard case .tornTail = try LogInspection.inspect(files).verdict else {
            Issue.record("nothing that opening would change")
            return
        }
        let calls = Set(files.history.map { $0.split(separator: " ")[1] })
        #expect(calls == ["list", "openForReading", "size", "read"])
        #expect(files.paths.map { files.contents(of: $0) } == before)
    }

    @Test func `goes on behind a file that the disk does not give`() throws {
        _ = try makeLog(endsUnsynced: false)
        files.failingOperation = "read"
        let log = try LogInspection.inspect(files)
        #expect(log.segments[0].problem != nil)
        #expect(log.segments[0].header == nil)
        #expect(log.segments[1].entryCount == 1)
        guard case .refused(let error) = log.verdict, case .system = error.kind else {
            Issue.record("\(log.verdict)")
            return
        }
    }

    @Test func `finds none in an empty directory, and names what a crash left behind`() throws {
        try files.createDirectory(House.directory)
        try files.createDirectory(House.logDirectory)
        #expect(try LogInspection.inspect(files: files, directory: House.logDirectory) == nil)
        _ = try House.create(files)
        _ = try files.open(House.logDirectory + "/creating", create: true)
        #expect(try LogInspection.inspect(files).leftovers == ["creating"])
    }
}

@Suite struct `Looking at a snapshot` {
    let files = SimulatedFileSystem(isAlwaysDurable: true)
    static let entry = EntryID(3, 70)

    private func makeSnapshot() throws -> (path: String, bytes: [UInt8]) {
        try Snapshots.open(files).make(Self.entry, (0..<150).map { UInt8($0) })
        let path = try #require(files.paths.first { $0.hasSuffix(".snapshot") })
        return (path, try #require(files.contents(of: path)))
    }

    @Test func `describes it`() throws {
        let (path, bytes) = try makeSnapshot()
        let snapshot = try SnapshotInspection.inspect(files: files, path: path)
        #expect(snapshot.damage == nil)
        #expect(snapshot.header?.cluster == "blue")
        #expect(snapshot.header?.lastIncluded == Self.entry)
        #expect(snapshot.header?.configuration == House.configuration)
        #expect(snapshot.byteCount == UInt64(bytes.count))
        let body = try #require(snapshot.body)
        #expect(Array(bytes[Int(body.lowerBound)..<Int(body.upperBound)]) == (0..<150).map { $0 })
    }

    @Test func `finds every flipped byte and every missing end, as opening does`() throws {
        let (path, bytes) = try makeSnapshot()
        var copies: [[UInt8]] = []
        for offset in bytes.indices {
            var flipped = bytes
            flipped[offset] ^= UInt8(1) << UInt8(offset % 8)
            copies += [flipped, Array(bytes[..<offset])]
        }
        copies.append(bytes + [0])
        for copy in copies {
            let file = try files.open(path, create: false)
            try file.truncate(to: 0)
            try file.write(copy.span, at: 0)
            let snapshot = try SnapshotInspection.inspect(files: files, path: path)
            #expect(snapshot.damage != nil)
            #expect(snapshot.body == nil)
            do {
                #expect(try Snapshots.open(files).latest == nil)
                guard case .corrupt = snapshot.damage?.kind else {
                    Issue.record("\(String(describing: snapshot.damage))")
                    continue
                }
            } catch let error as StorageError { #expect(error == snapshot.damage) }
        }
    }
}
