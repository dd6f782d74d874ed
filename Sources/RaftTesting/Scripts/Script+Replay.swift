/// Where a story breaks an invariant.
package struct ScriptFinding: Hashable, Sendable {
    /// The line of the file, from 1 on.
    package var line: Int
    /// The invariant.
    package var violation: String
}

extension Script {
    /// Tells a story up to the first broken invariant.
    ///
    /// - Returns: The line whose command breaks it; nothing when all is well to the end.
    /// - Throws: `ScriptError` with the line of a command that makes no sense.
    package static func finding(in text: String) throws -> ScriptFinding? {
        var script = Script()
        var isOutput = false
        for (offset, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.isEmpty || line == "----" { isOutput = !line.isEmpty }
            guard !line.isEmpty, !isOutput, !line.hasPrefix("#") else { continue }
            do {
                try script.perform(String(line))
            } catch {
                throw ScriptError(description: "line \(offset + 1): \(error)")
            }
            if let violation = script.world?.cluster.violation {
                return ScriptFinding(line: offset + 1, violation: violation)
            }
        }
        return nil
    }
}
