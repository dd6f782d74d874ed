internal import CPlatform
internal import Glibc
internal import Synchronization

/// The way into an event loop from other threads.
///
/// Wakes are coalesced: only the first one after the loop has gone to sleep costs a system call.
/// The loop is in one of three states, and each side moves it with one atomic exchange:
///
///     awake ──(loop finds nothing to do)──▶ asleep ──(wake: writes to the eventfd)──▶ notified
///       │                                                                               │
///       ├──(wake: no system call)──▶ notified                                           │
///       └◀──────────────────────(loop begins a turn)────────────────────────────────────┘
///
/// No wake is lost: a job is in the mailbox before the state becomes `notified`, the loop goes
/// `awake` before it empties the mailbox, and it can fall `asleep` only from `awake`.
package final class Waker: Sendable {
    private enum State {
        static let awake: UInt8 = 0
        static let asleep: UInt8 = 1
        static let notified: UInt8 = 2
    }

    private struct Mailbox {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let event: OwnedDescriptor
    private let state = Atomic<UInt8>(State.awake)
    private let writes = Atomic<Int>(0)
    private let mailbox = Guarded(Mailbox())

    init() throws(SystemError) {
        let flags = Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)
        let number = try callKernel("make", "an eventfd") { eventfd(0, flags) }
        event = OwnedDescriptor(adopting: Int32(number))
    }

    /// The number of system calls that wakes have cost so far.
    package var systemCallCount: Int { writes.load(ordering: .relaxed) }

    /// Makes the loop run a turn soon.
    package func wake() {
        guard state.exchange(State.notified, ordering: .sequentiallyConsistent) == State.asleep
        else { return }
        writes.add(1, ordering: .relaxed)
        let number = event.number
        var one: UInt64 = 1
        let result = callKernel { unsafe write(number, &one, 8) }
        // A full counter needs 2^64 wakes; anything else means that the descriptor is not ours.
        invariant(result == 8, "the event loop cannot be woken (errno \(-result))")
    }

    /// Has the loop run `job` on its thread, after all jobs that were posted before.
    ///
    /// The mailbox has no bound of its own: whoever posts on behalf of a stranger must have one.
    /// Returns false, and drops the job, when the loop has stopped.
    @discardableResult
    package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isOpen = mailbox.withLock { mailbox in
            if !mailbox.isClosed { mailbox.jobs.append(job) }
            return !mailbox.isClosed
        }
        if isOpen { wake() }
        return isOpen
    }

    // MARK: The loop's side

    /// The descriptor that becomes readable, at the edge, when the loop is to wake up.
    var descriptor: Int32 { event.number }

    /// Declares that the loop is about to wait; false when it must not, because it was notified.
    func fallAsleep() -> Bool {
        state.compareExchange(
            expected: State.awake, desired: State.asleep, ordering: .sequentiallyConsistent
        ).exchanged
    }

    /// Whether a wake has come since the loop began its turn.
    var isNotified: Bool { state.load(ordering: .relaxed) == State.notified }

    /// Declares that the loop is at work; what is posted before this will be in `takeJobs`.
    func beginTurn() { _ = state.exchange(State.awake, ordering: .sequentiallyConsistent) }

    /// Takes what was posted.
    func takeJobs() -> [@Sendable () -> Void] {
        mailbox.withLock { mailbox in
            guard !mailbox.jobs.isEmpty else { return [] }
            let jobs = mailbox.jobs
            mailbox.jobs = []
            return jobs
        }
    }

    /// Takes what was posted and lets nothing more in.
    func close() -> [@Sendable () -> Void] {
        mailbox.withLock { mailbox in
            let jobs = mailbox.jobs
            mailbox = Mailbox(jobs: [], isClosed: true)
            return jobs
        }
    }
}
