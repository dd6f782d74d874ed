/// One place at which a rule of the house is broken.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let message: String

    /// Makes a finding; `line` counts from zero, as the rules do.
    init(_ file: SourceText, line: Int, _ message: String) {
        self.path = file.path
        self.line = line + 1
        self.message = message
    }

    var description: String { "\(path):\(line): \(message)" }
}
