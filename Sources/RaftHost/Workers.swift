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
    package var deliver:
        (@Sendable (BackgroundResult<RealFileSystem, Image>, UInt64, JobLane) -> Void)?

    /// Under load the next sync comes as soon as the loop has heard of this one. To wake the thread for it
    /// took 25 µs of 90 where this was measured (`raft-lab bench wal --writers 1`).
    private static var lingerNanoseconds: UInt64 { 50_000 }

    /// How long to wait for a sync without going to sleep, at the most: to wake the loop's thread takes some 25 µs
    /// as well. A disk that takes longer is worth no waiting.
    private static var longestLingerNanoseconds: UInt64 { 200_000 }

    private let syncs: WorkerThread
    private let snapshots: WorkerThread
    private let loop: EventLoop
    /// How long the last sync took; before the first, for ever.
    private let lastSync = Guarded(UInt64.max)

    /// Starts both threads; their results come to the loop, on whose thread jobs are to be started.
    package init(on loop: EventLoop) throws(SystemError) {
        self.loop = loop
        syncs = try WorkerThread(name: "muster-sync", lingerNanoseconds: Self.lingerNanoseconds)
        snapshots = try WorkerThread(name: "muster-snapshot")
    }

    /// Takes a job.
    package func start(_ job: BackgroundJob<RealFileSystem, Image>) {
        guard let deliver else { return }
        let (waker, lastSync) = (loop.waker, lastSync)
        let lane: JobLane = job.lane == .sync ? .sync : .snapshot
        let thread = lane == .sync ? syncs : snapshots
        let work: @Sendable () -> Void = {
            let start = MonotonicTime.now
            let result = job.perform()
            let nanoseconds = MonotonicTime.now.nanoseconds(since: start)
            if case .synced = result { lastSync.withLock { $0 = nanoseconds } }
            waker.post { deliver(result, nanoseconds, lane) }
        }
        let isSync = if case .sync = job { true } else { false }
        // What the turn has to send leaves first: to wake the thread takes a while, and the others' syncs begin later
        // than this one.
        loop.afterFlush { [self] in
            thread.submit(work)
            if isSync { awaitSync() }
        }
    }

    private func awaitSync() {
        guard lastSync.withLock({ $0 }) < Self.longestLingerNanoseconds else { return }
        loop.lingerOnce(nanoseconds: Self.longestLingerNanoseconds)
    }

    /// Waits for the jobs that were started, and ends the threads.
    package func shutdown() {
        syncs.shutdown()
        snapshots.shutdown()
    }
}
