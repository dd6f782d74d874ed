/// Counts of durations in fixed buckets, each twice as long as the one before.
public struct LatencyHistogram: Hashable, Sendable {
    private static let shortest: UInt64 = 16_000
    /// The upper bounds of the buckets in nanoseconds, from 16 µs to 8.4 s; longer ones go to the last count.
    public static let boundsNanoseconds: [UInt64] = (0..<20).map { shortest << UInt64($0) }

    /// One count a bound, and one for what is longer.
    public private(set) var counts = [UInt64](repeating: 0, count: boundsNanoseconds.count + 1)
    /// The sum of all durations.
    public private(set) var sumNanoseconds: UInt64 = 0

    /// Creates a histogram of nothing.
    public init() {}

    /// The number of durations.
    public var count: UInt64 { counts.reduce(0, +) }

    /// Counts a duration.
    public mutating func record(nanoseconds: UInt64) {
        sumNanoseconds &+= nanoseconds
        // The bounds double: how often one does is where the highest bit of what they leave stands.
        let doublings =
            nanoseconds <= Self.shortest
            ? 0 : 64 - ((nanoseconds - 1) / Self.shortest).leadingZeroBitCount
        counts[min(doublings, counts.count - 1)] += 1
    }
}
