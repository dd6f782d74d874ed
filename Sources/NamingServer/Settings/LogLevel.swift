/// How grave a log line is; a node writes those at its level and above.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
    /// What only somebody who looks for a fault wants to see.
    case debug
    /// What happens seldom and is as it should be.
    case info
    /// What the node gets over alone, but somebody should know.
    case warning
    /// What somebody has to do something about.
    case error

    /// Orders levels by how grave they are.
    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension LogLevel {
    /// Reads `--log-level`; nil when it is not there.
    init?(option options: CommandLineOptions) throws(UsageError) {
        guard let text = try options.text("--log-level") else { return nil }
        guard let level = Self(rawValue: text) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("--log-level must be one of \(known), not '\(text)'")
        }
        self = level
    }
}
