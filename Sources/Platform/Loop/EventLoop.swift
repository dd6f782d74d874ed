internal import CPlatform
internal import Glibc

/// One thread's sockets, timers and jobs.
///
/// Confined to the thread that makes it; only `waker` may leave that thread. A *turn* takes in what
/// has happened (jobs posted by other threads, ready descriptors, timers that are due), then runs
/// the end-of-turn hooks, then writes out what connections were given to write. A loop with nothing
/// to do sleeps without any periodic wake-up.
///
/// The descriptors are watched level-triggered: a handler may leave bytes unread and is called again,
/// which is what keeps one busy connection from starving the others. Connections ask to be told
/// of writability only while the socket is full, so that an exchange costs no `epoll_ctl`.
@safe package final class EventLoop {
    /// The way in from other threads.
    package let waker: Waker
    /// The time at which the current turn began; read once a turn.
    package internal(set) var turnTime: MonotonicTime
    /// How often the loop has gone round.
    package private(set) var turnCount = 0

    /// The size of `scratch`.
    static let scratchBytes = 256 * 1024
    /// Where connections read to; its bytes are valid until the next read.
    let scratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: scratchBytes)
    let poller: Poller
    var timers = TimerQueue<() -> Void>()
    private let thread: pthread_t
    private var deferred: [() -> Void] = []
    private var hooks: [(id: UInt64, run: () -> Void)] = []
    private var nextHookID: UInt64 = 0
    private var unflushed: [Connection] = []
    private var flushed: [() -> Void] = []
    private var isStopping = false
    private var lingerEnd: MonotonicTime?

    /// Makes a loop for the calling thread.
    package init() throws(SystemError) {
        waker = try Waker()
        poller = try Poller()
        turnTime = .now
        thread = pthread_self()
        try poller.watchEdges(of: waker.descriptor)
    }

    deinit { unsafe scratch.deallocate() }

    /// Whether the caller runs on the loop's thread.
    package var isOnLoopThread: Bool { pthread_equal(thread, pthread_self()) != 0 }

    // MARK: Running

    /// Runs until `stop` is called; then no further job is taken in, and the loop lets go of all that
    /// was registered with it. A loop runs once.
    ///
    /// Connections that are still open are closed, if nobody else holds them, without a callback.
    package func run() {
        invariant(isOnLoopThread, "an event loop runs on the thread that made it")
        while !isStopping { turn() }
        for job in waker.close() { job() }
        runDeferred()
        letGo()
    }

    /// Breaks the cycles between the loop and what lives on it.
    private func letGo() {
        // Everything is out of the loop's reach before any of it is released: a `deinit` may well
        // cancel a timer or deregister a descriptor.
        let handlers = poller.takeHandlers()
        let everything = (handlers, timers, hooks, unflushed, flushed, deferred)
        timers = TimerQueue()
        hooks = []
        unflushed = []
        flushed = []
        deferred = []
        withExtendedLifetime(everything) {}
    }

    /// Ends `run` after the current turn.
    package func stop() { isStopping = true }

    /// Goes round once and waits, if nothing is to be done, until there is.
    private func turn() {
        if !linger() { poller.wait(until: waitLimit()) }
        waker.beginTurn()
        turnTime = .now
        turnCount &+= 1
        for job in waker.takeJobs() { job() }
        runDeferred()
        poller.dispatch()
        runTimers()
        for hook in hooks { hook.run() }
        flushConnections()
        runAfterFlush()
    }

    /// Runs `job` at the end of this turn, when all that was written to connections has been handed to the system.
    package func afterFlush(_ job: @escaping () -> Void) { flushed.append(job) }

    private func runAfterFlush() {
        guard !flushed.isEmpty else { return }
        let jobs = flushed
        flushed.removeAll(keepingCapacity: true)
        for job in jobs { job() }
    }

    /// Has the loop, before it next goes to sleep, look for so long whether anything comes, and let others run
    /// meanwhile: worth it when something is sure to come soon, since to be woken can take as long.
    package func lingerOnce(nanoseconds: UInt64) {
        lingerEnd = MonotonicTime.now.advanced(byNanoseconds: nanoseconds)
    }

    /// Whether something has come for which the loop need not sleep at all.
    private func linger() -> Bool {
        guard let end = lingerEnd else { return false }
        lingerEnd = nil
        guard deferred.isEmpty, !isStopping else { return false }
        let limit = min(end, timers.firstDue ?? end)
        while MonotonicTime.now < limit {
            poller.wait(until: nil)
            if poller.hasEvents || waker.isNotified { return true }
            sched_yield()
        }
        return false
    }

    /// Until when the loop may sleep; nil when it must not sleep at all.
    private func waitLimit() -> MonotonicTime? {
        guard deferred.isEmpty, !isStopping, waker.fallAsleep() else { return nil }
        return timers.firstDue ?? .distantFuture
    }

    private func runDeferred() {
        guard !deferred.isEmpty else { return }
        let jobs = deferred
        deferred = []
        for job in jobs { job() }
    }

    /// Runs what is due. A job that arms a timer for the present waits for the next turn, so that it
    /// cannot keep this one from ever ending.
    private func runTimers() {
        let last = timers.lastSequence
        while let job = timers.takeDue(at: turnTime, armedThrough: last) { job() }
    }

    private func flushConnections() {
        guard !unflushed.isEmpty else { return }
        let connections = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for connection in connections { connection.flushAtEndOfTurn() }
    }

    // MARK: Jobs of the loop's own thread

    /// Runs `job` at the start of the next turn, which then begins without waiting.
    package func `defer`(_ job: @escaping () -> Void) { deferred.append(job) }

    /// Runs `job` once at `time`, or up to a millisecond later, never earlier.
    @discardableResult
    package func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) -> TimerHandle {
        timers.add(job, due: time)
    }

    /// Moves a timer to another time; false when it has fired or was cancelled.
    @discardableResult
    package func reschedule(_ timer: TimerHandle, at time: MonotonicTime) -> Bool {
        timers.move(timer, due: time)
    }

    /// Drops a timer; one that has fired or was cancelled is ignored.
    package func cancel(_ timer: TimerHandle) { timers.cancel(timer) }

    /// Runs `hook` at the end of every turn, after jobs, descriptors and timers; what it writes to
    /// connections leaves in the same turn. Hooks run in the order in which they were added.
    @discardableResult
    package func atEndOfTurn(_ hook: @escaping () -> Void) -> HookHandle {
        nextHookID += 1
        hooks.append((nextHookID, hook))
        return HookHandle(id: nextHookID)
    }

    /// Takes a hook away.
    package func removeHook(_ handle: HookHandle) {
        let before = hooks  // what the hook holds is released only when `hooks` is at rest again
        hooks.removeAll { $0.id == handle.id }
        withExtendedLifetime(before) {}
    }

    /// Notes that a connection has something to write at the end of the turn.
    func flushLater(_ connection: Connection) { unflushed.append(connection) }
}

/// Names a hook at the end of an event loop's turn.
package struct HookHandle: Hashable, Sendable {
    fileprivate let id: UInt64
}

extension EventLoop {
    /// Calls `handler` whenever `descriptor` is ready for what `interest` names, or is broken.
    ///
    /// The loop does not own the descriptor: deregister it, then close it.
    package func register(
        _ descriptor: Int32, _ interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Registration {
        try poller.register(descriptor, interest, handler)
    }

    /// Changes what a descriptor is watched for.
    package func modify(_ registration: Registration, _ interest: Interest) {
        poller.modify(registration, interest)
    }

    /// Stops watching a descriptor; its handler is not called again, not even in this turn.
    package func deregister(_ registration: Registration) { poller.deregister(registration) }
}
