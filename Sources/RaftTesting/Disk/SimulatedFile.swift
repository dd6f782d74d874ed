public import RaftStorage
internal import Wire

/// An open file of a simulated file system. Confined to one thread as that is.
public final class SimulatedFile: StorageFile, @unchecked Sendable {
    private let files: SimulatedFileSystem
    private let content: SimulatedContent
    private let path: String
    private let life: Int
    private let isReadOnly: Bool

    init(
        _ files: SimulatedFileSystem, _ content: SimulatedContent, path: String, life: Int,
        isReadOnly: Bool = false
    ) {
        self.files = files
        self.content = content
        self.path = path
        self.life = life
        self.isReadOnly = isReadOnly
    }

    /// The number of bytes as processes see it.
    public func size() throws(StorageError) -> UInt64 {
        try files.begin("size", path, life: life)
        return UInt64(content.size)
    }

    /// Puts bytes into the cache.
    public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
        try checkWritable("write")
        let start = try checked(offset, "write")
        let copy = copied(bytes)
        do throws(StorageError) {
            try files.begin("write", "\(path) \(offset)+\(bytes.count)", life: life)
        } catch {
            if files.callCount == files.failingCall {
                content.change(.write(start, Array(copy.prefix(copy.count / 2))))
            }
            throw error
        }
        do throws(StorageError) {
            try files.reserve(start + copy.count - content.size, "write", path)
        } catch {
            if files.spaceCallCount == files.fullCall {
                content.change(.write(start, Array(copy.prefix(copy.count / 2))))
            }
            throw error
        }
        content.change(.write(start, copy))
        if files.isAlwaysDurable { content.sync() }
    }

    /// Reads what is in the cache or on the device.
    public func read(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        try files.begin("read", "\(path) \(offset)+\(count)", life: life)
        return content.read(count, at: try checked(offset, "read"))
    }

    /// Sets the size.
    public func truncate(to size: UInt64) throws(StorageError) {
        try checkWritable("truncate")
        try files.begin("truncate", "\(path) \(size)", life: life)
        content.change(.size(try checked(size, "truncate")))
        if files.isAlwaysDurable { content.sync() }
    }

    /// Makes the file at least so large, if there is space.
    public func allocate(_ size: UInt64) throws(StorageError) {
        try checkWritable("allocate")
        try files.begin("allocate", "\(path) \(size)", life: life)
        let size = try checked(size, "allocate")
        guard size > content.size else { return }
        try files.reserve(size - content.size, "allocate", path)
        content.change(.size(size))
        if files.isAlwaysDurable { content.sync() }
    }

    /// Puts all changes of this file on the device, but not its name.
    public func sync() throws(StorageError) {
        do throws(StorageError) {
            try files.begin("sync", path, life: life)
            try files.beginTaking("sync", path, needsMore: false)
        } catch {
            if files.callCount == files.failingCall || error.kind == .full {
                content.loseUnsynced()
            }
            throw error
        }
        content.sync()
    }

    /// Does nothing.
    public func close() {}

    /// As the system does: "bad file descriptor".
    private func checkWritable(_ operation: String) throws(StorageError) {
        guard isReadOnly else { return }
        throw StorageError(
            .system(code: 9), operation: operation, path: path, detail: "open for reading")
    }

    private func checked(_ offset: UInt64, _ operation: String) throws(StorageError) -> Int {
        guard let offset = Int(exactly: offset), offset < 1 << 48 else {
            throw StorageError(.limitExceeded(limit: 1 << 48), operation: operation, path: path)
        }
        return offset
    }

    private func copied(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.write(bytes)
        return copy
    }
}
