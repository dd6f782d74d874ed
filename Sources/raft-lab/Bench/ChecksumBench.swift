internal import Platform
internal import Wire

/// How fast CRC-32C is, by the processor's instructions and by tables.
enum ChecksumBench {
    static func run() -> Bool {
        print("instructions for CRC-32C: \(CRC32C.hasInstructions ? "yes" : "no, tables only")")
        print("     bytes  as used GB/s  tables GB/s  ratio")
        for size in [32, 64, 256, 1 << 10, 4 << 10, 64 << 10, 1 << 20] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ 7) }
            // In turns, so that whatever else the machine does hits both.
            var (used, tables): (Double, Double) = (0, 0)
            for _ in 0..<5 {
                used = max(used, rate(bytes) { $0.update($1) })
                tables = max(tables, rate(bytes) { $0.updateByTables($1) })
            }
            print(column(size, 10), column(used, 13), column(tables, 12), column(used / tables, 6))
        }
        return true
    }

    /// Bytes a nanosecond.
    private static func rate(
        _ bytes: [UInt8], _ update: (inout CRC32C, Span<UInt8>) -> Void
    ) -> Double {
        var crc = CRC32C()
        let rounds = max(1, (8 << 20) / bytes.count)
        let start = MonotonicTime.now
        for _ in 0..<rounds { update(&crc, bytes.span) }
        let nanoseconds = MonotonicTime.now.nanoseconds(since: start)
        // The result is used, so that the work is done.
        return Double(rounds * bytes.count) / Double(nanoseconds + UInt64(crc.value & 1))
    }
}

/// A number at the right of a column.
func column(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}

/// A number with two digits behind the point, at the right of a column.
func column(_ value: Double, _ width: Int) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    let text = "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}
