internal import FoundationEssentials

/// Tells a run line by line, as a table for people or as JSON for `--compare`.
package final class BenchReport {
    private let isJSON: Bool
    private let tell: (String) -> Void
    private var calibration = Calibration()
    private var table = BenchTable()

    /// Begins a report: says what it is made on.
    package init(asJSON isJSON: Bool, settings: String, tell: @escaping (String) -> Void) throws {
        self.isJSON = isJSON
        self.tell = tell
        let heading = BenchHeading(settings: settings)
        if isJSON {
            tell(try Self.encoded(.heading(heading)))
        } else {
            tell("\(heading.machine), \(heading.cores) cores, \(heading.kernel)")
            tell(settings)
        }
    }

    /// Measures something between two calibrations, and tells it.
    func measure(
        _ suite: String, _ parameters: [BenchRow.Parameter],
        _ body: () throws -> [BenchRow.Metric]
    ) throws {
        let before = calibration.run()
        let metrics = try body()
        let after = calibration.run()
        let row = BenchRow(
            suite: suite, parameters: parameters, metrics: metrics,
            noise: Double(max(before, after)) / Double(calibration.best))
        if isJSON { return tell(try Self.encoded(.row(row))) }
        for line in table.lines(for: row) { tell(line) }
    }

    /// A figure with three digits that count, or all in front of the point.
    static func figure(_ value: Double) -> String {
        let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let rest = String(scaled % scale)
        let zeros = String(repeating: "0", count: digits - rest.utf8.count)
        return "\(sign)\(scaled / scale).\(zeros)\(rest)"
    }

    private static func encoded(_ line: BenchLine) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }
}
