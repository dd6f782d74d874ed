/// Watches whether there is space for the log to grow: a full disk does not mend itself, and nobody says when
/// it is mended, so it is tried again now and then.
struct SpaceWatch: Hashable, Sendable {
    static let retryMilliseconds = 1000
    static let snapshotRetryMilliseconds = 10_000

    private(set) var isFull = false
    /// When to try again, while it is full.
    private(set) var nextRetry: Instant?
    /// When to try a snapshot again that found no space, or that may make some.
    private(set) var nextSnapshot: Instant?

    /// Whether the disk has filled up or has space again since the last look; nothing when all is as it was.
    mutating func change(toFull isNow: Bool, at now: Instant) -> Bool? {
        guard isNow != isFull else { return nil }
        isFull = isNow
        nextRetry = isNow ? now.advanced(byMilliseconds: Self.retryMilliseconds) : nil
        // What a snapshot covers can be used again.
        if isNow { nextSnapshot = now }
        return isNow
    }

    /// Whether it is time to try again; if so, the next time is a while later.
    mutating func takeRetry(at now: Instant) -> Bool {
        guard let nextRetry, nextRetry <= now else { return false }
        self.nextRetry = now.advanced(byMilliseconds: Self.retryMilliseconds)
        return true
    }

    /// Whether it is time for a snapshot again.
    mutating func takeSnapshotRetry(at now: Instant) -> Bool {
        guard let nextSnapshot, nextSnapshot <= now else { return false }
        self.nextSnapshot =
            isFull ? now.advanced(byMilliseconds: Self.snapshotRetryMilliseconds) : nil
        return true
    }

    /// A snapshot found no space.
    mutating func snapshotFailed(at now: Instant) {
        nextSnapshot = now.advanced(byMilliseconds: Self.snapshotRetryMilliseconds)
    }
}
