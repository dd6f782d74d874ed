// Parameters by name and kind. A blank parameter is one that was not sent: clients drop it or
// send it empty as they please.

extension Parameters {
    /// The first value of these names that is not blank, trimmed; earlier names come first.
    package func text(_ names: String...) -> String? { text(of: names) }

    private func text(of names: [String]) -> String? {
        for name in names {
            for field in fields where field.name == name {
                let value = trimmed(field.value)
                if !value.isEmpty { return value }
            }
        }
        return nil
    }

    /// A value that must be there.
    package func required(_ names: String...) throws(NacosError) -> String {
        guard let value = text(of: names) else { throw .missing(names[0]) }
        return value
    }

    /// A value and, where it differs, what it was before decoding: for JSON that a client forgot
    /// to encode and that decoding has spoilt.
    func candidates(_ name: String) -> [String] {
        for field in fields where field.name == name {
            let value = trimmed(field.value)
            if !value.isEmpty { return [value] + (field.undecoded.map { [trimmed($0)] } ?? []) }
        }
        return []
    }

    /// A truth value in any of the words that Nacos knows.
    package func boolean(_ names: String...) throws(NacosError) -> Bool? {
        guard let word = text(of: names) else { return nil }
        switch word.lowercased() {
        case "true", "on", "yes", "t", "y": return true
        case "false", "off", "no", "f", "n": return false
        default: throw .illegal(names[0], "the value should be true or false.")
        }
    }

    /// Whether the value is the word `true`; everything else is false, as Nacos has it for
    /// `healthyOnly` and its like.
    package func isTrue(_ name: String) -> Bool { text(name)?.lowercased() == "true" }

    /// A whole number, which may also be written as `8080.0`.
    package func integer(
        _ name: String, in range: ClosedRange<Int>
    ) throws(NacosError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = wholeNumber(text), range.contains(number) else {
            throw .illegal(
                name, "the value should be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// A finite number.
    package func number(_ name: String) throws(NacosError) -> Double? {
        guard let text = text(name) else { return nil }
        guard let number = Double(text), number.isFinite else {
            throw .illegal(name, "the value should be a number.")
        }
        return number
    }
}

/// The number in `8080` or `8080.0`.
func wholeNumber(_ text: String) -> Int? {
    if let number = Int(text) { return number }
    guard let number = Double(text) else { return nil }
    return Int(exactly: number)
}
