package import Platform

/// What a node writes for people and their tools: one line an event, always of the same shape.
///
///     2026-11-21T08:15:00.123Z info node=1 area=raft message="became leader" term=3
///
/// Values with blanks or quotes stand in quotes; nothing in a value can begin a new line.
package final class EventLog: Sendable {
    /// The part of the node that speaks.
    package enum Area: String, Sendable {
        case node
        case raft
        case network
        case storage
        case http
    }

    private let node: UInt64
    private let level: LogLevel
    private let writer: LineWriter

    package init(node: UInt64, level: LogLevel, to writer: LineWriter) {
        self.node = node
        self.level = level
        self.writer = writer
    }

    /// Writes a line, if its level is one that is wanted.
    package func write(
        _ level: LogLevel, _ area: Area, _ message: String,
        _ fields: [(name: String, value: String)] = []
    ) {
        guard level >= self.level else { return }
        writer.write(
            Self.line(
                at: wallClockMilliseconds(), level, node: node, area, message, fields))
    }

    static func line(
        at time: UInt64, _ level: LogLevel, node: UInt64, _ area: Area, _ message: String,
        _ fields: [(name: String, value: String)]
    ) -> String {
        var line = "\(timestamp(time)) \(level.rawValue) node=\(node) area=\(area.rawValue)"
        line += " message=\(quoted(message, always: true))"
        for field in fields { line += " \(field.name)=\(quoted(field.value, always: false))" }
        return line
    }

    private static func quoted(_ text: String, always: Bool) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5c && $0 != 0x7f }
        if isPlain, !always, !text.isEmpty { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
            }
        }
        return result + "\""
    }

    /// A time as RFC 3339 in UTC.
    static func timestamp(_ milliseconds: UInt64) -> String {
        let (year, month, day) = date(days: Int(milliseconds / 86_400_000))
        let time = Int(milliseconds % 86_400_000)
        let date = "\(year)-\(padded(month, 2))-\(padded(day, 2))"
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60].map { padded($0, 2) }
        return "\(date)T\(clock.joined(separator: ":")).\(padded(time % 1000, 3))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The day of the Gregorian calendar that many days after 1970-01-01. Counts in years that begin in March, so
    /// that the leap day comes last.
    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468  // days since 0000-03-01
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
