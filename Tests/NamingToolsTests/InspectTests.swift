internal import Foundation
internal import Naming
internal import NamingTools
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftStorage
internal import Testing
internal import Wire

func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = try Directory.makeTemporary(prefix: "muster-tools")
    defer {
        do { try Directory.removeTree(directory) } catch { Issue.record(error) }
    }
    try body(directory)
}

/// Every file below a directory with its contents and times.
private func everything(below path: String) throws -> [String: [AnyHashable]] {
    var found: [String: [AnyHashable]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) + [""] {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        let time = try #require(attributes[.modificationDate] as? Date)
        let bytes = FileManager.default.contents(atPath: path + "/" + name)
        found[name] = [time, bytes]
    }
    return found
}

private func flip(_ path: String, at offset: UInt64) throws {
    let file = try RealFileSystem().open(path, create: false)
    let byte = try file.read(1, at: offset)[0] ^ 1
    try file.write([byte].span, at: offset)
}

@Suite struct `Inspecting a log` {
    private let files = RealFileSystem()

    private func makeLog(_ directory: String) throws {
        let log = try LogStore.create(
            files: files, directory: directory,
            identity: NodeIdentity(cluster: "blue", node: NodeID(2), incarnation: 0xabc),
            configuration: Configuration(voters: [NodeID(1), NodeID(2), NodeID(3)]),
            settings: LogSettings(segmentBytes: 4096))
        for i in 1...5 {
            let content = [UInt8](repeating: UInt8(i), count: 1500)
            log.append(
                PackedBytes([content]), 0..<1, first: LogIndex(UInt64(i)),
                runs: [TermRun(term: Term(3), count: 1)])
            try log.write(
                hardState: i == 1 ? HardState(term: Term(3), vote: NodeID(1)) : nil,
                entries: Persist.Entries(first: LogIndex(UInt64(i)), last: LogIndex(UInt64(i))))
            let work = try #require(log.takeSyncWork())
            try work.perform()
            log.syncFinished(work)
            if let work = log.takeUpkeep() { log.upkeepFinished(try work.perform()) }
        }
        log.close()
    }

    @Test
    func `takes a data directory or its log, and changes nothing in a copy that is read-only`()
        throws
    {
        try withDirectory { directory in
            try makeLog(directory)
            let modes: [(String, Int)] = [
                (directory + "/log/0000000001.log", 0o444), (directory + "/log", 0o555),
                (directory, 0o555),
            ]
            for (path, mode) in modes {
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode], ofItemAtPath: path)
            }
            defer {
                for (path, _) in modes.reversed() {
                    try? FileManager.default.setAttributes(
                        [.posixPermissions: 0o755], ofItemAtPath: path)
                }
            }
            let before = try everything(below: directory)
            let report = try LogReport.inspect(directory)
            #expect(report.isSound)
            #expect(try LogReport.inspect(directory + "/log") == report)
            #expect(try everything(below: directory) == before)
            for part in [
                "cluster    blue", "node       2, incarnation 0xabc", "founders   1,2,3",
                "term       3, voted for 1", "ends       with entry 3/5", "0000000003.log",
                "verdict    clean",
            ] {
                #expect(report.text.contains(part), "\(part) in\n\(report.text)")
            }
        }
    }

    @Test func `a lock that somebody holds is in nobody's way`() throws {
        try withDirectory { directory in
            try makeLog(directory)
            let lock = try DirectoryLock(directory)
            #expect(try LogReport.inspect(directory).isSound)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `damage is named with its file, its place and its witness`() throws {
        try withDirectory { directory in
            try makeLog(directory)
            try flip(directory + "/log/0000000001.log", at: 2000)
            let report = try LogReport.inspect(directory)
            #expect(!report.isSound)
            #expect(report.text.contains("verdict    damaged"), "\(report.text)")
            #expect(report.text.contains("0000000001.log: damaged at byte"))
            #expect(report.text.contains("says that the log was durable up to"))
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
            #expect(json["verdict"] as? String == "refused")
            let problem = try #require(json["problem"] as? [String: Any])
            #expect(problem["index"] as? Int == 2)
            let segments = try #require(json["segments"] as? [[String: Any]])
            #expect(segments.count == 4)
            #expect(segments[3]["behindEnd"] as? String == "not begun")
            #expect(segments[0]["behindEnd"] as? String == "damaged")
            #expect(segments[2]["lastIndex"] as? Int == 5)
        }
    }

    @Test func `a directory without a log is an error that says so`() throws {
        try withDirectory { directory in
            #expect(throws: ToolError.self) { try LogReport.inspect(directory) }
            #expect(throws: StorageError.self) { try LogReport.inspect(directory + "/none") }
        }
    }
}

@Suite struct `Inspecting a snapshot` {
    private func makeSnapshot(_ directory: String) throws -> String {
        var registry = Registry()
        for i in 1...3 {
            _ = registry.apply(sample(i), index: UInt64(i), timeMilliseconds: 1000)
        }
        let (store, _) = try SnapshotStore.open(
            files: RealFileSystem(), directory: directory, cluster: "blue")
        var writer = store.beginWriting(
            lastIncluded: EntryID(term: Term(4), index: LogIndex(77)),
            configuration: Configuration(voters: [NodeID(1)]))
        // What the runtime puts first: its version, the time.
        try writer.write([1, 0xe8, 0x07].span)
        try writer.write(registry.encoded().span)
        _ = try writer.finish()
        let name = try #require(try Directory.list(directory + "/snapshots").first)
        return directory + "/snapshots/" + name
    }

    private func sample(_ i: Int) -> Command {
        .register(
            Registration(
                service: ServiceKey(namespace: "public", group: "G", name: "web"),
                instance: InstanceKey(ip: "10.0.0.\(i)", port: 80, clusterName: "DEFAULT")))
    }

    @Test func `says what it covers and how much is in it`() throws {
        try withDirectory { directory in
            let path = try makeSnapshot(directory)
            let report = try SnapshotReport.inspect(path)
            #expect(report.isSound)
            for part in [
                "cluster    blue", "up to entry 4/77", "members    1", "time       1000",
                "services   1", "instances  3", "verdict    whole",
            ] {
                #expect(report.text.contains(part), "\(part) in\n\(report.text)")
            }
            #expect(report.json.contains("\"instances\":3"))
        }
    }

    @Test func `a flipped bit is damage`() throws {
        try withDirectory { directory in
            let path = try makeSnapshot(directory)
            try flip(path, at: 120)
            let report = try SnapshotReport.inspect(path)
            #expect(!report.isSound)
            #expect(report.text.contains("verdict    damaged"))
            #expect(report.json.contains("\"verdict\":\"damaged\""))
        }
    }
}
