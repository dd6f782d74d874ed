internal import Raft
internal import Wire

/// One snapshot being written, on whatever thread has the time.
///
/// Write the machine's bytes, then `finish`, and hand the result to `SnapshotStore.adopt` on the loop's
/// thread. A copy is not a second snapshot: use only one. After an error, or when the snapshot is not
/// wanted any more, call `discard`; the log is not concerned.
public struct SnapshotWriter<Files: FileSystem>: Sendable {
    private static var bufferBytes: Int { 256 << 10 }

    private let files: Files
    private let directory: String
    private let cluster: String
    private let finalPath: String
    private let temporaryPath: String
    /// Files that nobody needs any more, to be removed off the loop's thread.
    private let obsolete: [String]
    private var file: Files.File?
    private var buffer: [UInt8]
    private let headerBytes: UInt64
    private var written: UInt64 = 0
    private var checksum = CRC32C()

    init(
        files: Files, directory: String, cluster: String, lastIncluded: EntryID,
        configuration: Configuration, serial: Int, obsolete: [String]
    ) {
        self.files = files
        self.directory = directory
        self.cluster = cluster
        finalPath = directory + "/" + SnapshotFormat.fileName(lastIncluded)
        temporaryPath = finalPath + ".\(serial)" + SnapshotFormat.writingSuffix
        self.obsolete = obsolete
        buffer = SnapshotFormat.header(
            cluster: cluster, lastIncluded: lastIncluded, configuration: configuration)
        headerBytes = UInt64(buffer.count)
    }

    /// Adds bytes to the body.
    public mutating func write(_ bytes: Span<UInt8>) throws(StorageError) {
        buffer.write(bytes)
        if buffer.count >= Self.bufferBytes { _ = try flush() }
    }

    /// Ends the body. On return the snapshot is durable, has been read back, and has its name.
    public mutating func finish() throws(StorageError) -> SnapshotInfo {
        _ = try flush()
        buffer.write(written - headerBytes)
        var whole = checksum
        whole.update(buffer.span)
        buffer.write(whole.value)
        let file = try flush()
        try file.sync()
        let info = try SnapshotFile<Files>(path: temporaryPath, file: file, cluster: cluster)
            .verify()
        try files.rename(temporaryPath, to: finalPath)
        try files.syncDirectory(directory)
        file.close()
        self.file = nil
        return info
    }

    /// Removes what was written so far.
    public mutating func discard() throws(StorageError) {
        guard let file else { return }
        file.close()
        self.file = nil
        try files.removeIfPresent(temporaryPath)
    }

    private mutating func flush() throws(StorageError) -> Files.File {
        let file = try opened()
        try file.write(buffer.span, at: written)
        written += UInt64(buffer.count)
        var crc = checksum
        crc.update(buffer.span)
        checksum = crc
        buffer.removeAll(keepingCapacity: true)
        return file
    }

    private mutating func opened() throws(StorageError) -> Files.File {
        if let file { return file }
        for path in obsolete { try files.removeIfPresent(path) }
        let file = try files.open(temporaryPath, create: true)
        self.file = file
        try file.truncate(to: 0)
        return file
    }
}
