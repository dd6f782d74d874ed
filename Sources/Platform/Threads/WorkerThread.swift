/// A thread that runs jobs one after the other, in the order in which they were submitted: for what
/// must block, such as syncing a file.
package final class WorkerThread: Sendable {
    private let queue = BlockingQueue<@Sendable () -> Void>()
    private let thread: SystemThread
    private let isJoined = Guarded(false)

    /// Starts the thread.
    ///
    /// - Parameter lingerNanoseconds: After a job, look for so long for the next one before going to sleep:
    ///   worth it where one job mostly follows on another, since to be woken can take as long as the job.
    package init(name: String, lingerNanoseconds: UInt64 = 0) throws(SystemError) {
        let queue = self.queue
        thread = try SystemThread(name: name) {
            var linger: UInt64 = 0
            while let jobs = queue.takeAll(spinNanoseconds: linger) {
                linger = lingerNanoseconds
                for job in jobs { job() }
            }
        }
    }

    /// Adds a job; false, and the job is dropped, after `shutdown`.
    ///
    /// The queue has no bound of its own: whoever submits on behalf of a stranger must have one.
    @discardableResult
    package func submit(_ job: @escaping @Sendable () -> Void) -> Bool { queue.append(job) }

    /// Takes no further jobs, runs those that were submitted and waits for the thread to end.
    ///
    /// Must not be called from one of the jobs. A second call does nothing.
    package func shutdown() {
        invariant(!thread.isCurrent, "a worker cannot wait for its own end")
        queue.close()
        if isFirstToEnd() { thread.join() }
    }

    private func isFirstToEnd() -> Bool {
        isJoined.withLock { isJoined in
            defer { isJoined = true }
            return !isJoined
        }
    }

    deinit {
        queue.close()
        if isFirstToEnd() { thread.detach() }
    }
}
