public import RaftStorage

/// Holds a file system of your own against what the log and the snapshots rely on.
///
/// Write `FileSystem` for the storage at hand, and let a test of yours run this on an empty directory of it:
///
/// ```swift
/// let contract = FileSystemContract(files: MyFiles(), directory: "/empty")
/// #expect(contract.check().isEmpty)
/// ```
///
/// Without a way to crash it only what processes see is checked. With one (`crash`), as a simulated or a virtual
/// disk has, also what must be there afterwards.
public struct FileSystemContract<Files: FileSystem> {
    let files: Files
    let directory: String
    let crash: (() -> Void)?

    /// Chooses what is checked.
    ///
    /// - Parameters:
    ///   - directory: The absolute path of a directory that is there and empty. What the check makes in it stays.
    ///   - crash: Takes the power from the disk and gives it back: all that was not synced may be lost, and must be
    ///     lost in some run, or the check proves nothing. Handles opened before are not used again.
    public init(files: Files, directory: String, crash: (() -> Void)? = nil) {
        self.files = files
        self.directory = directory
        self.crash = crash
    }

    /// Checks every rule.
    ///
    /// - Returns: A line for each rule that does not hold, with what was expected and what was found; empty when
    ///   all hold.
    public func check() -> [String] {
        var findings: [String] = []
        for rule in rules + (crash == nil ? [] : rulesOfCrashes) {
            do {
                try rule.check(Bench(files: files, directory: directory + "/" + rule.name))
            } catch {
                findings.append("\(rule.name): \(error)")
            }
        }
        return findings
    }

    /// One thing that must hold.
    struct Rule {
        /// In a few words, fit for a directory.
        var name: String
        var check: (Bench) throws -> Void
    }

    /// A directory of its own for one rule, and the means to complain.
    struct Bench {
        let files: Files
        let directory: String

        func path(_ name: String) -> String { directory + "/" + name }

        /// Makes a file with these bytes.
        func make(_ name: String, _ bytes: [UInt8]) throws -> Files.File {
            try files.createDirectory(directory)
            let file = try files.open(path(name), create: true)
            try file.write(bytes.span, at: 0)
            return file
        }

        /// The bytes of a file, through a handle of its own.
        func bytes(_ name: String) throws -> [UInt8] {
            let file = try files.openForReading(path(name))
            defer { file.close() }
            return try file.read(1 << 20, at: 0)
        }
    }
}

/// What a rule found.
struct ContractBreach: Error, CustomStringConvertible {
    let description: String
}

extension FileSystemContract.Bench {
    func expect<Value: Equatable>(
        _ found: Value, _ expected: Value, _ what: String
    ) throws {
        guard found != expected else { return }
        throw ContractBreach(description: "\(what): expected \(expected), found \(found)")
    }

    /// Something must be refused with one kind of error.
    func expect(
        _ kind: StorageError.Kind, _ what: String, _ body: () throws(StorageError) -> Void
    ) throws {
        do throws(StorageError) {
            try body()
        } catch {
            return try expect(error.kind, kind, what)
        }
        throw ContractBreach(description: "\(what): expected the error \(kind), found none")
    }

    /// Something must be refused, whatever the error.
    func expectRefusal(_ what: String, _ body: () throws(StorageError) -> Void) throws {
        do throws(StorageError) {
            try body()
        } catch { return }
        throw ContractBreach(description: "\(what): expected an error, found none")
    }
}
