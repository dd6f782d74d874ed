internal import CPlatform
internal import Glibc

/// A thread of the operating system.
package struct SystemThread: Sendable {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: pthread_t

    /// Starts a thread. Whatever is not `Sendable` is made inside `body`.
    ///
    /// Exactly one call to `join` or `detach` must follow. Signals are not delivered to the thread: they are
    /// for the main thread, or for `SignalWatch`.
    package init(
        name: String, body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(Start(name, body))
        var thread = pthread_t()
        let code = withAllSignalsBlocked {
            unsafe pthread_create(&thread, nil, { unsafe runThread($0) }, start.toOpaque())
        }
        guard code == 0 else {
            unsafe start.release()
            throw SystemError("start", "thread \(name)", code: code)
        }
        self.thread = thread
    }

    /// Waits for the thread to end.
    package func join() {
        let code = pthread_join(thread, nil)
        invariant(code == 0, "a thread cannot be joined (errno \(code))")
    }

    /// Lets the thread run on its own.
    package func detach() {
        let code = pthread_detach(thread)
        invariant(code == 0, "a thread cannot be detached (errno \(code))")
    }

    /// Whether this is the calling thread.
    package var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

    private static func run(_ start: Start) {
        unsafe muster_name_thread(String(start.name.prefix(15)))
        start.body()
    }

    fileprivate static func run(_ argument: UnsafeMutableRawPointer) {
        run(unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue())
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument = unsafe argument { unsafe SystemThread.run(argument) }
    return nil
}

/// Runs `body`, during which the calling thread, and threads that it starts, take no signals.
private func withAllSignalsBlocked<Result>(_ body: () -> Result) -> Result {
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    return body()
}
