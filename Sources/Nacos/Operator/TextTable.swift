/// Rows of text under a heading, for people: columns as wide as what is in them, two blanks apart.
package struct TextTable: Equatable, Sendable {
    private var rows: [[String]]

    /// A table that has its heading alone. No row may have more cells than it has.
    package init(_ heading: [String]) { rows = [heading] }

    /// Adds a row; cells that are missing at its end stay empty.
    package mutating func append(_ row: [String]) { rows.append(row) }

    /// The lines, without blanks at their ends.
    package var lines: [String] {
        let widths = rows[0].indices.map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }.joined(separator: "  ")[...]
            while line.last == " " { line.removeLast() }
            return String(line)
        }
    }
}
