internal import CPlatform
internal import Synchronization

/// A value behind a lock: the only lock of the house.
///
/// Hold it for a few instructions and never call out while holding it. ThreadSanitizer does not see
/// through `Mutex` on Linux and would report races that are not there, so in its builds the lock
/// tells it by hand what happens before what.
package final class Guarded<Value: ~Copyable>: Sendable {
    private let mutex: Mutex<Value>

    /// Puts a value behind a lock.
    package init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Runs `body` on the value while no other thread does.
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { value throws(Failure) in
            unsafe muster_lock_acquired(Unmanaged.passUnretained(self).toOpaque())
            defer { unsafe muster_lock_released(Unmanaged.passUnretained(self).toOpaque()) }
            return try body(&value)
        }
    }
}
