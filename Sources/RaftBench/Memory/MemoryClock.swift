internal import Platform
internal import RaftRuntime

/// The time as a cluster in memory is told it.
struct MemoryClock {
    /// Where the time comes from.
    enum Source {
        /// The machine's clock.
        case machine
        /// Each look at it finds it so much later: then two runs do the same.
        case steps(nanoseconds: UInt64)
    }

    private let source: Source
    private var skipped: UInt64 = 0

    init(_ source: Source) { self.source = source }

    /// A wall clock that goes with it. It is a fixed one: all that it decides is how many bytes a time has in an entry.
    static let wallMilliseconds: UInt64 = 1_800_000_000_000

    mutating func now() -> Instant {
        switch source {
        case .machine: return Instant(nanoseconds: MonotonicTime.now.nanoseconds + skipped)
        case .steps(let nanoseconds):
            skipped += nanoseconds
            return Instant(nanoseconds: skipped)
        }
    }

    /// Lets so much time go by at once.
    mutating func skip(milliseconds: UInt64) { skipped += milliseconds * 1_000_000 }
}
