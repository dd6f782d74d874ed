/// A Swift file taken apart, line by line, into what the compiler runs and what only people read.
///
/// The rules look for words and braces, and must not stumble over those inside a comment or a
/// string. `code` holds every line with its comments and the insides of its strings blanked;
/// `comments` holds the comments alone. Regular expression literals are not understood.
struct SourceText: Sendable {
    /// Where the file is, seen from the root of the repository.
    let path: String
    /// The lines as they are.
    let lines: [String]
    /// The lines without comments and without what stands inside strings.
    let code: [String]
    /// The comments of each line, blank where there is none.
    let comments: [String]
    private let tokenized: [[String]]

    init(path: String, text: String) {
        var splitter = Splitter(Array(text.utf8))
        splitter.run()
        self.path = path
        self.lines = Self.splitLines(Array(text.utf8))
        self.code = Self.splitLines(splitter.code)
        self.comments = Self.splitLines(splitter.comments)
        self.tokenized = code.map(Self.tokens)
    }

    private static func splitLines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The folder below `Sources` in which the file lies, or nil when it lies elsewhere.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count >= 3 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// The number of lines, where a last line without a newline counts and an empty one does not.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// The line, counted from zero, without the blanks around it.
    func trimmed(_ line: Int) -> Substring { Self.trim(lines[line][...]) }

    private static func trim(_ text: Substring) -> Substring {
        var result = text.drop(while: \.isWhitespace)
        while result.last?.isWhitespace == true { result.removeLast() }
        return result
    }

    /// The words and signs of a line's code, in order: identifiers whole, all else one by one.
    func tokens(_ line: Int) -> [String] { tokenized[line] }

    private static func tokens(of code: String) -> [String] {
        var result: [String] = []
        var word: [UInt8] = []
        for byte in code.utf8 {
            if isPartOfWord(byte) {
                word.append(byte)
                continue
            }
            if !word.isEmpty { result.append(String(decoding: word, as: UTF8.self)) }
            word.removeAll(keepingCapacity: true)
            if byte != UInt8(ascii: " ") { result.append(String(decoding: [byte], as: UTF8.self)) }
        }
        if !word.isEmpty { result.append(String(decoding: word, as: UTF8.self)) }
        return result
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "@"),
            UInt8(ascii: "#"), 0x80...0xff:
            return true
        default:
            return false
        }
    }
}

/// Walks over a file once and sorts its bytes into code and comments.
private struct Splitter {
    /// What the next byte belongs to; the innermost is last.
    private enum Mode: Equatable {
        case code(openParentheses: Int)
        case string(pounds: Int, isMultiline: Bool)
        case lineComment
        case blockComment
    }

    private let bytes: [UInt8]
    private var position = 0
    private var modes: [Mode] = [.code(openParentheses: 0)]
    private(set) var code: [UInt8] = []
    private(set) var comments: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        code.reserveCapacity(bytes.count)
        comments.reserveCapacity(bytes.count)
    }

    mutating func run() {
        while position < bytes.count {
            switch modes[modes.count - 1] {
            case .code(let open): stepInCode(openParentheses: open)
            case .string(let pounds, let isMultiline): stepInString(pounds, isMultiline)
            case .lineComment: stepInLineComment()
            case .blockComment: stepInBlockComment()
            }
        }
    }

    /// Bytes that may end or begin something; the others are taken without another look.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "*"), UInt8(ascii: "`"), UInt8(ascii: "\""),
            UInt8(ascii: "#"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"),
            UInt8(ascii: "\n"):
            return true
        default:
            return false
        }
    }

    private mutating func stepInCode(openParentheses: Int) {
        guard Self.isSpecial(bytes[position]) else { return takeCode(1) }
        if starts(with: "//") {
            modes.append(.lineComment)
        } else if starts(with: "/*") {
            modes.append(.blockComment)
            takeComment(2)
        } else if starts(with: "`") {
            takeCode(1)
            while position < bytes.count, !starts(with: "`"), !starts(with: "\n") { blank(1) }
            takeCode(1)
        } else if let opening = openingOfString() {
            modes.append(.string(pounds: opening.pounds, isMultiline: opening.isMultiline))
            takeCode(opening.pounds + (opening.isMultiline ? 3 : 1))
        } else if starts(with: "(") {
            modes[modes.count - 1] = .code(openParentheses: openParentheses + 1)
            takeCode(1)
        } else if starts(with: ")"), openParentheses == 0, modes.count > 1 {
            modes.removeLast()  // the end of an interpolation
            takeCode(1)
        } else {
            if starts(with: ")") {
                modes[modes.count - 1] = .code(openParentheses: max(0, openParentheses - 1))
            }
            takeCode(1)
        }
    }

    private mutating func stepInString(_ pounds: Int, _ isMultiline: Bool) {
        guard Self.isSpecial(bytes[position]) else { return blank(1) }
        let fence = String(repeating: "#", count: pounds)
        if starts(with: "\\" + fence + "(") {
            blank(1 + pounds)
            takeCode(1)
            modes.append(.code(openParentheses: 0))
        } else if starts(with: "\\" + fence) {
            blank(2 + pounds)
        } else if starts(with: (isMultiline ? "\"\"\"" : "\"") + fence) {
            takeCode((isMultiline ? 3 : 1) + pounds)
            modes.removeLast()
        } else if starts(with: "\n"), !isMultiline {
            modes.removeLast()  // not Swift; go on with the next line as code
        } else {
            blank(1)
        }
    }

    private mutating func stepInLineComment() {
        if starts(with: "\n") { modes.removeLast() } else { takeComment(1) }
    }

    private mutating func stepInBlockComment() {
        guard Self.isSpecial(bytes[position]) else { return takeComment(1) }
        if starts(with: "/*") {
            modes.append(.blockComment)
            takeComment(2)
        } else if starts(with: "*/") {
            modes.removeLast()
            takeComment(2)
        } else {
            takeComment(1)
        }
    }

    private func openingOfString() -> (pounds: Int, isMultiline: Bool)? {
        var pounds = 0
        while position + pounds < bytes.count, bytes[position + pounds] == UInt8(ascii: "#") {
            pounds += 1
        }
        guard starts(with: "\"", at: position + pounds) else { return nil }
        return (pounds, starts(with: "\"\"\"", at: position + pounds))
    }

    private func starts(with text: String, at start: Int? = nil) -> Bool {
        var index = start ?? position
        for byte in text.utf8 {
            guard index < bytes.count, bytes[index] == byte else { return false }
            index += 1
        }
        return true
    }

    private mutating func takeCode(_ count: Int) { take(count, isCode: true, isComment: false) }
    private mutating func takeComment(_ count: Int) { take(count, isCode: false, isComment: true) }
    private mutating func blank(_ count: Int) { take(count, isCode: false, isComment: false) }

    private mutating func take(_ count: Int, isCode: Bool, isComment: Bool) {
        let end = min(position + count, bytes.count)
        while position < end {
            let byte = bytes[position]
            let isNewline = byte == UInt8(ascii: "\n")
            code.append(isCode || isNewline ? byte : UInt8(ascii: " "))
            comments.append(isComment || isNewline ? byte : UInt8(ascii: " "))
            position += 1
        }
    }
}
