internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting
internal import RaftTransport
internal import Testing
internal import Wire

/// A new cluster that begins with the state of another one.
@Suite struct `A restored cluster` {
    private typealias Outside = LoopCluster<Book>.Outside
    private typealias Node = LoopCluster<Book>.Node

    /// Some nodes with disks of their own, joined by hand; each founds with the others as it is started.
    private final class Cluster {
        final class Member {
            var node: Node
            let outside = Outside()
            let files: SimulatedFileSystem

            init(_ id: NodeID, _ cluster: String, on files: SimulatedFileSystem, seed: UInt64)
                throws
            {
                self.files = files
                var start = NodeStart(
                    directory: "/data", cluster: cluster, node: id,
                    initialConfiguration: Configuration(voters: nodes), seed: seed)
                start.meetsFounders = cluster != "new"
                node = try Node(
                    start, machine: Book(), files: files,
                    logSettings: LogSettings(segmentBytes: 64 << 10), network: outside,
                    background: outside, settings: NodeSettings(), at: Instant(nanoseconds: 0))
                node.start()
            }
        }

        static let nodes = [NodeID(1), NodeID(2), NodeID(3)]
        private(set) var members: [Member] = []
        private var milliseconds: UInt64 = 0
        private let name: String

        init(_ name: String, on disks: [SimulatedFileSystem]) throws {
            self.name = name
            for (id, files) in zip(Self.nodes, disks) {
                members.append(try Member(id, name, on: files, seed: id.rawValue))
            }
        }

        private static func others(than id: NodeID) -> [NodeID] { nodes.filter { $0 != id } }

        func restart(_ i: Int) throws {
            members[i].files.crashKeepingNothing()
            let id = members[i].node.identity.node
            members[i] = try Member(id, name, on: members[i].files, seed: 90 + id.rawValue)
        }

        /// Everybody dials everybody.
        func meet() {
            for i in members.indices {
                for j in members.indices where i != j {
                    let (own, other) = (members[i].node.identity, members[j].node.identity)
                    if members[j].node.meet(own, isFounding: true) {
                        members[i].node.wasMet(by: other)
                    }
                }
            }
        }

        func step() {
            milliseconds += 10
            for member in members {
                let sent = member.outside.sent
                member.outside.sent = []
                let from = member.node.identity
                for (to, envelope) in sent {
                    members[Int(to.rawValue) - 1].node.receive(
                        envelope, from: from.node, incarnation: from.incarnation)
                }
            }
            for member in members {
                let jobs = member.outside.jobs
                member.outside.jobs = []
                for job in jobs { member.node.finished(job.perform()) }
                member.node.turn(
                    at: Instant(nanoseconds: milliseconds * 1_000_000),
                    wallMilliseconds: 5_000_000 + milliseconds)
            }
        }

        func run(until condition: (Cluster) -> Bool) -> Bool {
            for _ in 0..<2000 {
                if condition(self) { return true }
                step()
            }
            return false
        }

        var leader: Member? { members.first { $0.node.core.roleName == .leader } }
    }

    /// For calls that change something, which `#expect` cannot hold.
    private func check(_ holds: Bool, at place: SourceLocation = #_sourceLocation) {
        #expect(holds, sourceLocation: place)
    }

    private static let directory = "/data"
    private static let end = EntryID(term: Term(7), index: LogIndex(40))

    /// A snapshot of an old cluster, whose newest command says `word`.
    private func backup(_ word: UInt8 = 9, cluster: String = "old") throws -> [UInt8] {
        let files = SimulatedFileSystem(isAlwaysDurable: true)
        let (store, _) = try SnapshotStore.open(files: files, directory: "/old", cluster: cluster)
        var writer = store.beginWriting(
            lastIncluded: Self.end,
            configuration: Configuration(
                voters: Cluster.nodes, roster: [Member(NodeID(1), incarnation: 5)]))
        var body: [UInt8] = [1, 0xb0, 0xea, 0x01]  // the runtime's version and the time 30000
        body.writePacked(PackedBytes([[1], [word]]))
        try writer.write(body.span)
        _ = try writer.finish()
        let path = try #require(files.paths.first { $0.hasSuffix(".snapshot") })
        return try #require(files.contents(of: path))
    }

    private func disk(with backup: [UInt8]) throws -> SimulatedFileSystem {
        let files = SimulatedFileSystem()
        let file = try files.open("/backup", create: true)
        try file.write(backup.span, at: 0)
        try file.sync()
        try files.syncDirectory("/")
        return files
    }

    @discardableResult
    private func restore(
        _ id: UInt64, on files: SimulatedFileSystem, cluster: String = "new", seed: UInt64 = 1,
        voters: [NodeID] = Cluster.nodes, time: RestoredDirectory.Time = .goesOn
    ) throws -> RestoredDirectory.Summary {
        let start = NodeStart(
            directory: Self.directory, cluster: cluster, node: NodeID(id),
            initialConfiguration: Configuration(voters: voters), seed: seed + id)
        return try RestoredDirectory.make(
            files: files, from: "/backup", start, logSettings: LogSettings(segmentBytes: 4096),
            time: time
        ) {
            state in
            [UInt8](reading: state)
        }
    }

    private func restoredDisks(time: RestoredDirectory.Time = .goesOn) throws
        -> [SimulatedFileSystem]
    {
        try (UInt64(1)...3).map { id in
            let files = try disk(with: try backup())
            try restore(id, on: files, time: time)
            files.crashKeepingNothing()
            return files
        }
    }

