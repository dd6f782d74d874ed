// How the words of a command line are read.

/// A number that follows an option.
func number(_ text: String?, _ name: String) -> Int {
    guard let number = text.flatMap(Int.init), (0...1_000_000_000).contains(number) else {
        fail("\(name) takes a number")
    }
    return number
}

/// A number from 1 to a limit that follows an option.
func positive(_ text: String?, _ name: String, _ limit: Int) -> Int {
    let value = number(text, name)
    guard (1...limit).contains(value) else { fail("\(name) takes 1 to \(limit)") }
    return value
}

/// A time in seconds that follows `--seconds`.
func seconds(_ text: String?) -> Double {
    guard let value = text.flatMap(Double.init), (0.01...600).contains(value) else {
        fail("--seconds takes a number up to 600")
    }
    return value
}

/// A range of seeds that follows an option.
func range(_ text: String?, _ name: String) -> Range<UInt64> {
    let ends = (text ?? "").split(separator: "..<").compactMap { UInt64($0) }
    guard ends.count == 2, ends[0] <= ends[1] else { fail("\(name) takes A..<B") }
    return ends[0]..<ends[1]
}
