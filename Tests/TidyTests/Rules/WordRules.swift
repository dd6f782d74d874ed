/// What is left to do is an issue, not a comment.
func unfinishedWork(in file: SourceText) -> [Finding] {
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    return file.comments.indices.flatMap { line in
        words.filter(file.comments[line].contains).map {
            Finding(file, line: line, "a comment says \($0)")
        }
    }
}

/// Only executables talk to whoever started them; everything else reports through its caller.
func printing(in file: SourceText, executables: Set<String>) -> [Finding] {
    guard let module = file.module, !executables.contains(module) else { return [] }
    return file.code.indices.filter { line in
        let tokens = file.tokens(line)
        return tokens.indices.contains { place in
            ["print", "debugPrint", "dump"].contains(tokens[place])
                && place + 1 < tokens.count && tokens[place + 1] == "("
                && (place == 0 || ![".", "func"].contains(tokens[place - 1]))
        }
    }.map { Finding(file, line: $0, "a library prints") }
}

/// What the compiler cannot check is argued by a person: on the same line, or right above it.
///
/// Lines with the same mark that follow each other share the comment above the first. The module
/// that talks to the kernel, and tests, need not argue each `unsafe`; the other two they do.
func unprovenPromises(in file: SourceText) -> [Finding] {
    let isFreeWithPointers = file.module == nil || file.module == "Platform"
    let marked = file.code.indices.map { line -> String? in
        let promise = promise(file.tokens(line))
        return promise == "unsafe" && isFreeWithPointers ? nil : promise
    }
    return marked.indices.compactMap { line in
        guard let promise = marked[line] else { return nil }
        var above = line
        while above > 0, marked[above] == promise, !isComment(file, above) { above -= 1 }
        while above > 0, file.trimmed(above).hasPrefix("@") { above -= 1 }
        if isComment(file, line) || isComment(file, above) { return nil }
        return Finding(file, line: line, "\(promise) without a comment that proves it")
    }
}

private func isComment(_ file: SourceText, _ line: Int) -> Bool {
    file.comments[line].contains { !$0.isWhitespace }
}

private func promise(_ tokens: [String]) -> String? {
    for place in tokens.indices {
        let before = tokens[..<place].suffix(2)
        switch tokens[place] {
        case "@unchecked": return "@unchecked Sendable"
        case "unsafe" where before == ["nonisolated", "("]: return "nonisolated(unsafe)"
        case "unsafe", "@unsafe", "@safe": return "unsafe"
        default: continue
        }
    }
    return nil
}

/// A module and a type never share a name: the name would then always mean the type.
func namesOfModules(_ modules: Set<String>, takenIn file: SourceText) -> [Finding] {
    let kinds: Set = ["struct", "enum", "class", "actor", "protocol", "typealias"]
    return file.code.indices.flatMap { line in
        let tokens = file.tokens(line)
        return tokens.indices.dropLast().compactMap { place -> Finding? in
            guard kinds.contains(tokens[place]), modules.contains(tokens[place + 1]) else {
                return nil
            }
            return Finding(
                file, line: line, "a type has the name of the module \(tokens[place + 1])")
        }
    }
}
