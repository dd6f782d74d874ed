public import RaftStorage

/// A file system in memory that knows what is on the device and what is only in the page cache.
///
/// Changes of files and of directories are in the cache until they are synced; `crash` decides, sector
/// by sector and name by name, which of the others had reached the device. Calls can be made to fail, the
/// disk to be full, bytes to rot. All of it is deterministic.
///
/// Handles opened before a crash are dead: what is called on them throws.
///
/// Confined to one thread, like the simulation that owns it; it is `Sendable` only because the storage
/// protocols ask for it. That is the proof behind `@unchecked`: no simulated node has a second thread,
/// work for the sync thread is performed by the simulation itself, later.
public final class SimulatedFileSystem: FileSystem, @unchecked Sendable {
    /// The files of this file system.
    public typealias File = SimulatedFile

    /// The unit that a device writes whole or, when torn, only in part.
    public static let sectorBytes = 512

    let root = SimulatedDirectory()
    private(set) var life = 0

    /// Whether every change is on the device at once, so that a crash loses nothing.
    public let isAlwaysDurable: Bool

    /// The number of calls so far that could have failed.
    public private(set) var callCount = 0
    /// The call, counted from 1, that fails. A failing write leaves half of its bytes behind, a failing sync
    /// loses for good what it should have made durable, while reads go on to show it.
    public var failingCall: Int?
    /// The call, counted from 1, from which on all fail and change nothing, as if power were off.
    public var lastCall: Int?
    /// The name of a call; the next one of that name fails like `failingCall`.
    public var failingOperation: String?
    /// Whether all calls fail, as those of a device that is gone for a while.
    public var failsAll = false
    /// The error number of injected failures.
    public var failureCode: Int32 = 5
    /// The number of bytes that all files may hold together, reserved space included.
    public var capacityBytes: Int?
    /// The number of calls so far that could have found the disk full: those that make or rename something, write,
    /// reserve or sync. Only some of them need more space than they have; no file system needs none for the others.
    public private(set) var spaceCallCount = 0
    /// The call of these, counted from 1, that finds it full. A write leaves half of its bytes behind, a sync
    /// loses for good what it should have made durable. Survives the ends of processes.
    public var fullCall: Int?
    /// Whether after `fullCall` all others find it full that surely need more space: for a new name, or beyond
    /// what the file has.
    public var staysFull = false
    /// The last calls, the newest last, for a look at what went wrong.
    public private(set) var history: [String] = []
    /// How many calls `history` keeps.
    public var historyLimit = 0

    /// Makes an empty file system that holds the directory `/` alone.
    public init(isAlwaysDurable: Bool = false) { self.isAlwaysDurable = isAlwaysDurable }

    /// Makes a directory unless it is there.
    public func createDirectory(_ path: String) throws(StorageError) {
        try begin("createDirectory", path)
        let (parent, name) = try parent(of: path, "createDirectory")
        switch parent.live[name] {
        case .directory: return
        case .file: throw StorageError(.exists, operation: "createDirectory", path: path)
        case nil:
            try beginTaking("createDirectory", path)
            parent.change(.link(name, .directory(SimulatedDirectory())), durably: isAlwaysDurable)
        }
    }

    /// The names in a directory, sorted.
    public func list(_ directory: String) throws(StorageError) -> [String] {
        try begin("list", directory)
        return try self.directory(directory, "list").live.keys.sorted()
    }

    /// Opens a file; with `create` makes it when it is not there.
    public func open(_ path: String, create: Bool) throws(StorageError) -> SimulatedFile {
        try begin("open", path)
        let (parent, name) = try parent(of: path, "open")
        if case .file(let content)? = parent.live[name] {
            return SimulatedFile(self, content, path: path, life: life)
        }
        guard create, parent.live[name] == nil else {
            throw StorageError(.notFound, operation: "open", path: path)
        }
        try beginTaking("open", path)
        let content = SimulatedContent()
        parent.change(.link(name, .file(content)), durably: isAlwaysDurable)
        return SimulatedFile(self, content, path: path, life: life)
    }

    /// Opens a file that is there; whatever would change it then throws.
    public func openForReading(_ path: String) throws(StorageError) -> SimulatedFile {
        try begin("openForReading", path)
        let (parent, name) = try parent(of: path, "openForReading")
        guard case .file(let content)? = parent.live[name] else {
            throw StorageError(.notFound, operation: "openForReading", path: path)
        }
        return SimulatedFile(self, content, path: path, life: life, isReadOnly: true)
    }

    /// Gives a file or a directory another name in the same directory.
    public func rename(_ from: String, to: String) throws(StorageError) {
        try begin("rename", from + " to " + to)
        let (parent, name) = try parent(of: from, "rename")
        let (target, newName) = try self.parent(of: to, "rename")
        guard let node = parent.live[name], parent === target else {
            throw StorageError(
                .notFound, operation: "rename", path: from, detail: "not within one directory")
        }
        if case .directory = node, parent.live[newName] != nil {
            throw StorageError(.exists, operation: "rename", path: to)
        }
        try beginTaking("rename", from, needsMore: false)
        if case .file(let content) = node, newName.hasSuffix(".log") { content.beginAnew() }
        parent.change(.rename(name, newName, node), durably: isAlwaysDurable)
    }

