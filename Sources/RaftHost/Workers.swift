package import Platform
package import RaftRuntime

/// Which of the two threads a job belongs to.
package enum JobLane: Sendable {
    case sync
    case snapshot
}

/// The threads on which a node's blocking work is done: one for syncs, for which everything waits, and
/// one for snapshots, for which nothing does.
package final class Workers<Image: SnapshotImage>: Background {
    package typealias Files = RealFileSystem

    /// Takes each result, on the loop's thread, with the time that the work took.
    package var deliver: (@Sendable (BackgroundResult<RealFileSystem>, UInt64, JobLane) -> Void)?

    /// Under load the next sync comes as soon as the loop has heard of this one. To wake the thread for it
    /// took 25 µs of 90 where this was measured (`raft-lab bench wal --writers 1`).
    private static var lingerNanoseconds: UInt64 { 50_000 }

    private let syncs: WorkerThread
    private let snapshots: WorkerThread
    private let waker: Waker

    /// Starts both threads; their results come to the loop of this waker.
    package init(wakes waker: Waker) throws(SystemError) {
        self.waker = waker
        syncs = try WorkerThread(name: "muster-sync", lingerNanoseconds: Self.lingerNanoseconds)
        snapshots = try WorkerThread(name: "muster-snapshot")
    }

    /// Takes a job.
    package func start(_ job: BackgroundJob<RealFileSystem, Image>) {
        guard let deliver else { return }
        let waker = self.waker
        let lane: JobLane = job.lane == .sync ? .sync : .snapshot
        let thread = lane == .sync ? syncs : snapshots
        thread.submit {
            let start = MonotonicTime.now
            let result = job.perform()
            let nanoseconds = MonotonicTime.now.nanoseconds(since: start)
            waker.post { deliver(result, nanoseconds, lane) }
        }
    }

    /// Waits for the jobs that were started, and ends the threads.
    package func shutdown() {
        syncs.shutdown()
        snapshots.shutdown()
    }
}
