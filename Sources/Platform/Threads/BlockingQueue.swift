internal import Glibc

/// A queue that one thread can wait on for others to fill; what `Mutex` has no means for.
///
/// `@unchecked Sendable`: `items` and the flags are touched only between locking and unlocking
/// `mutex`; both system objects live at fixed addresses until nobody refers to the queue any more.
@safe final class BlockingQueue<Item: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var items: [Item] = []
    private var isClosed = false
    private var isWaiting = false

    init() {
        let codes = unsafe (pthread_mutex_init(mutex, nil), pthread_cond_init(condition, nil))
        invariant(codes == (0, 0), "no lock can be made")
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds an item; false when the queue was closed. A busy reader costs no system call.
    func append(_ item: Item) -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard !isClosed else { return false }
        items.append(item)
        if isWaiting { unsafe pthread_cond_signal(condition) }
        return true
    }

    /// Lets nothing more in.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isClosed = true
        unsafe pthread_cond_signal(condition)
    }

    /// Lets others run until there is something, or the time is over.
    private func spin(nanoseconds: UInt64) {
        let start = MonotonicTime.now
        while MonotonicTime.now.nanoseconds(since: start) < nanoseconds {
            unsafe pthread_mutex_lock(mutex)
            let isOver = !items.isEmpty || isClosed
            unsafe pthread_mutex_unlock(mutex)
            if isOver { return }
            sched_yield()
        }
    }

    /// Waits for items and takes all that are there; nil when the queue is closed and empty.
    ///
    /// - Parameter spinNanoseconds: How long to look again and again before going to sleep.
    func takeAll(spinNanoseconds: UInt64 = 0) -> [Item]? {
        if spinNanoseconds > 0 { spin(nanoseconds: spinNanoseconds) }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isWaiting = true
        while items.isEmpty, !isClosed { unsafe pthread_cond_wait(condition, mutex) }
        isWaiting = false
        guard !items.isEmpty else { return nil }
        defer { items = [] }
        return items
    }
}
