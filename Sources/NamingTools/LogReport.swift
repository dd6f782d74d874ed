internal import Nacos
internal import Raft
internal import RaftHost
internal import RaftStorage

/// What the log of a node holds, as text for whoever asked.
package struct LogReport: Equatable, Sendable {
    /// A page for people.
    package let text: String
    /// The same as one line of JSON for programs.
    package let json: String
    /// Whether a node would start with this log.
    package let isSound: Bool

    /// Looks at a directory: a data directory, or the `log` in one. Changes nothing.
    /// - Throws: `ToolError` when there is no log, `StorageError` when the directory cannot be read.
    package static func inspect(_ path: String) throws -> LogReport {
        let files = RealFileSystem()
        let directory = try files.list(path).contains("log") ? path + "/log" : path
        guard let log = try LogInspection.inspect(files: files, directory: directory) else {
            throw ToolError("\(path): there is no log in this directory")
        }
        return try LogReport(log)
    }

    init(_ log: LogInspection) throws {
        text = LogText(log).lines.joined(separator: "\n")
        json = String(decoding: try JSONText.encode(LogView(log)), as: UTF8.self)
        if case .refused = log.verdict { isSound = false } else { isSound = true }
    }
}

/// Why a tool could not do what it was asked, in one line for an operator.
package struct ToolError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The page for people.
private struct LogText {
    let log: LogInspection

    init(_ log: LogInspection) { self.log = log }

    var lines: [String] {
        var lines = ["directory  \(log.directory)"]
        if let identity = log.identity {
            lines.append("cluster    \(identity.cluster)")
            lines.append("node       \(identity.node), incarnation \(hex(identity.incarnation))")
        }
        if let founders = log.initialConfiguration { lines.append("founders   \(names(founders))") }
        let vote = log.hardState.vote.map { ", voted for \($0)" } ?? ""
        lines.append("term       \(log.hardState.term)\(vote)")
        lines.append("begins     after entry \(log.base)")
        lines.append("ends       with entry \(log.last)")
        lines.append("")
        lines += table.lines
        for segment in log.segments {
            if let problem = segment.problem { lines.append("\(segment.fileName): \(problem)") }
            if case .damaged(let claim) = segment.ending {
                lines.append(
                    "\(segment.fileName): damaged at byte \(segment.end); \(position(claim.source)) "
                        + "says that the log was durable up to \(position(claim.through))")
            }
        }
        for name in log.leftovers { lines.append("\(name): left behind by a crash") }
        lines.append("")
        lines.append("verdict    \(verdict)")
        return lines
    }

    private var table: TextTable {
        var table = TextTable([
            "SEGMENT", "BYTES", "CHAIN", "DURABLE AT START", "STATES", "BATCHES", "BASES",
            "RESETS", "MARKS", "ENTRIES", "TERMS", "INDEXES", "END", "BEHIND IT",
        ])
        for segment in log.segments {
            let records = segment.records
            var cells = [segment.fileName, "\(segment.byteCount)"]
            cells += [
                segment.header.map { hex(UInt64($0.chain)) } ?? "-",
                segment.header.map { position($0.durable) } ?? "-",
            ]
            cells += [
                records.hardStates, records.entries, records.bases, records.resets, records.marks,
                segment.entryCount,
            ].map(String.init)
            cells += [range(segment.terms), range(segment.indexes)]
            table.append(cells + ["\(segment.end)", segment.ending.words])
        }
        return table
    }

    private var verdict: String {
        guard case .refused(let error) = log.verdict else { return "\(log.verdict)" }
        guard case .corrupt = error.kind else { return "a node would refuse it: \(error)" }
        return "damaged: a node would put it aside and join its cluster anew, or refuse to start: "
            + "\(error)"
    }

    private func range<Bound>(_ range: ClosedRange<Bound>?) -> String {
        range.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "-"
    }

    private func position(_ position: DiskPosition) -> String {
        "\(position.segment):\(position.offset)"
    }
}

extension SegmentInspection.Ending {
    /// What is behind the records, in a few words.
    var words: String {
        switch self {
        case .blank: "blank"
        case .full: "no room"
        case .otherBytes: "old bytes"
        case .notBegun: "not begun"
        case .torn: "torn"
        case .damaged: "DAMAGED"
        case .unknown: "unknown"
        }
    }
}

func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

func names(_ configuration: Configuration) -> String {
    func list(_ nodes: [NodeID]) -> String { nodes.map(\.description).joined(separator: ",") }
    var text = configuration.incoming.isEmpty ? "none" : list(configuration.incoming)
    if configuration.isJoint { text += ", leaving \(list(configuration.outgoing))" }
    if !configuration.learners.isEmpty { text += ", learners \(list(configuration.learners))" }
    return text
}
