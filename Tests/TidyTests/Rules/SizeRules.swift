/// A file has one concern, and its size shows when it has more.
func oversizedFile(_ file: SourceText, limit: Int = 500) -> [Finding] {
    guard file.lineCount > limit else { return [] }
    return [Finding(file, line: limit, "the file has \(file.lineCount) lines, more than \(limit)")]
}

/// A function, an initialiser, a subscript or a computed property, and the lines it takes.
struct FunctionExtent: Equatable {
    var name: String
    var firstLine: Int
    var lastLine: Int

    var lineCount: Int { lastLine - firstLine + 1 }
}

/// Functions fit on a screen; `exceptions` lists switches that *are* a transition table, by name.
func oversizedFunctions(
    in file: SourceText, limit: Int = 70, exceptions: Set<String> = []
) -> [Finding] {
    functions(in: file).filter { $0.lineCount > limit && !exceptions.contains($0.name) }.map {
        Finding(
            file, line: $0.firstLine, "`\($0.name)` has \($0.lineCount) lines, more than \(limit)")
    }
}

/// Finds what has a body in braces, by its keyword and the brace that follows.
func functions(in file: SourceText) -> [FunctionExtent] {
    let tokens = file.code.indices.flatMap { line in
        file.tokens(line).map { (text: $0, line: line) }
    }
    let words = tokens.map(\.text)
    return tokens.indices.compactMap { start in
        guard isDeclaration(words, at: start) else { return nil }
        guard let brace = openingBrace(after: start, in: tokens) else { return nil }
        var depth = 0
        for place in brace..<tokens.count {
            if tokens[place].text == "{" { depth += 1 }
            if tokens[place].text == "}" { depth -= 1 }
            guard depth == 0 else { continue }
            return FunctionExtent(
                name: name(of: words, at: start), firstLine: tokens[start].line,
                lastLine: tokens[place].line)
        }
        return nil
    }
}

private func isDeclaration(_ tokens: [String], at place: Int) -> Bool {
    switch tokens[place] {
    case "func", "deinit", "subscript", "var": return true
    case "init": return place == 0 || tokens[place - 1] != "."
    default: return false
    }
}

private func name(of tokens: [String], at place: Int) -> String {
    guard tokens[place] == "func" || tokens[place] == "var", place + 1 < tokens.count else {
        return tokens[place]
    }
    return tokens[place + 1]
}

/// The brace that opens the body, or nil for a requirement or a stored property.
private func openingBrace(after start: Int, in tokens: [(text: String, line: Int)]) -> Int? {
    let ends: Set = [
        "func", "deinit", "subscript", "var", "let", "case", "struct", "enum", "class",
    ]
    var depth = 0
    for place in (start + 1)..<max(start + 1, tokens.count) {
        let (text, line) = tokens[place]
        switch text {
        case "(", "[": depth += 1
        case ")", "]": depth -= 1
        case "{" where depth == 0: return place
        case "}" where depth <= 0: return nil
        case _ where depth < 0: return nil
        case _ where depth == 0 && ends.contains(text): return nil
        default: break
        }
        if tokens[start].text == "var", depth == 0, line > tokens[start].line { return nil }
    }
    return nil
}
