/// A thread that runs an event loop.
package final class LoopThread: Sendable {
    /// The way into the loop.
    package let waker: Waker
    private let stopper: LoopBound<EventLoop>
    private let thread: SystemThread
    private let isJoined = Guarded(false)

    /// Starts a thread, makes a loop on it and has `setUp` build on the loop what is to live there.
    ///
    /// Returns when `setUp` has, with what it made for other threads to use; its error is thrown here
    /// and ends the thread. What `setUp` builds is kept alive by what it registers with the loop.
    package static func start<Handle: Sendable>(
        name: String,
        _ setUp: @escaping @Sendable (EventLoop) throws -> Handle
    ) throws -> (thread: LoopThread, handle: Handle) {
        let outcome = BlockingQueue<Result<(Waker, LoopBound<EventLoop>, Handle), any Error>>()
        let thread = try SystemThread(name: name) {
            do {
                let loop = try EventLoop()
                let handle = try setUp(loop)
                _ = outcome.append(.success((loop.waker, LoopBound(loop, on: loop), handle)))
                loop.run()
            } catch { _ = outcome.append(.failure(error)) }
        }
        guard let result = outcome.takeAll()?.first else {
            fatalError("broken invariant: a thread ended without an outcome")
        }
        switch result {
        case .success(let (waker, loop, handle)):
            return (LoopThread(waker, loop, thread), handle)
        case .failure(let error):
            thread.join()
            throw error
        }
    }

    private init(_ waker: Waker, _ loop: LoopBound<EventLoop>, _ thread: SystemThread) {
        self.waker = waker
        stopper = loop
        self.thread = thread
    }

    /// Has the loop end after the jobs that were posted before.
    package func stop() {
        let stopper = self.stopper
        waker.post { stopper.value.stop() }
    }

    /// Waits for the thread to end; not to be called on it. A second call does nothing.
    package func join() {
        invariant(!thread.isCurrent, "a thread cannot wait for its own end")
        let isFirst = isJoined.withLock { isJoined in
            defer { isJoined = true }
            return !isJoined
        }
        if isFirst { thread.join() }
    }

    deinit {
        let isJoined = isJoined.withLock { $0 }
        if !isJoined { thread.detach() }
    }
}
