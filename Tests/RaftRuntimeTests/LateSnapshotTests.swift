internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting
internal import RaftTransport
internal import Testing
internal import Wire

/// Mixed seeds 510, later 2463, of 60 s: a snapshot was kept while its receiver campaigned, and then the
/// core did not want it. When the next leader sent an older one, that one was not on the disk any more.
@Suite struct LateSnapshotTests {
    private static let nodes = (1...3).map { NodeID(UInt64($0)) }
    private static let membership = Configuration(voters: nodes)

    @Test func `a snapshot kept late is taken in, and an older one after it stops nobody`() throws {
        let jobs = Jobs()
        var loop = try Self.follower(jobs)

        // The first leader's process ends while its snapshot is being checked, and the node campaigns.
        try loop.receive(
            Self.snapshot(of: 84, from: Self.nodes[2], term: 15), from: Self.nodes[2],
            incarnation: 0)
        loop.connectionClosed(Self.nodes[2])
        loop.turn(at: Instant(nanoseconds: 1_000_000), wallMilliseconds: 0)
        loop.turn(at: Instant(nanoseconds: 900_000_000), wallMilliseconds: 0)
        #expect(loop.core.roleName == .preCandidate)
        jobs.takeResults().forEach { loop.finished($0) }
        loop.turn(at: Instant(nanoseconds: 901_000_000), wallMilliseconds: 0)
        #expect(loop.core.roleName == .follower)
        #expect(loop.applied == Self.entry(84))

        try loop.receive(
            Self.snapshot(of: 83, from: Self.nodes[0], term: 16), from: Self.nodes[0],
            incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 902_000_000), wallMilliseconds: 0)
        jobs.takeResults().forEach { loop.finished($0) }
        loop.turn(at: Instant(nanoseconds: 903_000_000), wallMilliseconds: 0)
        #expect(loop.failure == nil)
        #expect(loop.applied == Self.entry(84))
    }

    @Test func `a snapshot that comes while another is checked is not waited for in vain`() throws {
        let jobs = Jobs()
        var loop = try Self.follower(jobs)

        // What node 3 sends is damaged, and until that is found node 1 leads and sends one of its own.
        try loop.receive(
            Self.snapshot(of: 83, from: Self.nodes[2], term: 15, isDamaged: true),
            from: Self.nodes[2], incarnation: 0)
        let own = try Self.snapshot(of: 84, from: Self.nodes[0], term: 16)
        loop.receive(
            Self.heartbeat(from: Self.nodes[0], term: 16), from: Self.nodes[0], incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 1_000_000), wallMilliseconds: 0)
        let (syncs, checks) = jobs.takeSyncsAndOthers()
        syncs.forEach { loop.finished($0.perform()) }
        loop.receive(own, from: Self.nodes[0], incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 2_000_000), wallMilliseconds: 0)
        checks.forEach { loop.finished($0.perform()) }
        loop.turn(at: Instant(nanoseconds: 3_000_000), wallMilliseconds: 0)
        #expect(loop.applied == .zero)

        // Node 1 sends the piece once more.
        loop.receive(own, from: Self.nodes[0], incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 4_000_000), wallMilliseconds: 0)
        jobs.takeResults().forEach { loop.finished($0) }
        loop.turn(at: Instant(nanoseconds: 5_000_000), wallMilliseconds: 0)
        #expect(loop.applied == Self.entry(84))
    }

    @Test func `a newer snapshot that comes while one is read is taken in after it`() throws {
        let jobs = Jobs()
        var loop = try Self.follower(jobs)
        try loop.receive(
            Self.snapshot(of: 83, from: Self.nodes[2], term: 15), from: Self.nodes[2],
            incarnation: 0)
        let (_, reads) = jobs.takeSyncsAndOthers()
        #expect(reads.count == 1)
        let newer = try Self.snapshot(of: 84, from: Self.nodes[2], term: 15)
        loop.receive(newer, from: Self.nodes[2], incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 1_000_000), wallMilliseconds: 0)
        let (_, none) = jobs.takeSyncsAndOthers()
        #expect(none.isEmpty)

        reads.forEach { loop.finished($0.perform()) }
        #expect(loop.applied == Self.entry(83))
        loop.receive(newer, from: Self.nodes[2], incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 2_000_000), wallMilliseconds: 0)
        jobs.takeResults().forEach { loop.finished($0) }
        #expect(loop.applied == Self.entry(84))
        #expect(loop.failure == nil)
    }

    private typealias Loop = NodeLoop<Nothing, SimulatedFileSystem, Nowhere, Jobs>

    private static func open(_ jobs: Jobs) throws -> Loop {
        let start = NodeStart(
            directory: "/data", cluster: "late", node: nodes[1], initialConfiguration: membership,
            seed: 1)
        return try Loop(
            start, machine: Nothing(), files: SimulatedFileSystem(), network: Nowhere(),
            background: jobs, settings: NodeSettings(), at: Instant(nanoseconds: 0))
    }

    /// Node 2, which follows node 3: the new term is durable before a snapshot comes.
    private static func follower(_ jobs: Jobs) throws -> Loop {
        var loop = try open(jobs)
        loop.start()
        loop.receive(heartbeat(from: nodes[2], term: 15), from: nodes[2], incarnation: 0)
        loop.turn(at: Instant(nanoseconds: 0), wallMilliseconds: 0)
        jobs.takeResults().forEach { loop.finished($0) }
        return loop
    }

    private static func entry(_ index: UInt64) -> EntryID {
        EntryID(term: Term(13), index: LogIndex(index))
    }

    private static func heartbeat(from leader: NodeID, term: UInt64) -> Envelope {
        let body = Message.Body.heartbeat(committed: .zero, round: 1)
        return .raft(
            Message(from: leader, to: nodes[1], term: Term(term), body: body), PackedBytes())
    }

    /// The only piece of a snapshot, as a leader sends it. Its body is the time 0 and nothing else.
    private static func snapshot(
        of index: UInt64, from leader: NodeID, term: UInt64, isDamaged: Bool = false
    ) throws -> Envelope {
        let files = SimulatedFileSystem()
        try files.createDirectory("/leader")
        let store = try SnapshotStore.open(files: files, directory: "/leader", cluster: "late")
            .store
        var writer = store.beginWriting(lastIncluded: entry(index), configuration: membership)
        let body: [UInt8] = [1, 0]
        try writer.write(body.span)
        _ = try writer.finish()
        let path = try #require(files.paths.first)
        var bytes = try #require(files.contents(of: path))
        if isDamaged { bytes[bytes.count - 1] ^= 1 }
        let part = SnapshotPart(
            lastIncluded: entry(index), configuration: membership, offset: 0, isLast: true)
        let message = Message(
            from: leader, to: nodes[1], term: Term(term), body: .snapshotPart(part))
        return .raft(message, PackedBytes([bytes]))
    }

    /// A machine without state.
    private struct Nothing: StateMachine, SnapshotImage {
        func apply(_ command: Span<UInt8>, at position: LogPosition) {}
        func image() -> Self { self }
        func restore(_ image: Self) {}
        init() {}
        init(reading bytes: Span<UInt8>) {}
        func write(to emit: ([UInt8]) throws -> Void) {}
    }

    /// A network without peers.
    private struct Nowhere: Network {
        func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool { false }
    }

    /// Keeps jobs until they are asked for.
    private final class Jobs: Background {
        private var waiting: [BackgroundJob<SimulatedFileSystem, Nothing>] = []

        func start(_ job: BackgroundJob<SimulatedFileSystem, Nothing>) { waiting.append(job) }

        func takeResults() -> [BackgroundResult<SimulatedFileSystem, Nothing>] {
            defer { waiting = [] }
            return waiting.map { $0.perform() }
        }

        func takeSyncsAndOthers() -> (
            [BackgroundJob<SimulatedFileSystem, Nothing>],
            [BackgroundJob<SimulatedFileSystem, Nothing>]
        ) {
            defer { waiting = [] }
            return (waiting.filter { $0.lane == .sync }, waiting.filter { $0.lane == .snapshot })
        }
    }
}
