internal import Platform

/// How long something took, by the clock and by the processor.
///
/// On a machine that does other things as well the clock also counts what *they* do.
struct Timing {
    var wall = Durations()
    var processor = Durations()

    /// Times what `body` does; it says whether that counts.
    mutating func record<Failure: Error>(_ body: () throws(Failure) -> Bool) throws(Failure) {
        let start = (MonotonicTime.now, MonotonicTime.ofThread)
        guard try body() else { return }
        processor.record(MonotonicTime.ofThread.nanoseconds(since: start.1))
        wall.record(MonotonicTime.now.nanoseconds(since: start.0))
    }
}

/// Durations as they were measured, for questions about the rarest of them.
struct Durations {
    private var nanoseconds: [UInt64] = []

    mutating func record(_ duration: UInt64) { nanoseconds.append(duration) }

    var count: Int { nanoseconds.count }
    var longest: UInt64 { nanoseconds.max() ?? 0 }

    /// The duration that so many of a thousand do not exceed.
    func quantile(permille: Int) -> UInt64 {
        guard !nanoseconds.isEmpty else { return 0 }
        let sorted = nanoseconds.sorted()
        return sorted[min(sorted.count - 1, sorted.count * permille / 1000)]
    }

    /// How many are longer than each bound and not longer than the next; the last have no next.
    func counts(above bounds: [UInt64]) -> [Int] {
        bounds.indices.map { i in
            let next = i + 1 < bounds.count ? bounds[i + 1] : .max
            return nanoseconds.count { $0 > bounds[i] && $0 <= next }
        }
    }
}

/// A duration for people: milliseconds with two digits behind the point.
func milliseconds(_ nanoseconds: UInt64) -> String {
    let hundredths = (nanoseconds + 5000) / 10_000
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
}
