internal import Naming
internal import NamingServer
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage

/// A cluster of one node with the registry, on real files, driven by hand: what its loop does between two
/// looks at the clock is what a client of a server would have to wait for.
final class LoneNode {
    typealias Loop = NodeLoop<RegistryMachine, RealFileSystem, NoPeers, BenchWorkers>

    private var loop: Loop
    private let workers: BenchWorkers
    /// What the snapshots have come to, as the node tells it.
    private(set) var snapshotNotices: [String] = []

    init(directory: String) throws {
        var settings = NodeSettings()
        settings.snapshotEntries = .max  // on demand only
        settings.snapshotLogBytes = .max
        workers = try BenchWorkers()
        var random = SystemRandom()
        let now = MonotonicTime.now
        loop = try Loop(
            NodeStart(
                directory: directory, cluster: "bench", node: NodeID(1),
                initialConfiguration: Configuration(voters: [NodeID(1)]), seed: random.next()),
            machine: RegistryMachine(), files: RealFileSystem(), network: NoPeers(),
            background: workers, settings: settings, at: Instant(nanoseconds: now.nanoseconds))
        loop.start()
    }

    var isLeader: Bool { loop.core.roleName == .leader }
    var counts: Counts { loop.machine.registry.counts }

    func propose(_ command: Command) { _ = loop.propose(command.encoded().span) }

    /// Asks for a snapshot of what is applied now.
    func takeSnapshot() { loop.takeSnapshot() }

    /// One turn of the loop, with what has ended since the last one.
    ///
    /// - Returns: How many proposals have ended.
    /// - Throws: `NodeFailure` when the node has stopped; `BenchError` when a proposal was not done.
    func turn() throws -> Int {
        for result in workers.takeResults() { loop.finished(result) }
        let now = MonotonicTime.now
        loop.turn(
            at: Instant(nanoseconds: now.nanoseconds), wallMilliseconds: wallClockMilliseconds())
        if let failure = loop.failure { throw failure }
        for notice in loop.takeNotices() { note(notice) }
        _ = loop.withMachine { $0.takeEvents() }
        var ended = 0
        for completion in loop.takeCompletions() {
            guard case .proposal(_, let outcome) = completion else { continue }
            guard case .done = outcome else {
                throw BenchError("a proposal was not done: \(outcome)")
            }
            ended += 1
        }
        return ended
    }

    private func note(_ notice: NodeNotice) {
        switch notice {
        case .snapshotTaken(let entry, let bytes):
            snapshotNotices.append("\(entry), \(bytes >> 20) MiB")
        case .snapshotFailed(let entry, let reason):
            snapshotNotices.append("\(entry) failed: \(reason)")
        default: break
        }
    }

    /// Ends the threads, and with them the work that is under way.
    func shutdown() { workers.shutdown() }
}

/// Why a benchmark could not be run, in one line.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
