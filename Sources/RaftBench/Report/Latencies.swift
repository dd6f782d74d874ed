/// How long each of many operations took, to within one per cent.
///
/// Counted in buckets, 64 for each doubling, so that to record costs the same for every operation and asks for no memory.
struct Latencies {
    /// Durations below this many nanoseconds have a bucket each; so many more there are for each doubling.
    private static let bucketsADoubling: UInt64 = 64
    private static let bucketBits = 6

    private var counts = [UInt64](repeating: 0, count: bucket(of: .max) + 1)
    private var longest: UInt64 = 0
    private var count: UInt64 = 0

    mutating func record(_ nanoseconds: UInt64) {
        counts[Self.bucket(of: nanoseconds)] += 1
        longest = max(longest, nanoseconds)
        count += 1
    }

    var metrics: [BenchRow.Metric] {
        zip(["p50", "p99", "max"], quantiles([500, 990, 1000])).map { name, value in
            BenchRow.Metric(name: name, unit: "µs", value: value / 1000)
        }
    }

    /// So many in a thousand took no longer than this, in nanoseconds.
    func quantiles(_ permille: [Int]) -> [Double] {
        permille.map { permille in
            permille < 1000 ? Double(quantile(UInt64(max(0, permille)))) : Double(longest)
        }
    }

    /// The shortest duration that so many thousandths of all do not exceed.
    private func quantile(_ permille: UInt64) -> UInt64 {
        var left = count * permille / 1000
        for (bucket, counted) in counts.enumerated() {
            if counted > left { return min(longest, Self.middle(ofBucket: bucket)) }
            left -= counted
        }
        return longest
    }

    private static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= bucketsADoubling else { return Int(nanoseconds) }
        let doublings = 63 - nanoseconds.leadingZeroBitCount - bucketBits
        return Int(UInt64(doublings) * bucketsADoubling + nanoseconds >> UInt64(doublings))
    }

    private static func middle(ofBucket bucket: Int) -> UInt64 {
        let bucket = UInt64(bucket)
        guard bucket >= 2 * bucketsADoubling else { return bucket }
        let doublings = bucket / bucketsADoubling - 1
        let start = (bucket - doublings * bucketsADoubling) << doublings
        return start + 1 << (doublings - 1)
    }
}
