/// Watches how long syncs run: a disk that hangs gives no error, it just does not answer.
struct DiskWatch: Hashable, Sendable {
    private var running: Instant?
    private(set) var isStalled = false

    mutating func syncBegan(at now: Instant) { running = now }

    mutating func syncEnded() { running = nil }

    /// Whether the disk has begun to hang or works again since the last look; nothing when all is as it was.
    mutating func change(at now: Instant, _ limitMilliseconds: Int) -> Bool? {
        let hangs = nextStall(limitMilliseconds).map { $0 <= now } ?? false
        guard hangs != isStalled else { return nil }
        isStalled = hangs
        return hangs
    }

    /// When the running sync will have run too long, unless it has.
    func nextDeadline(_ limitMilliseconds: Int) -> Instant? {
        isStalled ? nil : nextStall(limitMilliseconds)
    }

    private func nextStall(_ limitMilliseconds: Int) -> Instant? {
        running?.advanced(byMilliseconds: limitMilliseconds)
    }
}
