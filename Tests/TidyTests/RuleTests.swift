internal import Testing

/// Each rule finds what is planted for it, and leaves its lawful neighbour alone.
@Suite struct RuleTests {
    func file(_ text: String, at path: String = "Sources/Wire/Planted.swift") -> SourceText {
        SourceText(path: path, text: text)
    }

    /// The lines, counted from one, that a rule complains about.
    func lines(_ findings: [Finding]) -> [Int] { findings.map(\.line) }

    @Test func `comments and strings are no code`() {
        let text = #"""
            let a = "{ \(b("}")) {" // {
            /* { /* { */ { */ let c = "\"{"
            let d = #"\"{"# + """
                { "
                """
            """#
        let code = file(text).code.joined(separator: "\n")
        #expect(!code.contains("{") && !code.contains("}"))
        #expect(code.contains("b(") && code.contains("let c") && code.contains("+"))
        #expect(file(text).comments[0].contains("// {"))
    }

    @Test func `an import outside the table is found`() {
        let table = ImportTable(
            "| module | imports | is |\n| `Wire` | nothing | a |\n| `Nacos` | Wire, Naming | b |")
        #expect(table.allowed == ["Wire": [], "Nacos": ["Wire", "Naming"]])
        let text = "internal import Wire\npublic import struct Naming.Key\ninternal import Glibc\n"
        let nacos = file(text, at: "Sources/Nacos/Planted.swift")
        #expect(lines(forbiddenImports(in: nacos, by: table)) == [3])
        #expect(lines(forbiddenImports(in: file(text), by: table)) == [1, 2, 3])
        let stranger = file(text, at: "Sources/Stranger/Planted.swift")
        #expect(lines(forbiddenImports(in: stranger, by: table)) == [1])
    }

    @Test func `a bare import is found`() {
        let text =
            "import Wire\n@testable import Raft\n@testable internal import Raft\n// import Raft\n"
        #expect(lines(bareImports(in: file(text))) == [1, 2])
    }

    @Test func `the dependencies of a manifest are read`() {
        let manifest = """
            func library(_ name: String) { }
            library("Raft"), library("Wire", ["Raft"]),
            library(
                "Nacos",
                ["Wire", "Raft"]),
            """
        #expect(
            declaredDependencies(inManifest: manifest)
                == ["Raft": [], "Wire": ["Raft"], "Nacos": ["Wire", "Raft"]])
    }

    @Test func `a file is found when it has one line too many`() {
        let lines = String(repeating: "\n", count: 500)
        #expect(oversizedFile(file(lines)).isEmpty)
        #expect(oversizedFile(file(lines + "\n")).count == 1)
    }

    @Test(arguments: [
        "func grow(\n_ a: [Int]) -> Int {\n", "init() {\n", "var size: Int {\n", "deinit {\n",
        "subscript(i: Int) -> Int {\n",
    ])
    func `a function is found when it has one line too many`(opening: String) {
        let count = 70 - opening.split(separator: "\n").count - 1
        let body = String(repeating: "    if a { b() }\n", count: count)
        let neighbours = "var b: Int\nfunc c() {}\n"
        let fits = "protocol P { func a()\n }\n" + opening + body + "}\n" + neighbours
        let overflows = opening + body + "x()\n}\n" + neighbours
        #expect(oversizedFunctions(in: file(fits)).isEmpty)
        #expect(lines(oversizedFunctions(in: file(overflows))) == [1])
    }

    @Test func `a transition table may be long when it is listed`() {
        let text = "func step() {\n" + String(repeating: "a()\n", count: 70) + "}\n"
        #expect(oversizedFunctions(in: file(text)).count == 1)
        #expect(oversizedFunctions(in: file(text), exceptions: ["step"]).isEmpty)
    }

    @Test(arguments: [
        "public func a() {}", "public static let a = 1", "@frozen public struct A {}",
        "    public private(set) var a: Int", "public final class A {}", "open class A {}",
        "nonisolated(unsafe) public var a = 1",
    ])
    func `a public declaration without documentation is found`(declaration: String) {
        #expect(lines(undocumentedDeclarations(in: file("\n" + declaration))) == [2])
        #expect(lines(undocumentedDeclarations(in: file("// Plain.\n" + declaration))) == [2])
        #expect(undocumentedDeclarations(in: file("/// Says.\n" + declaration)).isEmpty)
        #expect(undocumentedDeclarations(in: file("/// Says.\n@inlinable\n" + declaration)).isEmpty)
        #expect(undocumentedDeclarations(in: file("// " + declaration)).isEmpty)
    }

    @Test func `a case and a requirement count as public where their type is`() {
        let members = """
             enum A {
                /// Says.
                case a
                case b
                var c: Int { switch self { case .a: 1 case .b: 2 } }
            }
            """
        #expect(lines(undocumentedDeclarations(in: file("/// A.\npublic" + members))) == [5])
        #expect(undocumentedDeclarations(in: file("/// A.\npackage" + members)).isEmpty)
        let requirements =
            "/// A.\npublic protocol A {\n    func a()\n    /// B.\n    var b: Int { get }\n}\n"
        #expect(lines(undocumentedDeclarations(in: file(requirements))) == [3])
    }

    @Test(arguments: ["TO" + "DO", "FIX" + "ME"])
    func `work put off is found in comments only`(word: String) {
        #expect(lines(unfinishedWork(in: file("let a = 1 // \(word): later"))) == [1])
        #expect(unfinishedWork(in: file("let a = \"\(word)\"")).isEmpty)
    }

    @Test func `a printing library is found, and an executable may print`() {
        let text = "print(\"a\")\nlog.print(\"b\")\nfunc print(_ a: Int) {}\n// print(1)\n"
        let muster = file(text, at: "Sources/muster/Planted.swift")
        #expect(lines(printing(in: file(text), executables: ["muster"])) == [1])
        #expect(printing(in: muster, executables: ["muster"]).isEmpty)
    }

    @Test(arguments: [
        "unsafe a.b()", "final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1",
    ])
    func `a promise without a comment is found`(promise: String) {
        #expect(lines(unprovenPromises(in: file("let a = 1\n" + promise))) == [2])
        #expect(unprovenPromises(in: file("// It holds.\n" + promise)).isEmpty)
        #expect(unprovenPromises(in: file(promise + "  // It holds.")).isEmpty)
        #expect(unprovenPromises(in: file("// It holds.\n\(promise)\n\(promise)")).isEmpty)
        #expect(lines(unprovenPromises(in: file("// It holds.\n\nlet a = 1\n\(promise)"))) == [4])
    }

    @Test func `the kernel's module argues its types but not its pointers`() {
        let text = "run(unsafe a.b())\nfinal class A: @unchecked Sendable {}"
        let platform = file(text, at: "Sources/Platform/Planted.swift")
        #expect(lines(unprovenPromises(in: platform)) == [2])
        #expect(lines(unprovenPromises(in: file(text))) == [1, 2])
    }

    @Test func `a type named like a module is found`() {
        let text = "public struct Raft {}\nstruct Raftsman {}\n// enum Wire\n"
        #expect(lines(namesOfModules(["Raft", "Wire"], takenIn: file(text))) == [1])
    }
}
