internal import CBench
internal import Platform

/// What the whole process uses between two looks.
struct Meter {
    private let start = MonotonicTime.now
    private let processor = MonotonicTime.ofProcess
    private let allocations: UInt64

    /// Begins to measure; counts allocations from now on.
    init() {
        muster_count_allocations(1)
        allocations = muster_allocations()
    }

    /// What was used since, for each of so many operations.
    func stop(operations: Int) -> Use {
        let use = Use(
            nanoseconds: MonotonicTime.now.nanoseconds(since: start),
            processorNanoseconds: MonotonicTime.ofProcess.nanoseconds(since: processor),
            allocations: muster_allocations() - allocations, operations: operations)
        muster_count_allocations(0)
        return use
    }

    struct Use {
        var nanoseconds: UInt64
        var processorNanoseconds: UInt64
        var allocations: UInt64
        var operations: Int

        /// Microseconds of processor time for each operation.
        var processorEach: Double {
            Double(processorNanoseconds) / Double(max(operations, 1)) / 1000
        }

        var metrics: [BenchRow.Metric] {
            let count = Double(max(operations, 1))
            return [
                BenchRow.Metric(
                    name: "throughput", unit: "/s", value: count / Double(nanoseconds) * 1e9),
                BenchRow.Metric(
                    name: "CPU", unit: "µs", value: processorEach),
                BenchRow.Metric(
                    name: "allocations", unit: "each", value: Double(allocations) / count),
            ]
        }
    }
}
