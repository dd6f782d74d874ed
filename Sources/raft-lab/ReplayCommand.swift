internal import Platform
internal import RaftTesting

/// `raft-lab replay`: tells a story again, and says where it breaks an invariant.
enum ReplayCommand {
    static let usage = """
        usage: raft-lab replay FILE

          FILE   a scenario, as in Tests/RaftTests/Scenarios or as `raft-lab explore` prints it;
                 - reads it from the standard input
        """

    private static let maxBytes: UInt64 = 16 << 20

    /// Whether all invariants held.
    static func run(_ arguments: [String]) -> Bool {
        guard arguments.count == 1 else { fail(usage) }
        let text = arguments[0] == "-" ? standardInput() : contents(of: arguments[0])
        do {
            print(try Script.redraw(text), terminator: "")
            guard let finding = try Script.finding(in: text) else {
                print("all invariants hold")
                return true
            }
            print("line \(finding.line) breaks an invariant: \(finding.violation)")
            return false
        } catch {
            fail("\(error)")
        }
    }

    private static func standardInput() -> String {
        var text = ""
        while let line = readLine(strippingNewline: false) { text += line }
        return text
    }

    private static func contents(of path: String) -> String {
        do {
            let file = try File(path, .readOnly)
            let size = try file.size()
            guard size <= maxBytes else { fail("\(path) is too long for a scenario") }
            return String(decoding: try file.read(Int(size), at: 0), as: UTF8.self)
        } catch {
            fail("\(path): \(error)")
        }
    }
}
