internal import RaftRuntime

/// How long to wait before the next attempt: doubling from a first to a last wait, with a random part.
struct RetryDelay {
    private let firstMilliseconds: Int
    private let lastMilliseconds: Int
    private var failures = 0
    private var random: SplitMix64

    /// Waits are at least a millisecond, and the last one is no shorter than the first.
    init(firstMilliseconds: Int, lastMilliseconds: Int, seed: UInt64) {
        self.firstMilliseconds = min(max(1, firstMilliseconds), 1 << 30)
        self.lastMilliseconds = min(max(self.firstMilliseconds, lastMilliseconds), 1 << 30)
        random = SplitMix64(seed: seed)
    }

    /// Begins anew with the first wait.
    mutating func reset() { failures = 0 }

    /// The next wait, drawn from the upper half of the doubled one.
    mutating func next() -> Int {
        let doubled = firstMilliseconds << min(failures, 30)
        let longest = min(lastMilliseconds, doubled)
        failures += 1
        return Int.random(in: (longest + 1) / 2...longest, using: &random)
    }
}
