internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@testable internal import RaftRuntime

/// Power failures and errors of the disk while a node gives up its directory.
@Suite struct `Beginning anew, cut short` {
    private typealias Outside = LoopCluster<Book>.Outside
    private typealias Node = LoopCluster<Book>.Node

    private static let roster = (1...UInt64(3)).map { Member(NodeID($0), incarnation: 100 + $0) }
    private static let logSettings = LogSettings(segmentBytes: 4096)

    /// A directory with a log of some entries, damaged in the middle, and a snapshot.
    private func damagedDirectory() throws -> SimulatedFileSystem {
        let files = SimulatedFileSystem()
        let identity = NodeIdentity(cluster: "test", node: NodeID(1), incarnation: 101)
        let log = try LogStore.create(
            files: files, directory: "/data", identity: identity,
            configuration: Configuration(
                voters: Self.roster.map(\.id), roster: Self.roster), settings: Self.logSettings)
        for term in 1...UInt64(12) {
            try log.write(hardState: HardState(term: Term(term), vote: NodeID(1)), entries: nil)
            let work = try #require(log.takeSyncWork())
            try work.perform()
            log.syncFinished(work)
        }
        _ = try SnapshotStore.open(files: files, directory: "/data", cluster: "test")
        files.crashKeepingEverything()
        let segment = try #require(files.paths.first { $0.hasPrefix("/data/log/") })
        files.flip(1, of: segment, at: 300)
        return files
    }

    /// Opens the directory, as a start of the process does.
    private func open(_ files: SimulatedFileSystem, seed: UInt64) throws(NodeFailure) -> (
        incarnation: UInt64, record: RejoinRecord?, term: Term, isEmpty: Bool
    ) {
        let outside = Outside()
        var start = NodeStart(
            directory: "/data", cluster: "test", node: NodeID(1),
            initialConfiguration: Configuration(
                voters: Self.roster.map(\.id), roster: Self.roster), seed: seed)
        start.repair = .rejoin
        let node = try Node(
            start, machine: Book(), files: files, logSettings: Self.logSettings,
            network: outside, background: outside, settings: NodeSettings(),
            at: Instant(nanoseconds: 0))
        return (
            node.identity.incarnation, node.rejoinRecord, node.core.term,
            node.configuration.members.isEmpty
        )
    }

    @Test(arguments: [0, 1, 2, 3], [false, true])
    func `ends well whenever it is cut short`(seed: UInt64, isCrash: Bool) throws {
        var dice = SplitMix64(seed: seed)
        for call in 1...300 {
            let files = try damagedDirectory()
            if isCrash {
                files.lastCall = files.callCount + call
            } else {
                files.failingCall = files.callCount + call
            }
            var spoken: [UInt64] = []
            do throws(NodeFailure) {
                spoken.append(try open(files, seed: 7).incarnation)
            } catch {}
            let wasHit = files.callCount >= files.lastCall ?? files.failingCall ?? 0
            if isCrash { files.crash(using: &dice) } else { files.endProcess() }
            // Cut short once more, somewhere.
            files.lastCall = files.callCount + Int.random(in: 1...40, using: &dice)
            do throws(NodeFailure) {
                spoken.append(try open(files, seed: 8).incarnation)
            } catch {}
            files.crash(using: &dice)
            let node = try open(files, seed: 9)
            let record = try #require(node.record)
            #expect(record.stage == .joining && record.replaced == [101])
            #expect(record.incarnation == node.incarnation && node.incarnation != 101)
            // Whoever has run may have spoken: it stays the one that it was.
            #expect(spoken.allSatisfy { $0 == node.incarnation }, "call \(call): \(spoken)")
            #expect(node.term == .zero && node.isEmpty)
            if !wasHit { return #expect(call > 40) }
        }
        Issue.record("it makes more calls than that?")
    }
}
