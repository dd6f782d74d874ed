/// A moment on a host's monotonic clock; its zero may be anywhere.
public struct Instant: Hashable, Comparable, Sendable {
    /// The time since the clock's zero.
    public var nanoseconds: UInt64

    /// Wraps a reading of the clock.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The moment that many milliseconds later.
    public func advanced(byMilliseconds milliseconds: Int) -> Instant {
        Instant(nanoseconds: nanoseconds &+ UInt64(max(0, milliseconds)) &* 1_000_000)
    }

    /// The whole milliseconds from `start` until this moment; 0 when `start` is later.
    public func milliseconds(since start: Instant) -> UInt64 {
        nanoseconds(since: start) / 1_000_000
    }

    /// The nanoseconds from `start` until this moment; 0 when `start` is later.
    public func nanoseconds(since start: Instant) -> UInt64 {
        nanoseconds > start.nanoseconds ? nanoseconds - start.nanoseconds : 0
    }

    /// Orders moments by time.
    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Instant? {
    /// The sooner of two deadlines, of which either may be missing.
    func orSooner(_ other: Instant?) -> Instant? {
        guard let other else { return self }
        return self.map { Swift.min($0, other) } ?? other
    }
}
