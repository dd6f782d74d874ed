internal import Wire

/// The disk as the log and the snapshots see it: a few directories of flat files.
///
/// All paths are absolute. Calls block; which of them may be made on which thread is said where they are
/// used. A change of a directory (a new name, a rename, a removal) is durable only after
/// `syncDirectory`, a change of a file only after `StorageFile.sync`.
public protocol FileSystem: Sendable {
    /// An open file.
    associatedtype File: StorageFile

    /// Makes a directory. One that is there already is no error.
    func createDirectory(_ path: String) throws(StorageError)

    /// The names in a directory, sorted.
    /// - Throws: `StorageError` of kind `.notFound` when there is no such directory.
    func list(_ directory: String) throws(StorageError) -> [String]

    /// Opens a file for reading and writing; with `create` makes an empty one if there is none.
    func open(_ path: String, create: Bool) throws(StorageError) -> File

    /// Opens a file that is there, for reading alone: also one that may not be written.
    func openForReading(_ path: String) throws(StorageError) -> File

    /// Gives a file another name, taking the place of a file that has it. A directory may get another name in the
    /// same directory, one that nothing has.
    func rename(_ from: String, to: String) throws(StorageError)

    /// Removes a file's name.
    func remove(_ path: String) throws(StorageError)

    /// Removes a directory that is empty.
    func removeDirectory(_ path: String) throws(StorageError)

    /// Makes the names in a directory durable.
    func syncDirectory(_ path: String) throws(StorageError)
}

/// An open file. One thread may write and read while another one syncs.
public protocol StorageFile: Sendable {
    /// The number of bytes in the file.
    func size() throws(StorageError) -> UInt64

    /// Writes all bytes, or throws; what has then become of the range is unknown.
    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError)

    /// Writes three runs of bytes, one behind the other, as one write of all of them; any may be empty.
    ///
    /// There is an implementation that puts them together and calls the other one: a system that can gather
    /// them by itself spares the copy.
    func write(
        _ start: Span<UInt8>, _ rest: Span<UInt8>, _ end: Span<UInt8>, at offset: UInt64
    ) throws(StorageError)

    /// Reads `count` bytes, fewer only where the file ends.
    func read(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8]

    /// Sets the size. What is beyond it is lost; bytes that are new read as zero.
    func truncate(to size: UInt64) throws(StorageError)

    /// Reserves space, so that the file is at least this large; bytes that are new read as zero.
    func allocate(_ size: UInt64) throws(StorageError)

    /// Makes all that was written before the call, and the size, durable.
    func sync() throws(StorageError)

    /// Lets go of the file. Nothing else may be called on it afterwards.
    func close()
}

extension StorageFile {
    /// Puts the runs of bytes together and writes them.
    public func write(
        _ start: Span<UInt8>, _ rest: Span<UInt8>, _ end: Span<UInt8>, at offset: UInt64
    ) throws(StorageError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(start.count + rest.count + end.count)
        bytes.write(start)
        bytes.write(rest)
        bytes.write(end)
        try write(bytes.span, at: offset)
    }
}

extension FileSystem {
    /// The names in a directory, sorted; nothing when there is no such directory.
    package func listIfPresent(_ directory: String) throws(StorageError) -> [String]? {
        do throws(StorageError) {
            return try list(directory)
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
    }

    /// Removes a file's name; that there is none is no error.
    func removeIfPresent(_ path: String) throws(StorageError) {
        do throws(StorageError) {
            try remove(path)
        } catch {
            if error.kind != .notFound { throw error }
        }
    }
}

/// The directory in which the last part of a path stands. Where a host takes relative paths, a bare name stands in
/// the directory that the process is in.
func parentDirectory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
