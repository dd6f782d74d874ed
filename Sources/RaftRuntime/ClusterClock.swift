/// The replicated clock, as this node knows and, while it leads, drives it.
///
/// Cluster time is what entries carry. It never falls. A new leader goes on from the newest time in
/// its log, so the clock stands still while there is no leader. While a leader's loop is held up (a
/// pause of the process, a hung disk) it cannot hear anybody, so that gap is not counted either:
/// whoever's silence is measured on this clock was silent towards a leader that could hear.
struct ClusterClock: Hashable, Sendable {
    /// The newest time seen in the log or given out.
    private(set) var newest: UInt64 = 0
    private var driving: Driving?

    /// While this node leads.
    private struct Driving: Hashable, Sendable {
        /// The cluster time at the end of the last turn, in nanoseconds past `base`.
        var elapsedNanoseconds: UInt64 = 0
        var base: UInt64
        var lastTurn: Instant
    }

    /// A turn that comes later than this after the one before was held up: a leader has a timer far
    /// more often.
    var maxTurnGapMilliseconds: UInt64

    init(maxTurnGapMilliseconds: UInt64) { self.maxTurnGapMilliseconds = maxTurnGapMilliseconds }

    /// Takes in a time from the log.
    mutating func see(_ time: UInt64) { newest = max(newest, time) }

    /// This node leads from now on. The first leader of an empty log starts near the wall clock.
    mutating func startDriving(at now: Instant, wallMilliseconds: UInt64) {
        if newest == 0 { newest = wallMilliseconds }
        driving = Driving(base: newest, lastTurn: now)
    }

    mutating func stopDriving() { driving = nil }

    /// Counts the time since the last turn, unless the node was held up.
    ///
    /// - Returns: The milliseconds that were not counted, when there are any.
    mutating func turn(at now: Instant) -> UInt64? {
        guard var driving else { return nil }
        let gap = now.nanoseconds(since: driving.lastTurn)
        let wasHeldUp = gap / 1_000_000 > maxTurnGapMilliseconds
        if !wasHeldUp { driving.elapsedNanoseconds += gap }
        driving.lastTurn = max(driving.lastTurn, now)
        self.driving = driving
        newest = max(newest, driving.base + driving.elapsedNanoseconds / 1_000_000)
        return wasHeldUp ? gap / 1_000_000 : nil
    }
}
