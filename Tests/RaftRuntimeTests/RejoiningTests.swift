internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import RaftTransport
internal import Testing
internal import Wire

@testable internal import RaftRuntime

/// Nodes whose disks no longer hold what they held, and that come back by themselves.
@Suite struct `A node with a damaged directory` {
    private typealias Cluster = LoopCluster<Book>
    private let one = NodeID(1)
    private let two = NodeID(2)
    private let three = NodeID(3)

    private func cluster(
        pins: Bool = true, repair: NodeStart.Repair = .rejoin, voters: Int = 3,
        settings: NodeSettings = NodeSettings()
    ) throws -> Cluster {
        var cluster = try Cluster(
            voters: voters, settings: settings, pins: pins, repair: repair
        ) { Book() }
        let leader = try found(cluster.elect())
        for line in UInt8(0)..<20 {
            guard case .done = cluster.propose([line], at: leader) else {
                Issue.record("no proposal is done")
                break
            }
        }
        _ = cluster.run { $0.members.allSatisfy { $0.node.machine.lines.count == 20 } }
        return cluster
    }

    /// Changes a byte in the middle of what was synced long ago.
    private func damage(_ files: SimulatedFileSystem) throws {
        let segment = try #require(files.paths.first { $0.hasPrefix("/data/log/") })
        files.flip(8, of: segment, at: 700)
    }

    /// For calls that change something, which `#expect` cannot hold.
    private func check(
        _ holds: Bool, _ text: String = "", at place: SourceLocation = #_sourceLocation
    ) {
        #expect(holds, Comment(rawValue: text), sourceLocation: place)
    }

    /// Waits until a node votes again as what it is now, with all that the others have.
    private func expectReturn(of id: NodeID, to cluster: inout Cluster) {
        let isBack = cluster.run { cluster in
            guard let leader = cluster.leader else { return false }
            let configuration = cluster[leader].configuration
            let isVoter =
                configuration.incoming.contains(id) && !configuration.isJoint
                && configuration.member(id)?.incarnation == cluster[id].identity.incarnation
            return isVoter && cluster[id].rejoinRecord == nil
                && cluster[id].machine.lines == cluster[leader].machine.lines
        }
        check(isBack, "\(id) is not back: \(cluster[id].configuration)")
        check(cluster[id].machine.lines.count >= 20)
    }

    @Test(arguments: [false, true])
    func `comes back as a voter by itself, with all that the others have`(wasLeader: Bool) throws {
        var cluster = try cluster()
        let leader = try found(cluster.leader)
        let id = wasLeader ? leader : leader == one ? two : one
        let before = cluster[id].identity.incarnation
        try cluster.restart(id, machine: Book(), meddle: damage)
        let record = try found(cluster[id].rejoinRecord)
        #expect(record.replaced == [before] && record.incarnation != before)
        check(cluster[id].identity.incarnation == record.incarnation)
        #expect(record.cause.contains("/data/log/"), "\(record.cause)")
        #expect(record.cause.contains("damaged at byte") && record.cause.contains("index"))
        check(cluster[id].configuration.members.isEmpty && cluster[id].machine.lines.isEmpty)
        expectReturn(of: id, to: &cluster)
        let told = (cluster.notices[id] ?? []).contains { notice in
            if case .rejoined = notice { true } else { false }
        }
        #expect(told)
        let files = cluster.members[Int(id.rawValue) - 1].files
        #expect(!files.paths.contains("/data/rejoin"))
        #expect(files.paths.contains { $0.hasPrefix("/data/damaged-") })
        let next = cluster.leader ?? id
        guard case .done = cluster.propose([99], at: next) else {
            Issue.record("nothing is done afterwards")
            return
        }
        // The record may come back with a power failure; it says nothing new.
        try cluster.restart(id, machine: Book())
        expectReturn(of: id, to: &cluster)
    }

    @Test func `is damaged again before anybody has heard of it`() throws {
        var cluster = try cluster()
        let leader = try found(cluster.leader)
        let id = leader == three ? two : three
        let first = cluster[id].identity.incarnation
        cluster.cutOff = [id]
        try cluster.restart(id, machine: Book(), meddle: damage)
        let second = cluster[id].identity.incarnation
        for _ in 0..<50 { cluster.step() }
        // Its log is short; only the header of its segment can be hit so that it must notice.
        try cluster.restart(id, machine: Book()) { files in
            let segment = try #require(files.paths.first { $0.hasPrefix("/data/log/") })
            files.flip(1, of: segment, at: 40)
        }
        let record = try found(cluster[id].rejoinRecord)
        #expect(record.replaced == [first, second])
        #expect(record.incarnation != first && record.incarnation != second)
        let files = cluster.members[Int(id.rawValue) - 1].files
        let own = "/data/damaged-" + String(second, radix: 16) + "."
        let kept = files.paths.filter { $0.hasPrefix("/data/damaged-") }
        #expect(!kept.isEmpty && kept.allSatisfy { $0.hasPrefix(own) })
        cluster.cutOff = []
        expectReturn(of: id, to: &cluster)
    }

