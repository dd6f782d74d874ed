internal import Raft

/// When each of the core's timers runs out.
struct TimerTable: Hashable, Sendable {
    private static let timers = TimerID.allCases
    /// How many timers there are.
    static var count: Int { timers.count }
    private var deadlines: [Instant?] = Array(repeating: nil, count: timers.count)

    mutating func set(_ timer: TimerID, at deadline: Instant) {
        deadlines[Int(timer.rawValue)] = deadline
    }

    mutating func cancel(_ timer: TimerID) { deadlines[Int(timer.rawValue)] = nil }

    /// The next deadline, if any timer is set.
    var next: Instant? {
        deadlines.reduce(nil) { $0.orSooner($1) }
    }

    /// Takes out the timer that is due first, if one is.
    mutating func popDue(at now: Instant) -> TimerID? {
        var due: TimerID?
        for timer in Self.timers {
            guard let deadline = deadlines[Int(timer.rawValue)], deadline <= now else { continue }
            if let earlier = due, let other = deadlines[Int(earlier.rawValue)], other <= deadline {
                continue
            }
            due = timer
        }
        if let due { cancel(due) }
        return due
    }
}
