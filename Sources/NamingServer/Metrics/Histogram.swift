/// Counts values by size in fixed buckets, the way Prometheus reads them.
///
/// Recording costs a short search and two additions, so whoever measures owns one.
package struct Histogram: Equatable, Sendable {
    /// The upper bounds of the buckets, ascending; a value equal to a bound counts in its bucket.
    package let bounds: [Double]
    /// The values in each bucket alone; the last one is for what is above all bounds.
    package private(set) var counts: [UInt64]
    /// The sum of all values.
    package private(set) var sum = 0.0

    /// Makes an empty histogram; bounds are sorted, and what is no number is left out.
    package init(bounds: [Double]) {
        var sorted: [Double] = []
        for bound in bounds.filter(\.isFinite).sorted() where sorted.last != bound {
            sorted.append(bound)
        }
        self.bounds = sorted
        counts = Array(repeating: 0, count: sorted.count + 1)
    }

    /// Takes over what somebody else has counted: ascending bounds, and one count more than bounds.
    package init(bounds: [Double], counts: [UInt64], sum: Double) {
        self.init(bounds: bounds)
        for i in self.counts.indices where i < counts.count { self.counts[i] = counts[i] }
        self.sum = sum
    }

    /// For durations in seconds: a tenth of a millisecond to ten seconds.
    package static let seconds = Histogram(bounds: [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
        10,
    ])

    /// For numbers of things in a batch: powers of four.
    package static let sizes = Histogram(bounds: [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536])

    /// The number of values.
    package var count: UInt64 { counts.reduce(0, &+) }

    /// Counts a value; one that is no number counts as too large for every bucket.
    package mutating func record(_ value: Double) {
        var bucket = 0
        while bucket < bounds.count, !(value <= bounds[bucket]) { bucket += 1 }
        counts[bucket] &+= 1
        if value.isFinite { sum += value }
    }

    /// Counts a duration in nanoseconds as seconds.
    package mutating func record(nanoseconds: UInt64) { record(Double(nanoseconds) / 1e9) }
}
