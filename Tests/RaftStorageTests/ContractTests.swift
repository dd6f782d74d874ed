internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `The contract of file systems` {
    @Test(arguments: 1...20)
    func `is kept by the simulated one, also when its power fails`(seed: UInt64) throws {
        let files = SimulatedFileSystem()
        try files.createDirectory("/data")
        try files.syncDirectory("/")
        var dice = Dice(seed)
        let contract = FileSystemContract(files: files, directory: "/data") {
            files.crash(using: &dice)
        }
        #expect(contract.check() == [])
    }

    @Test(arguments: Flaw.allCases)
    func `finds each flaw`(flaw: Flaw) throws {
        let files = SimulatedFileSystem()
        try files.createDirectory("/data")
        try files.syncDirectory("/")
        let contract = FileSystemContract(
            files: FlawedFiles(flaw: flaw, files: files), directory: "/data"
        ) { files.crashKeepingNothing() }
        #expect(!contract.check().isEmpty)
    }
}

/// What a careless implementation does.
enum Flaw: CaseIterable {
    case listsUnsorted, listsMissingDirectory, opensWhatIsNotThere, renamesByHalf,
        keepsWhatIsRemoved
    case readsToTheFull, writesAtTheStart, gathersInDisorder, growsWithoutZeros, shrinksOnAllocate,
        doesNotTruncate
    case writesThroughReaders, syncsNothing, syncsNoNames, removesFullDirectories
}

/// A file system with one flaw.
struct FlawedFiles: FileSystem {
    let flaw: Flaw
    let files: SimulatedFileSystem

    func createDirectory(_ path: String) throws(StorageError) {
        try files.createDirectory(path)
    }

    func list(_ directory: String) throws(StorageError) -> [String] {
        do throws(StorageError) {
            let names = try files.list(directory)
            return flaw == .listsUnsorted ? names.reversed() : names
        } catch {
            if flaw == .listsMissingDirectory { return [] }
            throw error
        }
    }

    func open(_ path: String, create: Bool) throws(StorageError) -> FlawedFile {
        let mayMake = create || flaw == .opensWhatIsNotThere
        let file = try files.open(path, create: mayMake)
        return FlawedFile(flaw: flaw, file: file)
    }

    func openForReading(_ path: String) throws(StorageError) -> FlawedFile {
        if flaw == .writesThroughReaders { return try open(path, create: false) }
        let file = try files.openForReading(path)
        return FlawedFile(flaw: flaw, file: file)
    }

    func rename(_ from: String, to: String) throws(StorageError) {
        guard flaw == .renamesByHalf else { return try files.rename(from, to: to) }
        let old = try files.open(from, create: false)
        let copy = try files.open(to, create: true)
        let bytes = try old.read(1000, at: 0)
        try copy.write(bytes.span, at: 0)
    }

    func remove(_ path: String) throws(StorageError) {
        if flaw != .keepsWhatIsRemoved { try files.remove(path) }
    }

    func removeDirectory(_ path: String) throws(StorageError) {
        if flaw == .removesFullDirectories, let name = try files.list(path).first {
            try files.remove(path + "/" + name)
        }
        try files.removeDirectory(path)
    }

    func syncDirectory(_ path: String) throws(StorageError) {
        if flaw != .syncsNoNames { try files.syncDirectory(path) }
    }
}

struct FlawedFile: StorageFile {
    let flaw: Flaw
    let file: SimulatedFile

    func size() throws(StorageError) -> UInt64 { try file.size() }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
        try file.write(bytes, at: flaw == .writesAtTheStart ? 0 : offset)
    }

    func write(
        _ start: Span<UInt8>, _ rest: Span<UInt8>, _ end: Span<UInt8>, at offset: UInt64
    ) throws(StorageError) {
        if flaw == .gathersInDisorder {
            try file.write(start, end, rest, at: offset)
        } else {
            try file.write(start, rest, end, at: offset)
        }
    }

    func read(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        let bytes = try file.read(count, at: offset)
        guard flaw == .readsToTheFull, count < 100 else { return bytes }
        return bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }

    func truncate(to size: UInt64) throws(StorageError) {
        if flaw != .doesNotTruncate { try file.truncate(to: size) }
    }

    func allocate(_ size: UInt64) throws(StorageError) {
        switch flaw {
        case .shrinksOnAllocate: try file.truncate(to: size)
        case .growsWithoutZeros: try soil(size)
        default: try file.allocate(size)
        }
    }

    private func soil(_ size: UInt64) throws(StorageError) {
        let old = try file.size()
        guard size > old else { return }
        let dirt = [UInt8](repeating: 0xFF, count: Int(size - old))
        try file.write(dirt.span, at: old)
    }

    func sync() throws(StorageError) {
        if flaw != .syncsNothing { try file.sync() }
    }

    func close() { file.close() }
}
