/// Which module may import which: the law of the house, read from a table.
///
/// A row is ``| `Module` | One, Two | what it is |``, or has `nothing` in its second cell. Lines that
/// are no such row are passed over.
struct ImportTable {
    private(set) var allowed: [String: Set<String>] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.split { " ,`".contains($0) } }
            guard cells.count >= 2, cells[0].count == 1 else { continue }
            allowed[String(cells[0][0])] = Set(cells[1].map(String.init)).subtracting(["nothing"])
        }
    }

    var modules: Set<String> { Set(allowed.keys) }
}

/// An import as it stands in a file.
struct ImportLine: Equatable {
    var line: Int
    var module: String
    var hasAccessLevel: Bool
}

/// Finds the imports of a file.
func imports(of file: SourceText) -> [ImportLine] {
    let levels: Set = ["public", "package", "internal", "fileprivate", "private"]
    let kinds: Set = ["struct", "enum", "class", "protocol", "func", "var", "let", "typealias"]
    return file.code.indices.compactMap { line in
        let tokens = file.tokens(line)
        guard let place = tokens.firstIndex(of: "import"), place + 1 < tokens.count else {
            return nil
        }
        let before = tokens[..<place]
        guard before.allSatisfy({ levels.contains($0) || $0.hasPrefix("@") }) else { return nil }
        let name = tokens[place + 1]
        let module = kinds.contains(name) && place + 2 < tokens.count ? tokens[place + 2] : name
        return ImportLine(
            line: line, module: module, hasAccessLevel: before.contains(where: levels.contains))
    }
}

/// Every import says who may see it.
func bareImports(in file: SourceText) -> [Finding] {
    imports(of: file).filter { !$0.hasAccessLevel }.map {
        Finding(file, line: $0.line, "the import of \($0.module) has no access level")
    }
}

/// A module imports only what the table allows it.
func forbiddenImports(in file: SourceText, by table: ImportTable) -> [Finding] {
    guard let module = file.module else { return [] }
    guard let allowed = table.allowed[module] else {
        return [Finding(file, line: 0, "the module \(module) is not in the import table")]
    }
    return imports(of: file).filter { !allowed.contains($0.module) }.map {
        Finding(file, line: $0.line, "\(module) must not import \($0.module)")
    }
}

/// The dependencies that a package manifest in our own style declares for its modules.
func declaredDependencies(inManifest text: String) -> [String: Set<String>] {
    // The names are strings, so the text itself is read: `library("Name", ["One", "Two"])`.
    var result: [String: Set<String>] = [:]
    for kind in ["library(", "executable("] {
        for call in text.components(cutAt: kind).dropFirst() {
            guard let end = call.firstIndex(of: ")") else { continue }
            let names = call[..<end].split(separator: "\"", omittingEmptySubsequences: false)
            let quoted = names.indices.filter { !$0.isMultiple(of: 2) }.map { String(names[$0]) }
            guard let name = quoted.first, !call[..<end].contains(":") else { continue }
            result[name] = Set(quoted.dropFirst())
        }
    }
    return result
}

extension String {
    /// The pieces of the text between the places at which `separator` stands.
    fileprivate func components(cutAt separator: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let place = rest.firstRange(of: separator) {
            pieces.append(rest[..<place.lowerBound])
            rest = rest[place.upperBound...]
        }
        return pieces + [rest]
    }
}
