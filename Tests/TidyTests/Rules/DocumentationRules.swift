/// What a stranger can call says what it does: every `public` declaration, every case of a public
/// enum and every requirement of a public protocol has a documentation comment above it.
func undocumentedDeclarations(in file: SourceText) -> [Finding] {
    var openTypes: [(keyword: String, depth: Int)] = []
    var depth = 0
    var findings: [Finding] = []
    for line in file.code.indices {
        let tokens = file.tokens(line)
        let isMember = openTypes.last.map { isImplicitlyPublic(tokens, in: $0.keyword) } ?? false
        let isInside = openTypes.last.map { $0.depth + 1 == depth } ?? false
        if isDeclaredPublic(tokens) || (isMember && isInside), !isDocumented(file, line) {
            findings.append(Finding(file, line: line, "a public declaration has no documentation"))
        }
        let startDepth = depth
        depth += tokens.count { $0 == "{" } - tokens.count { $0 == "}" }
        while let last = openTypes.last, depth <= last.depth { openTypes.removeLast() }
        if let keyword = openedPublicType(tokens), depth > startDepth {
            openTypes.append((keyword, startDepth))
        }
    }
    return findings
}

private let declarationKeywords: Set = [
    "func", "var", "let", "struct", "enum", "class", "actor", "protocol", "init", "subscript",
    "typealias", "associatedtype", "macro",
]

private func isDeclaredPublic(_ tokens: [String]) -> Bool {
    guard let level = tokens.firstIndex(where: { $0 == "public" || $0 == "open" }) else {
        return false
    }
    let keyword = tokens[level...].firstIndex(where: declarationKeywords.contains)
    guard let keyword, !tokens.contains("extension"), !tokens.contains("import") else {
        return false
    }
    // Only modifiers stand between the two; anything else is a use of the word.
    return tokens[..<level].allSatisfy { $0.hasPrefix("@") || isModifier($0) || "()".contains($0) }
        && tokens[level..<keyword].allSatisfy { isModifier($0) || "()".contains($0) || $0 == "set" }
}

private func isModifier(_ token: String) -> Bool {
    let modifiers: Set = [
        "public", "open", "private", "fileprivate", "package", "internal", "static", "final",
        "mutating", "nonmutating", "consuming", "borrowing", "override", "required", "convenience",
        "lazy", "weak", "unowned", "nonisolated", "indirect", "prefix", "postfix", "infix",
        "unsafe",
    ]
    return modifiers.contains(token)
}

private func isImplicitlyPublic(_ tokens: [String], in keyword: String) -> Bool {
    switch keyword {
    case "enum": tokens.first == "case" || tokens.prefix(2) == ["indirect", "case"]
    case "protocol": tokens.first { !isModifier($0) }.map(declarationKeywords.contains) ?? false
    default: false
    }
}

/// The keyword of the type that a line declares as public, whether or not members follow.
private func openedPublicType(_ tokens: [String]) -> String? {
    let kinds: Set = ["enum", "protocol", "struct", "class", "actor", "extension"]
    guard let keyword = tokens.first(where: kinds.contains), tokens.contains("{") else {
        return nil
    }
    return isDeclaredPublic(tokens) ? keyword : "other"
}

private func isDocumented(_ file: SourceText, _ declaration: Int) -> Bool {
    var line = declaration - 1
    while line >= 0, file.trimmed(line).hasPrefix("@") || file.trimmed(line).hasPrefix("#if") {
        line -= 1
    }
    guard line >= 0 else { return false }
    return file.trimmed(line).hasPrefix("///") || file.trimmed(line).hasSuffix("*/")
}
