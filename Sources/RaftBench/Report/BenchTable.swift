/// Rows beneath each other under one heading, for people.
struct BenchTable {
    private struct Column {
        /// The heading, the unit last, if there is one.
        var lines: [String]
        var width: Int
    }

    private var suite = ""
    private var parameters: [String] = []
    private var metrics: [String] = []
    private var columns: [Column] = []

    /// The lines that tell a row: with a heading before it, when it does not fit under the last one.
    mutating func lines(for row: BenchRow) -> [String] {
        let names = row.metrics.map(\.name)
        let isSame =
            row.suite == suite && row.parameters.map(\.name) == parameters
            && names.allSatisfy { metrics.contains($0) }
        let heading = isSame ? [] : begin(row)
        // What the row does not have is left out.
        let figures = metrics.map { name in
            row.metrics.first { $0.name == name }.map { BenchReport.figure($0.value) } ?? ""
        }
        let cells = row.parameters.map(\.value) + figures + [BenchReport.figure(row.noise)]
        return heading + [line(cells)]
    }

    private mutating func begin(_ row: BenchRow) -> [String] {
        suite = row.suite
        parameters = row.parameters.map(\.name)
        metrics = row.metrics.map(\.name)
        columns = row.parameters.map { Self.column($0.name, "", fitting: $0.value) }
        columns += row.metrics.map {
            Self.column($0.name, $0.unit, fitting: BenchReport.figure($0.value))
        }
        columns.append(Self.column("noise", "", fitting: "1.00"))
        let height = columns.map(\.lines.count).max() ?? 0
        let lines = (0..<height).map { number in
            line(
                columns.map { column in
                    let place = number - (height - column.lines.count)
                    return place < 0 ? "" : column.lines[place]
                })
        }
        return ["", suite] + lines
    }

    /// Wide enough for some digits more than the first figure has; the name's words are put together where they fit.
    private static func column(
        _ name: String, _ unit: String, fitting value: String
    ) -> Column {
        let words = name.split(separator: " ").map(String.init)
        let width = max(7, value.count, unit.count, words.map(\.count).max() ?? 0)
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(word)
            }
        }
        return Column(lines: unit.isEmpty ? lines : lines + [unit], width: width)
    }

    private func line(_ cells: [String]) -> String {
        let text = zip(columns, cells).map { column, cell in
            String(repeating: " ", count: max(0, column.width - cell.count)) + cell
        }.joined(separator: "  ")
        return String(text.prefix(through: text.lastIndex { $0 != " " } ?? text.startIndex))
    }
}
