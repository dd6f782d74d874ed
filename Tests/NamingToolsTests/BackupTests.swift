internal import Foundation
internal import NamingTools
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftStorage
internal import Testing

@testable internal import NamingServer

/// A server on a thread of its own that answers every request with these bytes, or with a refusal.
private func withServer(
    body bytes: [UInt8]? = nil, refusal: String = "", length: Int? = nil,
    _ test: (Address) throws -> Void
) throws {
    let (thread, address) = try LoopThread.start(name: "server") { loop in
        let door = try HTTPDoor(at: Address(host: "127.0.0.1", port: 0), on: loop) { _, respond in
            guard let bytes else { return respond(HTTPResponse(status: 503, text: refusal)) }
            var offset = 0
            let stream = HTTPStream(byteCount: UInt64(length ?? bytes.count)) { then in
                loop.defer {
                    let end = min(offset + 70_000, bytes.count)
                    defer { offset = end }
                    then(offset < end ? Array(bytes[offset..<end]) : nil)
                }
            }
            respond(HTTPResponse(streaming: stream, headers: HTTPHeaders()))
        }
        return try #require(door.address)
    }
    defer {
        thread.stop()
        thread.join()
    }
    try test(address)
}

private func snapshot(in directory: String) throws -> [UInt8] {
    let (store, _) = try SnapshotStore.open(
        files: RealFileSystem(), directory: directory, cluster: "blue")
    var writer = store.beginWriting(
        lastIncluded: EntryID(term: Term(4), index: LogIndex(77)),
        configuration: Configuration(voters: [NodeID(1)]))
    try writer.write([UInt8](repeating: 5, count: 300_000).span)
    _ = try writer.finish()
    let name = try #require(try Directory.list(directory + "/snapshots").first)
    let path = directory + "/snapshots/" + name
    return try #require(FileManager.default.contents(atPath: path)).map { $0 }
}

private func refusal(_ call: () throws -> Backup) -> String {
    do { return "made: \(try call().summary)" } catch { return "\(error)" }
}

@Suite struct `A backup` {
    private func fetch(
        from server: Address, to path: String, replaces: Bool = false
    ) throws -> Backup {
        try Backup.fetch(
            from: server, to: path, replaces: replaces, patienceMilliseconds: 10_000)
    }

    @Test func `is the snapshot, and a file that is there stays unless it may be replaced`() throws
    {
        try withDirectory { directory in
            let bytes = try snapshot(in: directory)
            let path = directory + "/backup"
            try withServer(body: bytes) { server in
                let backup = try fetch(from: server, to: path)
                #expect(backup.summary.contains("cluster blue, everything up to entry 4/77"))
                #expect(FileManager.default.contents(atPath: path) == Data(bytes))
                #expect(refusal { try fetch(from: server, to: path) }.contains("--force"))
                _ = try fetch(from: server, to: path, replaces: true)
            }
            #expect(try Directory.list(directory) == ["backup", "snapshots"])
        }
    }

    @Test func `that comes damaged, or not to its end, leaves what was there`() throws {
        try withDirectory { directory in
            let bytes = try snapshot(in: directory)
            let path = directory + "/backup"
            try Data([1, 2, 3]).write(to: URL(filePath: path))
            var flipped = bytes
            flipped[200_000] ^= 4
            for (body, length, part) in [
                (flipped, bytes.count, "no whole snapshot"),
                (Array(bytes.prefix(100_000)), bytes.count, "the connection ended after"),
                (Array(bytes.prefix(100_000)), 100_000, "no whole snapshot"),
                ([], 0, "no whole snapshot"),
            ] {
                try withServer(body: body, length: length) { server in
                    let text = refusal { try fetch(from: server, to: path, replaces: true) }
                    #expect(text.contains(part))
                }
            }
            #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
            #expect(try Directory.list(directory) == ["backup", "snapshots"])
        }
    }

    @Test func `that the server refuses, that has no place or no server, says why`() throws {
        try withDirectory { directory in
            let path = directory + "/backup"
            try withServer(refusal: "no leader: nobody knows\n") { server in
                #expect(
                    refusal { try fetch(from: server, to: path) }.hasSuffix(
                        "answered with status 503: no leader: nobody knows"))
                #expect(
                    refusal { try fetch(from: server, to: directory + "/none/backup") }.contains(
                        "/none/backup.partial"))
            }
            let nobody = Address(host: "127.0.0.1", port: 1)
            #expect(refusal { try fetch(from: nobody, to: path) }.contains("127.0.0.1:1"))
            #expect(try Directory.list(directory) == [])
        }
    }
}
