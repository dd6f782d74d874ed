internal import Foundation
internal import Naming
internal import NamingTools
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftStorage
internal import Testing

@Suite struct `Restoring` {
    /// A backup of three instances in cluster blue, which has the members 1, 2 and 3.
    private func makeBackup(_ directory: String) throws -> String {
        var registry = Registry()
        for i in 1...3 {
            let registration = Registration(
                service: ServiceKey(namespace: "public", group: "G", name: "web"),
                instance: InstanceKey(ip: "10.0.0.\(i)", port: 80, clusterName: "DEFAULT"))
            _ = registry.apply(.register(registration), index: UInt64(i), timeMilliseconds: 1000)
        }
        let (store, _) = try SnapshotStore.open(
            files: RealFileSystem(), directory: directory, cluster: "blue")
        var writer = store.beginWriting(
            lastIncluded: EntryID(term: Term(4), index: LogIndex(77)),
            configuration: Configuration(voters: [NodeID(1), NodeID(2), NodeID(3)]))
        try writer.write([1, 0xe8, 0x07].span)
        try writer.write(registry.encoded().span)
        _ = try writer.finish()
        let name = try #require(try Directory.list(directory + "/snapshots").first)
        return directory + "/snapshots/" + name
    }

    private func refusal(_ call: () throws -> Restore) -> String {
        do { return "made: \(try call().summary)" } catch { return "\(error)" }
    }

    @Test func `makes a directory that both inspections find whole, alike for all members`() throws
    {
        try withDirectory { directory in
            let backup = try makeBackup(directory)
            let before = FileManager.default.contents(atPath: backup)
            var checksums: Set<Substring> = []
            for node in UInt64(1)...3 {
                let data = directory + "/\(node)/data"
                let restored = try Restore.run(
                    from: backup, to: data, cluster: "green", node: node, members: nil)
                let lines = restored.summary.split { $0.isNewline }
                #expect(
                    lines.first == """
                        \(data): node \(node) of cluster green, members 1,2,3, with the state of \
                        cluster blue at entry 4/77
                        """)
                checksums.insert(try #require(lines.last))
                let log = try LogReport.inspect(data)
                #expect(log.isSound)
                #expect(log.text.contains("cluster    green"))
                #expect(log.text.contains("begins     after entry 4/77"))
                let name = try #require(try Directory.list(data + "/snapshots").first)
                let snapshot = try SnapshotReport.inspect(data + "/snapshots/" + name)
                #expect(snapshot.isSound)
                #expect(snapshot.text.contains("cluster    green"))
                #expect(snapshot.text.contains("instances  3"))
            }
            #expect(checksums.count == 1)
            #expect(FileManager.default.contents(atPath: backup) == before)
        }
    }

    @Test func `is refused with a reason`() throws {
        try withDirectory { directory in
            let backup = try makeBackup(directory)
            let data = directory + "/data"
            func run(
                _ path: String, cluster: String = "green", node: UInt64 = 1,
                members: [UInt64]? = nil
            ) -> String {
                refusal {
                    try Restore.run(
                        from: path, to: data, cluster: cluster, node: node, members: members)
                }
            }
            #expect(run(backup, cluster: "blue").contains("another name"))
            #expect(run(backup, node: 4).contains("node 4 is not among the members"))
            #expect(run(directory + "/none").contains("not found"))
            try Data([1, 2, 3]).write(to: URL(filePath: directory + "/rubbish"))
            #expect(run(directory + "/rubbish").contains("rubbish"))
            #expect(!File.exists(data))
            try Directory.create(data)
            try Data().write(to: URL(filePath: data + "/mine"))
            #expect(run(backup).contains("\(data) is not empty"))
            #expect(try Directory.list(data) == ["mine"])
        }
    }
}
