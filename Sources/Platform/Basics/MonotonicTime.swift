internal import Glibc

/// A moment on the clock that never leaps and counts from some time before the process began.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Nanoseconds on `CLOCK_MONOTONIC`.
    package var nanoseconds: UInt64

    /// Wraps a reading.
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// A moment that never comes.
    package static let distantFuture = MonotonicTime(nanoseconds: .max)

    /// The present moment.
    package static var now: MonotonicTime { MonotonicTime(nanoseconds: read(CLOCK_MONOTONIC)) }

    /// The present moment on a clock of its own (`CLOCK_BOOTTIME`), which also counts while the machine
    /// sleeps. Not to be compared with the others.
    package static var includingSleep: MonotonicTime {
        MonotonicTime(nanoseconds: read(CLOCK_BOOTTIME))
    }

    /// For how long the calling thread has had a processor (`CLOCK_THREAD_CPUTIME_ID`): what it has done,
    /// whatever else the machine was busy with. Not to be compared with the others.
    package static var ofThread: MonotonicTime {
        MonotonicTime(nanoseconds: read(CLOCK_THREAD_CPUTIME_ID))
    }

    /// For how long all threads of this process together have had a processor (`CLOCK_PROCESS_CPUTIME_ID`).
    package static var ofProcess: MonotonicTime {
        MonotonicTime(nanoseconds: read(CLOCK_PROCESS_CPUTIME_ID))
    }

    /// The moment that many nanoseconds later; stays at the end of time instead of overflowing.
    package func advanced(byNanoseconds count: UInt64) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(count)
        return overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
    }

    /// The moment that many milliseconds later; a negative count is taken as 0.
    package func advanced(byMilliseconds count: Int) -> MonotonicTime {
        let (product, overflow) = UInt64(max(0, count)).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .distantFuture : advanced(byNanoseconds: product)
    }

    /// The nanoseconds from `start` to this moment, or 0 when `start` is later.
    package func nanoseconds(since start: MonotonicTime) -> UInt64 {
        self > start ? nanoseconds - start.nanoseconds : 0
    }

    /// The whole milliseconds from `start` to this moment, or 0 when `start` is later.
    package func milliseconds(since start: MonotonicTime) -> UInt64 {
        nanoseconds(since: start) / 1_000_000
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    fileprivate static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        invariant(result == 0, "clock \(clock) cannot be read")
        return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
    }
}

/// The milliseconds since 1970 on the wall clock, which may leap: for people to read, never to decide by.
package func wallClockMilliseconds() -> UInt64 {
    MonotonicTime.read(CLOCK_REALTIME) / 1_000_000
}
