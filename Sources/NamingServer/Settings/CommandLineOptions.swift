/// What is wrong with a command line, in one line that a person can act upon.
package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The options of one command, as they were typed: `--name value`, `--name=value` or `--flag`, and the words
/// between them.
///
/// The words are sorted into names and texts first, and each text is read when its turn comes, so
/// that whatever is left over at the end is known to be a mistake.
struct CommandLineOptions {
    private var values: [(name: String, text: String)] = []
    private var flags: [String] = []
    /// The words that belong to no option, as many as were asked for.
    private(set) var arguments: [String] = []

    /// Takes the words apart. A name that is in neither list, or comes twice, is refused.
    ///
    /// - Parameter names: What the words are called that belong to no option and must be there.
    init(
        _ words: [String], arguments names: [String] = [], values valued: [String],
        flags known: [String]
    ) throws(UsageError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                guard arguments.count < names.count, !word.isEmpty else {
                    throw UsageError("unexpected argument '\(word)'")
                }
                arguments.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard !has(name) else { throw UsageError("\(name) is given twice") }
            if known.contains(name) {
                guard parts.count == 1 else { throw UsageError("\(name) takes no value") }
                flags.append(name)
            } else if valued.contains(name) {
                let text = parts.count == 2 ? String(parts[1]) : rest.popFirst()
                guard let text else { throw UsageError("\(name) needs a value") }
                values.append((name, text))
            } else {
                throw UsageError("unknown option \(name)")
            }
        }
        guard arguments.count == names.count else {
            throw UsageError("\(names[arguments.count]) is missing")
        }
    }

    private func has(_ name: String) -> Bool {
        flags.contains(name) || values.contains { $0.name == name }
    }

    /// Whether the flag is there.
    func flag(_ name: String) -> Bool { flags.contains(name) }

    /// The text of an option, or nil when it is not there. Nothing at all is not a text.
    func text(_ name: String) throws(UsageError) -> String? {
        guard let text = values.first(where: { $0.name == name })?.text else { return nil }
        guard !text.isEmpty else { throw UsageError("\(name) needs a value") }
        return text
    }

    /// The text of an option that must be there.
    func requiredText(_ name: String) throws(UsageError) -> String {
        guard let text = try text(name) else { throw UsageError("\(name) is missing") }
        return text
    }

    /// A number within a range, or nil when the option is not there.
    func number(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "\(name) must be a number from \(range.lowerBound) to \(range.upperBound),"
                    + " not '\(text)'")
        }
        return number
    }
}
