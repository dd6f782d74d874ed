public import Raft

/// What a snapshot file holds, for people, and whether it is whole.
///
/// Reads only, from the first byte to the last, and holds no more than a piece of it in memory. Whose snapshot
/// it is need not be known. What is damaged is described.
public struct SnapshotInspection: Hashable, Sendable {
    /// What the header says.
    public struct Header: Hashable, Sendable {
        /// The cluster that the snapshot belongs to.
        public var cluster: String
        /// The last entry that it covers.
        public var lastIncluded: EntryID
        /// The membership at that entry.
        public var configuration: Configuration
        /// The length of the header: there the body begins.
        public var byteCount: Int
    }

    /// The file.
    public var path: String
    /// Its size.
    public var byteCount: UInt64
    /// What the header says; nothing when it cannot be read.
    public var header: Header?
    /// The checksum of all of it, as its last bytes say; nothing when the file is damaged. Equal files have equal ones.
    public var checksum: UInt32?
    /// What is wrong with the file; nothing when all of it is as it was written.
    public var damage: StorageError?

    /// The bytes between header and trailer: what runtime and state machine have written.
    public var body: Range<UInt64>? {
        guard let header, damage == nil else { return nil }
        return UInt64(header.byteCount)..<byteCount - UInt64(SnapshotFormat.trailerBytes)
    }

    /// Reads a file from its first byte to its last.
    ///
    /// - Parameter path: The file, whatever its name.
    /// - Throws: `StorageError` when the file cannot be opened. What is found wrong in it, also that the
    ///   disk would not give it, is `damage`.
    public static func inspect<Files: FileSystem>(
        files: Files, path: String
    ) throws(StorageError) -> SnapshotInspection {
        let file = try files.openForReading(path)
        defer { file.close() }
        let snapshot = SnapshotFile<Files>(path: path, file: file, cluster: nil)
        var result = SnapshotInspection(path: path, byteCount: try file.size())
        do throws(StorageError) {
            let header = try snapshot.header()
            result.header = Header(
                cluster: header.cluster, lastIncluded: header.lastIncluded,
                configuration: header.configuration, byteCount: header.end)
            _ = try snapshot.verify()
            result.checksum = try snapshot.checksum(byteCount: result.byteCount)
        } catch { result.damage = error }
        return result
    }

    /// Reads the whole body of a snapshot file, and checks all of the file.
    ///
    /// - Throws: `StorageError`: `.corrupt`, `.newerVersion`, or what the file system throws.
    public static func body<Files: FileSystem>(
        files: Files, path: String
    ) throws(StorageError) -> [UInt8] {
        let file = try files.openForReading(path)
        defer { file.close() }
        return try SnapshotFile<Files>(path: path, file: file, cluster: nil).body()
    }
}
