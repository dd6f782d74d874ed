internal import RaftStorage
internal import Wire

/// Files that are arrays: what the log itself costs, without the system and the disk.
///
/// `@unchecked Sendable`: the protocol asks for it because syncs mostly leave the thread; here all work is done on
/// the thread of the cluster.
final class MemoryFileSystem: FileSystem, @unchecked Sendable {
    private var files: [String: MemoryFile] = [:]
    private let tally = MemoryTally()
    private var directories: Set<String> = []

    /// The bytes of all writes to any of the files.
    var writtenBytes: UInt64 { tally.writtenBytes }

    func createDirectory(_ path: String) throws(StorageError) { directories.insert(path) }

    func list(_ directory: String) throws(StorageError) -> [String] {
        guard directories.contains(directory) else {
            throw StorageError(.notFound, operation: "list", path: directory)
        }
        let prefix = directory + "/"
        let paths = Array(files.keys) + directories
        return paths.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/") }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    func open(_ path: String, create: Bool) throws(StorageError) -> MemoryFile {
        if let file = files[path] { return file }
        guard create else { throw StorageError(.notFound, operation: "open", path: path) }
        let file = MemoryFile(tally)
        files[path] = file
        return file
    }

    func openForReading(_ path: String) throws(StorageError) -> MemoryFile {
        try open(path, create: false)
    }

    func rename(_ from: String, to: String) throws(StorageError) {
        guard let file = files.removeValue(forKey: from) else {
            throw StorageError(.notFound, operation: "rename", path: from)
        }
        files[to] = file
    }

    func remove(_ path: String) throws(StorageError) {
        guard files.removeValue(forKey: path) != nil else {
            throw StorageError(.notFound, operation: "remove", path: path)
        }
    }

    func removeDirectory(_ path: String) throws(StorageError) { directories.remove(path) }

    func syncDirectory(_ path: String) throws(StorageError) {}
}

/// Counts what is written to the files of a `MemoryFileSystem`.
private final class MemoryTally {
    var writtenBytes: UInt64 = 0
}

/// See `MemoryFileSystem`.
final class MemoryFile: StorageFile, @unchecked Sendable {
    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

    private var bytes: [UInt8] = []
    private let tally: MemoryTally

    fileprivate init(_ tally: MemoryTally) { self.tally = tally }

    func size() throws(StorageError) -> UInt64 { UInt64(bytes.count) }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
        put(bytes, at: Int(offset))
    }

    func write(
        _ start: Span<UInt8>, _ rest: Span<UInt8>, _ end: Span<UInt8>, at offset: UInt64
    ) throws(StorageError) {
        let offset = Int(offset)
        put(start, at: offset)
        put(rest, at: offset + start.count)
        put(end, at: offset + start.count + rest.count)
    }

    private func put(_ new: Span<UInt8>, at offset: Int) {
        tally.writtenBytes += UInt64(new.count)
        if bytes.count < offset + new.count { grow(to: offset + new.count) }
        // The array has been made large enough, and neither pointer leaves the closure.
        unsafe bytes.withUnsafeMutableBytes { target in
            unsafe new.withUnsafeBytes { source in
                guard unsafe !source.isEmpty else { return }
                let end = offset + source.count
                // Within the bounds, as said above.
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<end])
                    .copyMemory(from: source)
            }
        }
    }

    func read(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        guard offset < UInt64(bytes.count) else { return [] }
        let start = Int(offset)
        return Array(bytes[start..<min(bytes.count, start + count)])
    }

    func truncate(to size: UInt64) throws(StorageError) {
        let size = Int(size)
        if size < bytes.count { bytes.removeSubrange(size...) } else { grow(to: size) }
    }

    func allocate(_ size: UInt64) throws(StorageError) { grow(to: Int(size)) }

    private func grow(to size: Int) {
        guard size > bytes.count else { return }
        bytes.reserveCapacity(size)
        // Block by block: a debug build would take a second for a segment's zeros one by one.
        while bytes.count < size {
            bytes.append(contentsOf: Self.zeros.prefix(size - bytes.count))
        }
    }

    func sync() throws(StorageError) {}

    func close() {}
}
