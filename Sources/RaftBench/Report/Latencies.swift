/// How long each of many operations took.
struct Latencies {
    private var nanoseconds: [UInt64] = []

    /// - Parameter capacity: How many are expected, so that recording asks for no memory.
    init(capacity: Int) { nanoseconds.reserveCapacity(capacity) }

    mutating func record(_ duration: UInt64) { nanoseconds.append(duration) }

    var metrics: [BenchRow.Metric] {
        zip(["p50", "p99", "max"], quantiles([500, 990, 1000])).map { name, value in
            BenchRow.Metric(name: name, unit: "µs", value: value / 1000)
        }
    }

    /// So many in a thousand took no longer than this, in nanoseconds.
    func quantiles(_ permille: [Int]) -> [Double] {
        let sorted = nanoseconds.sorted()
        return permille.map { permille in
            guard !sorted.isEmpty else { return 0 }
            return Double(sorted[min(sorted.count - 1, sorted.count * permille / 1000)])
        }
    }
}
