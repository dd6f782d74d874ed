internal import Platform

/// A fixed piece of work: how long it takes says what else the machine is doing.
struct Calibration {
    /// The shortest time so far, in nanoseconds.
    private(set) var best = UInt64.max

    /// Does the work and returns how long it took, in nanoseconds.
    mutating func run() -> UInt64 {
        let start = MonotonicTime.now
        var state: UInt64 = 1
        for _ in 0..<10_000_000 { state = state &* 6_364_136_223_846_793_005 &+ 1 }
        // The result is used, so that the work is done.
        let nanoseconds = MonotonicTime.now.nanoseconds(since: start) | (state & 1)
        best = min(best, nanoseconds)
        return nanoseconds
    }
}
