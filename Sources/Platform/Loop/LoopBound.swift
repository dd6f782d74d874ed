internal import Glibc

/// A value of an event loop's thread in a box that other threads may carry about.
///
/// A job that another thread posts to a loop needs the loop's own objects, which must not leave its
/// thread: it captures the box and opens it when it runs.
///
/// `@unchecked Sendable`: the value is read only in `value`, which refuses every thread but the
/// loop's, and it is released only on that thread, or after the loop has stopped for good.
@safe package final class LoopBound<Value>: @unchecked Sendable {
    private final class Box {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private let box: Unmanaged<Box>
    private let thread: pthread_t
    private let waker: Waker

    /// Puts a value into a box; call it on the loop's thread.
    package init(_ value: Value, on loop: EventLoop) {
        invariant(loop.isOnLoopThread, "a value is bound to its loop on the loop's thread")
        unsafe box = Unmanaged.passRetained(Box(value))
        thread = pthread_self()
        waker = loop.waker
    }

    /// The value; the caller must be on the loop's thread.
    package var value: Value {
        invariant(isOnLoopThread, "a value bound to an event loop was used on another thread")
        return unsafe box._withUnsafeGuaranteedRef { $0.value }
    }

    private var isOnLoopThread: Bool { pthread_equal(thread, pthread_self()) != 0 }

    deinit {
        // Only the one retain taken in `init` exists, and exactly one of the two branches gives it
        // back: on the loop's thread, or here when no loop can run any more.
        nonisolated(unsafe) let box = unsafe self.box
        if isOnLoopThread || !waker.post({ unsafe box.release() }) { unsafe box.release() }
    }
}
