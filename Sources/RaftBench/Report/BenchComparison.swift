internal import FoundationEssentials
internal import Platform

/// Two runs side by side: what both have measured with the same parameters.
package enum BenchComparison {
    /// A row whose calibration was this much slower than the best of its run says little.
    private static let quietNoise = 1.1

    /// Compares two files as `--json` writes them, and tells it line by line.
    ///
    /// - Throws: When a file cannot be read or a line of it is not of a report; says which.
    package static func run(_ first: String, _ second: String, tell: (String) -> Void) throws {
        let (left, right) = (try rows(of: first), try rows(of: second))
        var compared = 0
        for row in left {
            guard
                let other = right.first(where: {
                    $0.suite == row.suite && $0.parameters == row.parameters
                })
            else { continue }
            compared += 1
            let noise = max(row.noise, other.noise)
            tell(row.name + (noise > quietNoise ? " (noise \(BenchReport.figure(noise)))" : ""))
            for metric in row.metrics {
                guard let value = other.metrics.first(where: { $0.name == metric.name })?.value
                else { continue }
                tell("  " + line(metric, value))
            }
        }
        tell("\(compared) of \(left.count) and \(right.count) rows compared")
    }

    private static func line(_ metric: BenchRow.Metric, _ value: Double) -> String {
        let ratio = metric.value == 0 ? "" : ", \(BenchReport.figure(value / metric.value)) times"
        return "\(metric.name): \(BenchReport.figure(metric.value)) -> "
            + "\(BenchReport.figure(value)) \(metric.unit)\(ratio)"
    }

    private static func rows(of path: String) throws -> [BenchRow] {
        let file = try File(path, .readOnly)
        let text = String(decoding: try file.read(64 << 20, at: 0), as: UTF8.self)
        var rows: [BenchRow] = []
        for (number, line) in text.split(separator: "\n").enumerated() {
            do {
                let parsed = try JSONDecoder().decode(BenchLine.self, from: Data(line.utf8))
                if case .row(let row) = parsed { rows.append(row) }
            } catch {
                throw BenchError("\(path), line \(number + 1) is no line of a report: \(error)")
            }
        }
        return rows
    }
}
