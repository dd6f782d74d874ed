/// How long each of many operations took.
struct Latencies {
    private var nanoseconds: [UInt64] = []

    /// - Parameter capacity: How many are expected, so that recording asks for no memory.
    init(capacity: Int) { nanoseconds.reserveCapacity(capacity) }

    mutating func record(_ duration: UInt64) { nanoseconds.append(duration) }

    var metrics: [BenchRow.Metric] {
        let sorted = nanoseconds.sorted()
        func quantile(_ permille: Int) -> Double {
            guard !sorted.isEmpty else { return 0 }
            return Double(sorted[min(sorted.count - 1, sorted.count * permille / 1000)]) / 1000
        }
        return [("p50", 500), ("p99", 990), ("max", 1000)].map { name, permille in
            BenchRow.Metric(name: name, unit: "µs", value: quantile(permille))
        }
    }
}