    @Test func `comes back to a leader that has only a snapshot of what it lacks`() throws {
        var settings = NodeSettings()
        settings.snapshotEntries = 5
        settings.trailingEntries = 0
        var cluster = try cluster(settings: settings)
        let leader = try found(cluster.leader)
        let id = leader == three ? two : three
        try cluster.restart(id, machine: Book()) { files in
            for path in files.paths where path.hasPrefix("/data/log/") {
                files.flip(1, of: path, at: 40)
            }
            for path in files.paths where path.hasSuffix(".snapshot") {
                files.flip(1, of: path, at: 40)
            }
            // The founding, too, says whose directory this is.
            try FoundingRecord(
                isComplete: true,
                members: [Member(one, incarnation: 1), Member(id, incarnation: 77)]
            ).write(files, directory: "/data")
        }
        let record = try found(cluster[id].rejoinRecord)
        #expect(record.replaced == [77])
        let files = cluster.members[Int(id.rawValue) - 1].files
        #expect(files.paths.contains("/data/damaged-4d.founding"))
        #expect(!files.paths.contains("/data/founding"))
    }

    @Test func `is one of two, and the other one alone does nothing`() throws {
        var cluster = try cluster(voters: 2)
        let leader = try found(cluster.leader)
        let other = leader == one ? two : one
        try cluster.restart(other, machine: Book(), meddle: damage)
        for _ in 0..<1000 { cluster.step() }
        check(cluster[leader].commitIndex == cluster[leader].core.commitIndex)
        check(cluster[other].rejoinRecord != nil)
        check(cluster[leader].core.roleName != .leader, "without a quorum nobody leads")
        check(cluster[other].commitIndex == .zero)
    }

    @Test(arguments: [0, 1, 2, 3])
    func `does not start where it may not come back so`(case number: Int) throws {
        var cluster = try cluster(
            pins: number != 0, repair: number == 1 ? .refuse : .rejoin,
            voters: number == 2 ? 1 : 3)
        let files = cluster.members[0].files
        var before: [String] = []
        let error = #expect(throws: NodeFailure.self) {
            try cluster.restart(one, machine: Book()) { files in
                try damage(files)
                if number == 3 {
                    // A version of the future may be one.
                    let segment = try #require(files.paths.first { $0.hasPrefix("/data/log/") })
                    files.flip(4, of: segment, at: 8)
                }
                before = files.paths
            }
        }
        guard case .storage(let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.path.hasPrefix("/data/log"))
        #expect(files.paths == before, "nothing was changed")
    }

    @Test func `is heard only by a leader that knows what it was`() throws {
        var cluster = try cluster()
        let leader = try found(cluster.leader)
        let id = leader == three ? two : three
        // Whoever is made a learner by mistake would soon be a voter again.
        let before = cluster[leader].core.log.last
        let known = cluster[id].identity.incarnation
        // Of others than the one that is known, of one that is no member, of the leader itself.
        for (node, replaced, incarnation) in [
            (id, [known &+ 1], 5), (NodeID(9), [known], 5), (leader, [known], 5),
            (id, [known], known), (id, [], 5),
        ] as [(NodeID, [UInt64], UInt64)] {
            cluster[leader].receive(
                .rejoin(RejoinRequest(replaced: replaced)), from: node, incarnation: incarnation)
        }
        for other in [one, two, three] where other != leader {
            cluster[other].receive(
                .rejoin(RejoinRequest(replaced: [known])), from: id, incarnation: 5)
        }
        for _ in 0..<100 { cluster.step() }
        check(cluster[leader].core.log.last == before)
    }

    @Test func `does not begin a third time when what it made is gone, or the old one is back`()
        throws
    {
        var cluster = try cluster()
        try cluster.restart(three, machine: Book(), meddle: damage)
        let gone = #expect(throws: NodeFailure.self) {
            try cluster.restart(three, machine: Book()) { files in
                for path in files.paths where path.hasPrefix("/data/log/") {
                    try files.remove(path)
                }
                try files.removeDirectory("/data/log")
            }
        }
        #expect("\(try #require(gone))".contains("must not vote again"))
        let back = #expect(throws: NodeFailure.self) {
            try cluster.restart(three, machine: Book()) { files in
                for path in files.paths where path.hasPrefix("/data/log/") {
                    try files.remove(path)
                }
                try files.removeDirectory("/data/log")
                let old = try #require(try files.list("/data").first { $0.hasSuffix(".log") })
                try files.rename("/data/" + old, to: "/data/log")
                let segment = try #require(files.paths.first { $0.hasPrefix("/data/log/") })
                files.flip(8, of: segment, at: 700)
            }
        }
        #expect("\(try #require(back))".contains("has given up that log"))
    }
}