    @Test func `begins with the old state, behind the old entries, in a newer term`() throws {
        let cluster = try Cluster("new", on: try restoredDisks())
        for member in cluster.members {
            #expect(member.node.machine.lines == [[1], [9]])
            #expect(member.node.applied == Self.end)
            #expect(
                member.node.awaitedFounders
                    == Cluster.nodes.filter {
                        $0 != member.node.identity.node
                    })
        }
        cluster.meet()
        #expect(cluster.members.allSatisfy { $0.node.awaitedFounders.isEmpty })
        #expect(cluster.run { $0.leader != nil })
        let leader = try found(cluster.leader)
        #expect(leader.node.core.term > Self.end.term)
        _ = leader.node.propose([3].span)
        #expect(cluster.run { $0.members.allSatisfy { $0.node.machine.lines.last == [3] } })
        #expect(leader.node.applied.index > Self.end.index)
        #expect(leader.node.clusterTimeMilliseconds >= 30000)
        #expect(leader.node.clusterTimeMilliseconds < 60000, "the pause does not count")
    }

    @Test func `can begin its time anew`() throws {
        let cluster = try Cluster("new", on: try restoredDisks(time: .startsAnew))
        cluster.meet()
        #expect(cluster.run { $0.leader != nil })
        let leader = try found(cluster.leader)
        #expect(leader.node.clusterTimeMilliseconds >= 5_000_000)
    }

    @Test func `knows its founders after a power failure, and no others`() throws {
        let cluster = try Cluster("new", on: try restoredDisks())
        cluster.meet()
        let identities = cluster.members.map { $0.node.identity }
        for i in cluster.members.indices {
            try cluster.restart(i)
            #expect(cluster.members[i].node.awaitedFounders == [])
            for identity in identities {
                check(
                    cluster.members[i].node.admits(
                        identity.node, incarnation: identity.incarnation))
                check(
                    !cluster.members[i].node.admits(
                        identity.node, incarnation: identity.incarnation + 1))
            }
        }
        #expect(cluster.run { $0.leader != nil })
        // Also once it has a snapshot of its own.
        let member = cluster.members[0]
        _ = try found(cluster.leader).node.propose([3].span)
        #expect(cluster.run { _ in member.node.machine.lines.last == [3] })
        _ = member.node.requestSnapshot()
        #expect(cluster.run { _ in member.node.core.snapshot?.lastIncluded != Self.end })
        try cluster.restart(0)
        check(!cluster.members[0].node.admits(NodeID(2), incarnation: 77))
        #expect(cluster.members[0].node.machine.lines.last == [3])
    }

    @Test func `is founded by nobody who begins otherwise`() throws {
        let other = try disk(with: try backup(8))
        try restore(2, on: other)
        let named = try disk(with: try backup())
        try restore(2, on: named, voters: [NodeID(1), NodeID(2)])
        let again = try disk(with: try backup())
        try restore(2, on: again, seed: 50)
        for (files, isWelcome) in [
            (other, false), (named, false), (SimulatedFileSystem(), false), (again, true),
        ] {
            let cluster = try Cluster("new", on: [try restoredDisks()[0], files])
            let identity = cluster.members[1].node.identity
            check(cluster.members[0].node.meet(identity, isFounding: true) == isWelcome)
            check(cluster.members[0].node.meet(identity, isFounding: true) == isWelcome)
            let told = cluster.members[0].node.takeNotices().filter {
                if case .founderRefused(NodeID(2)) = $0 { true } else { false }
            }
            #expect(told.count == (isWelcome ? 0 : 1), "told once")
        }
    }

    @Test func `takes the place of nothing, and has a name of its own`() throws {
        func refusal(_ make: () throws -> Void) -> RestoreError? {
            do { try make() } catch { return error as? RestoreError }
            return nil
        }
        let files = try disk(with: try backup())
        #expect(refusal { try restore(1, on: files, cluster: "old") } == .sameCluster("old"))
        #expect(refusal { try restore(4, on: files) } == .notAFounder(NodeID(4)))
        #expect(files.paths == ["/backup"], "nothing has been made")
        try restore(1, on: files)
        let before = files.paths
        #expect(refusal { try restore(1, on: files) } == .directoryInUse("/data"))
        #expect(files.paths == before)

        let damaged = try disk(with: try backup())
        damaged.flip(1, of: "/backup", at: 50)
        guard case .storage(let error)? = refusal({ try restore(1, on: damaged) }) else {
            Issue.record("damage was not noticed")
            return
        }
        #expect(error.path == "/backup")
        #expect(damaged.paths == ["/backup"])
    }

    @Test(arguments: [false, true])
    func `a restoration that was cut short is not taken for a node`(isCrash: Bool) throws {
        let bytes = try backup()
        var dice = SplitMix64(seed: 3)
        for call in 1...200 {
            let files = try disk(with: bytes)
            if isCrash {
                files.lastCall = files.callCount + call
            } else {
                files.failingCall = files.callCount + call
            }
            var wasFinished = false
            do {
                try restore(1, on: files)
                wasFinished = true
            } catch {}
            let wasHit = files.callCount >= files.lastCall ?? files.failingCall ?? 0
            files.crash(using: &dice)
            let isEmpty = !files.paths.contains { $0.hasPrefix("/data/founding") }
            do {
                let member = try Cluster("new", on: [files]).members[0]
                // As good as finished, or as if it had not been begun.
                #expect(isEmpty || member.node.machine.lines == [[1], [9]])
                #expect(!wasFinished || member.node.applied == Self.end)
            } catch { #expect(!wasFinished, "\(error)") }
            if !wasHit { return #expect(call > 20) }
        }
        Issue.record("it makes more calls than that?")
    }
}
