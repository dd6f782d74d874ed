internal import NamingServer
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftTransport

/// No other nodes.
struct NoPeers: Network {
    func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool { false }
}

/// The two threads of a node, with results that are asked for instead of told.
final class BenchWorkers: Background {
    typealias Files = RealFileSystem
    typealias Image = RegistryMachine.Image

    private let syncs: WorkerThread
    private let snapshots: WorkerThread
    private let results = Guarded<[BackgroundResult<RealFileSystem, RegistryMachine.Image>]>([])

    init() throws {
        syncs = try WorkerThread(name: "bench-sync")
        snapshots = try WorkerThread(name: "bench-snapshot")
    }

    func start(_ job: BackgroundJob<RealFileSystem, RegistryMachine.Image>) {
        let results = self.results
        let thread = job.lane == .sync ? syncs : snapshots
        thread.submit {
            let result = job.perform()
            results.withLock { $0.append(result) }
        }
    }

    /// Takes what has ended since the last call.
    func takeResults() -> [BackgroundResult<RealFileSystem, RegistryMachine.Image>] {
        results.withLock { results in
            let taken = results
            results = []
            return taken
        }
    }

    func shutdown() {
        syncs.shutdown()
        snapshots.shutdown()
    }
}