    /// Removes a file's name; open handles go on to work.
    public func remove(_ path: String) throws(StorageError) {
        try begin("remove", path)
        let (parent, name) = try parent(of: path, "remove")
        guard case .file? = parent.live[name] else {
            throw StorageError(.notFound, operation: "remove", path: path)
        }
        parent.change(.unlink(name), durably: isAlwaysDurable)
    }

    /// Removes a directory that is empty.
    public func removeDirectory(_ path: String) throws(StorageError) {
        try begin("removeDirectory", path)
        let (parent, name) = try parent(of: path, "removeDirectory")
        guard case .directory(let directory)? = parent.live[name] else {
            throw StorageError(.notFound, operation: "removeDirectory", path: path)
        }
        guard directory.live.isEmpty else {
            throw StorageError(
                .exists, operation: "removeDirectory", path: path, detail: "not empty")
        }
        parent.change(.unlink(name), durably: isAlwaysDurable)
    }

    /// Makes the names in a directory durable, and not what they name.
    public func syncDirectory(_ path: String) throws(StorageError) {
        try begin("syncDirectory", path)
        try beginTaking("syncDirectory", path, needsMore: false)
        try directory(path, "syncDirectory").sync()
    }

    // MARK: What the handles use

    /// Counts a call and throws when it is one that fails.
    ///
    /// - Parameter what: The path and, for people, more; made only when somebody wants to read it.
    func begin(
        _ operation: String, _ what: @autoclosure () -> String, life: Int? = nil
    ) throws(StorageError) {
        callCount += 1
        if historyLimit > 0 {
            history.append("\(callCount) \(operation) \(what())")
            if history.count > historyLimit { history.removeFirst() }
        }
        if operation == failingOperation {
            failingOperation = nil
            failingCall = callCount
        }
        if failsAll { failingCall = callCount }
        let isOver = lastCall.map { callCount >= $0 } ?? false
        if isOver || callCount == failingCall || life ?? self.life != self.life {
            throw StorageError(
                .system(code: failureCode), operation: operation, path: what(),
                detail: life ?? self.life == self.life ? "injected" : "opened before a crash")
        }
    }

    /// Counts a call that may find the disk full, and throws when it does.
    ///
    /// - Parameter needsMore: Whether it surely needs more space than there is reserved.
    func beginTaking(
        _ operation: String, _ path: String, needsMore: Bool = true
    ) throws(StorageError) {
        spaceCallCount += 1
        guard let fullCall else { return }
        if spaceCallCount == fullCall || staysFull && needsMore && spaceCallCount > fullCall {
            throw StorageError(.full, operation: operation, path: path, detail: "injected")
        }
    }

    /// Throws when that many more bytes would not fit.
    func reserve(_ bytes: Int, _ operation: String, _ path: String) throws(StorageError) {
        try beginTaking(operation, path, needsMore: bytes > 0)
        guard bytes > 0, let capacityBytes, usedBytes + bytes > capacityBytes else { return }
        throw StorageError(.full, operation: operation, path: path)
    }

    /// The bytes of all files together.
    public var usedBytes: Int { root.byteCount }

    /// Ends the life of all open handles.
    func beginLife() {
        life += 1
        lastCall = nil
        failingCall = nil
        failingOperation = nil
    }

    // MARK: Paths

    func directory(_ path: String, _ operation: String) throws(StorageError) -> SimulatedDirectory {
        var directory = root
        for part in path.split(separator: "/") {
            guard case .directory(let next)? = directory.live[String(part)] else {
                throw StorageError(.notFound, operation: operation, path: path)
            }
            directory = next
        }
        return directory
    }

    private func parent(
        of path: String, _ operation: String
    ) throws(StorageError) -> (SimulatedDirectory, String) {
        guard let slash = path.lastIndex(of: "/"), path.index(after: slash) < path.endIndex else {
            throw StorageError(.notFound, operation: operation, path: path)
        }
        return (
            try directory(String(path[..<slash]), operation),
            String(path[path.index(after: slash)...])
        )
    }

    // MARK: Looking and meddling from outside

    /// The bytes of a file as a process reads them now; nothing when there is none.
    public func contents(of path: String) -> [UInt8]? {
        guard let content = content(path) else { return nil }
        return content.read(content.size, at: 0)
    }

    /// Flips bits of one byte of a file, in the cache and on the device.
    public func flip(_ bits: UInt8, of path: String, at offset: Int) {
        content(path)?.flip(bits, at: offset)
    }

    /// How many bytes, from the start of a file, were on the device before its last three syncs, or are
    /// vouched for; 0 when there were not so many syncs.
    public func settledBytes(of path: String) -> Int { content(path)?.settledBytes ?? 0 }

    /// Takes it that the program vouches for all that is synced of a file, but for the last `sparing`
    /// bytes: with these it says so.
    public func vouch(for path: String, sparing: Int) { content(path)?.vouch(sparing: sparing) }

    /// The paths of all files, sorted.
    public var paths: [String] { root.paths(under: "") }

    private func content(_ path: String) -> SimulatedContent? {
        do throws(StorageError) {
            let (parent, name) = try parent(of: path, "look")
            if case .file(let content)? = parent.live[name] { return content }
        } catch {}
        return nil
    }
}
