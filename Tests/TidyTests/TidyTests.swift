internal import Testing

/// The rules of the house, held against every file of this checkout.
@Suite struct TidyTests {
    /// Modules of the system: they are imported without being targets of the package.
    static let systemModules: Set = ["Glibc", "Synchronization", "FoundationEssentials"]
    static let executables: Set = ["muster", "raft-lab"]
    /// Functions that are one switch, the transition table itself.
    static let longFunctions: Set<String> = []

    let table: ImportTable

    init() throws { table = try ImportTable(Repository.text("ARCHITECTURE.md")) }

    @Test func `the rules look at the whole repository`() {
        #expect(table.modules.count >= 14)
        #expect(Repository.sources.count >= table.modules.count)
        #expect(Set(Repository.sources.compactMap(\.module)).isSubset(of: table.modules))
    }

    @Test func `a module imports only what the table allows`() {
        #expect(Repository.sources.flatMap { forbiddenImports(in: $0, by: table) } == [])
    }

    @Test func `every import has an access level`() {
        #expect(Repository.files.flatMap(bareImports) == [])
    }

    @Test func `the package declares what the table allows`() throws {
        let declared = try declaredDependencies(inManifest: Repository.text("Package.swift"))
        for (module, allowed) in table.allowed {
            #expect(declared[module] == allowed.subtracting(Self.systemModules), "\(module)")
        }
    }

    @Test func `no file has more than 500 lines`() {
        #expect(Repository.files.flatMap { oversizedFile($0) } == [])
    }

    @Test func `no function has more than 70 lines`() {
        let found = Repository.files.flatMap {
            oversizedFunctions(in: $0, exceptions: Self.longFunctions)
        }
        #expect(found == [])
    }

    @Test func `every public declaration is documented`() {
        #expect(Repository.sources.flatMap(undocumentedDeclarations) == [])
    }

    @Test func `no comment puts work off`() {
        #expect(Repository.files.flatMap(unfinishedWork) == [])
    }

    @Test func `no library prints`() {
        #expect(
            Repository.sources.flatMap { printing(in: $0, executables: Self.executables) } == [])
    }

    @Test func `what the compiler cannot check is argued in a comment`() {
        #expect(Repository.files.flatMap(unprovenPromises) == [])
    }

    @Test func `no type has the name of a module`() {
        #expect(Repository.sources.flatMap { namesOfModules(table.modules, takenIn: $0) } == [])
    }
}
