internal import Foundation
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage
internal import Testing

/// The way in for embedders: `RaftNode` on real sockets, threads and files.
@Suite struct EmbeddingTests {
    @Test func `the example in the documentation is the file that is tested`() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let root = tests.deletingLastPathComponent().deletingLastPathComponent()
        let code = try String(
            contentsOf: tests.appending(path: "EmbeddingExample.swift"), encoding: .utf8)
        let page = try String(
            contentsOf: root.appending(path: "Sources/RaftHost/RaftHost.docc/Embedding.md"),
            encoding: .utf8)
        #expect(page.contains("```swift\n" + code + "```\n"))
    }

    @Test func `a node alone counts, reads and counts on after a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let members = [NodeID(1): "127.0.0.1:\(try freePort())"]
            let first = try await countOnce(
                node: NodeID(1), members: members, directory: directory)
            #expect(first.own == 1)
            #expect(first.seen == 1)
            let second = try await countOnce(
                node: NodeID(1), members: members, directory: directory)
            #expect(second.own == 2)
            #expect(second.seen == 2)
        }
    }

    @Test func `three nodes count together, whichever of them is asked`() async throws {
        try await withTemporaryDirectory { directory in
            var members: [NodeID: String] = [:]
            for node in 1...3 { members[NodeID(UInt64(node))] = "127.0.0.1:\(try freePort())" }
            var nodes: [RaftNode<Counters>] = []
            for node in members.keys.sorted() {
                let settings = RaftNodeSettings(
                    cluster: "counters", node: node, members: members,
                    directory: directory + "/\(node)")
                nodes.append(try await RaftNode.start(Counters(), settings))
            }
            var answers: [Int?] = []
            for round in 0..<30 {
                let outcome = await nodes[round % 3].propose(Array("visits".utf8))
                guard case .done(let answer, _) = outcome else {
                    Issue.record("proposal \(round) ended as \(outcome)")
                    continue
                }
                answers.append(answer)
            }
            #expect(answers == (1...30).map { $0 })
            for node in nodes { #expect(try await node.read { $0.value(of: "visits") } == 30) }
            for node in nodes { await node.shutdown() }
            for node in nodes {
                #expect(await node.propose(Array("late".utf8)) == .notDone(.stopped))
                #expect(await node.status() == nil)
            }
        }
    }

    @Test func `a snapshot on demand can begin another cluster`() async throws {
        try await withTemporaryDirectory { directory in
            let members = [NodeID(1): "127.0.0.1:\(try freePort())"]
            let old = RaftNodeSettings(
                cluster: "counters", node: NodeID(1), members: members, directory: directory + "/1")
            let node = try await RaftNode.start(Counters(), old)
            for _ in 0..<3 { _ = await node.propose(Array("visits".utf8)) }
            guard case .taken(let info) = await node.takeSnapshot() else {
                Issue.record("no snapshot")
                return
            }
            #expect(info.lastIncluded.index == (await node.status())?.appliedIndex)
            await node.shutdown()
            #expect(await node.takeSnapshot() == .stopped)

            let files = RealFileSystem()
            let snapshots = old.directory + "/snapshots"
            let name = try #require(try files.list(snapshots).last)
            let new = RaftNodeSettings(
                cluster: "more", node: NodeID(1), members: members, directory: directory + "/2")
            let made = try RestoredDirectory.make(
                files: files, from: snapshots + "/" + name,
                NodeStart(
                    directory: new.directory, cluster: new.cluster, node: new.node,
                    initialConfiguration: Configuration(voters: [NodeID(1)]), seed: 1))
            #expect(made.oldCluster == "counters")
            #expect(made.snapshot.lastIncluded == info.lastIncluded)
            let again = try await RaftNode.start(Counters(), new)
            guard case .done(let visits, _) = await again.propose(Array("visits".utf8)) else {
                Issue.record("nothing is done in the new cluster")
                return
            }
            #expect(visits == 4)
            await again.shutdown()
        }
    }

    @Test func `many tasks share appends and each gets its own answer`() async throws {
        try await withTemporaryDirectory { directory in
            let members = [NodeID(1): "127.0.0.1:\(try freePort())"]
            let settings = RaftNodeSettings(
                cluster: "counters", node: NodeID(1), members: members, directory: directory)
            let node = try await RaftNode.start(Counters(), settings)
            let answers = await withTaskGroup(of: Int?.self) { group in
                for _ in 0..<500 {
                    group.addTask {
                        guard case .done(let answer, _) = await node.propose(Array("n".utf8)) else {
                            return nil
                        }
                        return answer
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.compactMap { $0 }.sorted() == Array(1...500))
            await node.shutdown()
        }
    }

    @Test func `what cannot work is refused with its reason`() async throws {
        try await withTemporaryDirectory { directory in
            let port = try freePort()
            let members = [NodeID(1): "127.0.0.1:\(port)"]
            var settings = RaftNodeSettings(
                cluster: "counters", node: NodeID(2), members: members, directory: directory)
            await #expect(throws: RaftNodeError.notAMember(NodeID(2))) {
                try await RaftNode.start(Counters(), settings)
            }
            settings.node = NodeID(1)
            settings.cluster = ""
            await #expect(throws: RaftNodeError.clusterName(limit: 64)) {
                try await RaftNode.start(Counters(), settings)
            }
            settings.cluster = "counters"
            let node = try await RaftNode.start(Counters(), settings)
            await #expect(throws: RaftNodeError.self) {
                try await RaftNode.start(Counters(), settings)
            }
            await node.shutdown()
            settings.cluster = "others"
            await #expect(throws: RaftNodeError.self) {
                try await RaftNode.start(Counters(), settings)
            }
        }
    }

    @Test func `watchers hear of the part that a node plays`() async throws {
        try await withTemporaryDirectory { directory in
            let members = [NodeID(1): "127.0.0.1:\(try freePort())"]
            let settings = RaftNodeSettings(
                cluster: "counters", node: NodeID(1), members: members, directory: directory)
            let node = try await RaftNode.start(Counters(), settings)
            let changes = node.roleChanges()
            _ = await node.propose(Array("n".utf8))
            let status = try #require(await node.status())
            #expect(status.role.role == .leader)
            #expect(status.appliedIndex == status.commitIndex)
            await node.shutdown()
            var last: RoleChange?
            for await change in changes { last = change }
            #expect(last == nil || last?.role == .leader)
        }
    }
}

/// A port that was free a moment ago.
func freePort() throws -> UInt16 {
    let loop = try EventLoop()
    let listener = try Listener(at: Address(host: "127.0.0.1", port: 0), on: loop) { $0.abort() }
    defer { listener.close() }
    return listener.address.port
}

func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = try Directory.makeTemporary(prefix: "muster-test-")
    do {
        try await body(directory)
    } catch {
        try Directory.removeTree(directory)
        throw error
    }
    try Directory.removeTree(directory)
}
