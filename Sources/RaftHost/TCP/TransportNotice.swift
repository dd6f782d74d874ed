internal import Platform

/// Something that those who look after a node may want to read.
package struct TransportNotice: Sendable {
    /// How much it matters.
    package enum Level: Sendable {
        /// The ordinary course of things.
        case info
        /// The node goes on, and somebody should know.
        case warning
        /// Something is set up wrongly, or broken.
        case error
    }

    /// How much it matters.
    package var level: Level
    /// What happened, always in the same words.
    package var message: String
    /// What is special about this time.
    package var fields: [(name: String, value: String)]

    /// Makes a notice.
    package init(_ level: Level, _ message: String, _ fields: [(name: String, value: String)] = [])
    {
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// Lets a few notices of a kind through at once and then one in a while, so that nobody who knocks at
/// the port can fill a disk with the log.
struct NoticeLimiter {
    private let burst: Int
    private let intervalMilliseconds: Int
    private var available: Int
    private var nextRefill: MonotonicTime?
    private var suppressedCount = 0

    init(burst: Int, intervalMilliseconds: Int) {
        self.burst = burst
        self.intervalMilliseconds = max(1, intervalMilliseconds)
        available = burst
    }

    /// Whether a notice may pass now; if so, how many were held back since the last one that did.
    mutating func admit(at now: MonotonicTime) -> Int? {
        refill(at: now)
        guard available > 0 else {
            suppressedCount += 1
            return nil
        }
        if available == burst {
            nextRefill = now.advanced(byMilliseconds: intervalMilliseconds)
        }
        available -= 1
        defer { suppressedCount = 0 }
        return suppressedCount
    }

    private mutating func refill(at now: MonotonicTime) {
        guard let due = nextRefill, now >= due else { return }
        let intervals = now.milliseconds(since: due) / UInt64(intervalMilliseconds) + 1
        let missing = burst - available
        guard intervals < UInt64(missing) else {
            available = burst
            nextRefill = nil
            return
        }
        available += Int(intervals)
        nextRefill = due.advanced(byMilliseconds: Int(intervals) * intervalMilliseconds)
    }
}

extension TransportNotice {
    /// Adds how many of the kind were held back before it.
    func afterSuppressing(_ count: Int) -> TransportNotice {
        guard count > 0 else { return self }
        var result = self
        result.fields.append(("suppressed", "\(count)"))
        return result
    }
}
