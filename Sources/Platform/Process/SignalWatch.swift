internal import CPlatform
internal import Glibc

/// Turns signals into calls on an event loop.
///
/// The signals are blocked in the calling thread and in all that it starts from then on, so make it
/// on the main thread before other threads exist: a thread that does not block a signal would take it
/// in the old way, which ends the process. Threads of `SystemThread` block all signals anyway.
package final class SignalWatch {
    private let descriptor: OwnedDescriptor
    private let loop: EventLoop
    private var registration: Registration?

    /// Calls `handler` for each of the signals that arrives.
    package init(
        _ signals: [Signal], on loop: EventLoop, _ handler: @escaping (Signal) -> Void
    ) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
        let code = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard code == 0 else { throw SystemError("block", "signals", code: code) }
        let flags = Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)
        let number = try callKernel("watch", "signals") { unsafe signalfd(-1, &set, flags) }
        descriptor = OwnedDescriptor(adopting: Int32(number))
        self.loop = loop
        registration = try loop.register(descriptor.number, .readable) { [self] _ in
            while let signal = next() { handler(signal) }
        }
    }

    /// Stops watching. The signals stay blocked.
    package func close() {
        if let registration { loop.deregister(registration) }
        registration = nil
    }

    private func next() -> Signal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        let number = descriptor.number
        guard callKernel({ unsafe read(number, &info, size) }) == size else { return nil }
        return Signal(rawValue: Int32(truncatingIfNeeded: info.ssi_signo))
    }
}
