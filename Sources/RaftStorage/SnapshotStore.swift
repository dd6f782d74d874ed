public import Raft

/// The snapshots of a node: the latest, the one before it, and at most one being received.
///
/// Confined to the thread of the node's loop; a `SnapshotWriter` and a `SnapshotCheck` may leave it.
public final class SnapshotStore<Files: FileSystem> {
    let files: Files
    let directory: String
    let cluster: String

    /// The snapshot that a restart would use.
    public private(set) var latest: SnapshotInfo?
    /// The one before, kept for transfers that have begun, until the next one comes.
    private var previous: SnapshotInfo?
    /// Files to be removed when next a worker is at hand: removing a large one takes its time.
    private var obsolete: [String] = []
    private var serial = 0
    /// The file that is being sent.
    private var sending: (id: EntryID, size: UInt64, file: Files.File)?
    /// The one that is coming in.
    var receiving: SnapshotReception<Files>?

    private init(files: Files, directory: String, cluster: String) {
        self.files = files
        self.directory = directory
        self.cluster = cluster
    }

    /// Opens `directory`/snapshots, making it if need be, and picks the newest snapshot that is whole.
    ///
    /// Reads that snapshot from end to end. Leftovers of a crash and older snapshots are removed; a damaged
    /// one is passed over, noted and left where it is.
    /// - Throws: `StorageError`: `.foreign` for another cluster's, `.newerVersion`, or what the file
    ///   system throws.
    public static func open(
        files: Files, directory: String, cluster: String
    ) throws(StorageError) -> (store: SnapshotStore, notes: [RecoveryNote]) {
        let path = directory + "/snapshots"
        try files.createDirectory(directory)
        try files.createDirectory(path)
        try files.syncDirectory(directory)
        try files.syncDirectory(parentDirectory(of: directory))
        let store = SnapshotStore(files: files, directory: path, cluster: cluster)
        return (store, try store.recover())
    }

    private func recover() throws(StorageError) -> [RecoveryNote] {
        var notes: [RecoveryNote] = []
        for name in try files.list(directory).reversed() {
            let path = directory + "/" + name
            guard let id = SnapshotFormat.entry(fileName: name) else {
                guard
                    name.hasSuffix(SnapshotFormat.writingSuffix)
                        || name.hasSuffix(SnapshotFormat.receivingSuffix)
                else { continue }
                try files.remove(path)
                notes.append(RecoveryNote(path: path, action: .leftoverRemoved))
                continue
            }
            if latest != nil {
                try files.remove(path)
            } else if let info = try verified(id) {
                latest = info
            } else {
                notes.append(RecoveryNote(path: path, action: .damagedSnapshotPassedOver))
            }
        }
        try files.syncDirectory(directory)
        return notes
    }

    private func verified(_ id: EntryID) throws(StorageError) -> SnapshotInfo? {
        let file = try files.open(path(id), create: false)
        defer { file.close() }
        do throws(StorageError) {
            let info = try SnapshotFile<Files>(path: path(id), file: file, cluster: cluster)
                .verify()
            return info.lastIncluded == id ? info : nil
        } catch {
            if case .corrupt = error.kind { return nil }
            throw error
        }
    }

    func path(_ id: EntryID) -> String { directory + "/" + SnapshotFormat.fileName(id) }

    // MARK: Making one

    /// Begins a snapshot of this node's own state. Touches no disk: the writer does, on its thread.
    public func beginWriting(
        lastIncluded: EntryID, configuration: Configuration
    ) -> SnapshotWriter<Files> {
        SnapshotWriter(
            files: files, directory: directory, cluster: cluster, lastIncluded: lastIncluded,
            configuration: configuration, serial: nextSerial(), obsolete: takeObsolete())
    }

    /// Tells apart the temporary files of one life, so that removing one cannot hit another.
    func nextSerial() -> Int {
        serial += 1
        return serial
    }

    /// Takes over a snapshot that a writer or a check has finished. An older one than the latest is ignored.
    ///
    /// The one before the latest is no longer to be had from now on.
    public func adopt(_ info: SnapshotInfo) {
        if let receiving, receiving.lastIncluded.index <= info.lastIncluded.index {
            dropReception()
        }
        guard info.lastIncluded.index > (latest?.lastIncluded.index ?? .zero) else {
            if self.info(of: info.lastIncluded) == nil { obsolete.append(path(info.lastIncluded)) }
            return
        }
        if let previous {
            obsolete.append(path(previous.lastIncluded))
            if sending?.id == previous.lastIncluded { endSending() }
        }
        previous = latest
        latest = info
    }

    /// Forgets what is coming in; a job that checks it goes on by itself and is of no consequence.
    func dropReception() {
        guard let reception = receiving else { return }
        receiving = nil
        guard !reception.isHandedOut else { return }
        reception.file.close()
        obsolete.append(reception.path)
    }

    /// The files that a worker is to remove; they are handed out once.
    func takeObsolete() -> [String] {
        defer { obsolete = [] }
        return obsolete
    }

    // MARK: Reading and sending

    private func info(of id: EntryID) -> SnapshotInfo? {
        if latest?.lastIncluded == id { return latest }
        return previous?.lastIncluded == id ? previous : nil
    }

    /// The machine's bytes of a snapshot, or nothing when it is not here.
    /// - Throws: `StorageError` of kind `.corrupt` when the disk no longer holds what was written.
    public func readBody(of lastIncluded: EntryID) throws(StorageError) -> [UInt8]? {
        guard info(of: lastIncluded) != nil else { return nil }
        let file = try files.open(path(lastIncluded), create: false)
        defer { file.close() }
        return try SnapshotFile<Files>(path: path(lastIncluded), file: file, cluster: cluster)
            .body()
    }

    /// The checksum of a snapshot's file, as its last bytes say. The snapshot must be one that is kept.
    public func checksum(of info: SnapshotInfo) throws(StorageError) -> UInt32 {
        let path = path(info.lastIncluded)
        let file = try files.openForReading(path)
        defer { file.close() }
        return try SnapshotFile<Files>(path: path, file: file, cluster: cluster)
            .checksum(byteCount: info.byteCount)
    }

    /// Opens a snapshot's file for reading, or gives nothing when it is not here. The caller closes it.
    public func openForReading(_ lastIncluded: EntryID) throws(StorageError) -> Files.File? {
        guard info(of: lastIncluded) != nil else { return nil }
        return try files.openForReading(path(lastIncluded))
    }

    /// A piece of a snapshot's file for another node, or nothing when that snapshot is not here.
    ///
    /// Past its end a snapshot has no bytes, and that is its last piece.
    public func readPart(
        of lastIncluded: EntryID, offset: UInt64, maxBytes: Int
    ) throws(StorageError) -> (bytes: [UInt8], isLast: Bool)? {
        guard let info = info(of: lastIncluded) else { return nil }
        if sending?.id != lastIncluded {
            endSending()
            let file = try files.open(path(lastIncluded), create: false)
            sending = (lastIncluded, info.byteCount, file)
        }
        guard let sending, offset < sending.size else { return ([], true) }
        let wanted = Int(min(UInt64(max(1, maxBytes)), sending.size - offset))
        let bytes = try sending.file.read(wanted, at: offset)
        guard bytes.count == wanted else {
            throw StorageError(
                .corrupt(offset: offset, index: nil), operation: "send snapshot",
                path: path(lastIncluded), detail: "too short")
        }
        return (bytes, offset + UInt64(wanted) == sending.size)
    }

    /// Lets go of the files. Nothing else may be called afterwards.
    public func close() {
        endSending()
        dropReception()
    }

    private func endSending() {
        sending?.file.close()
        sending = nil
    }
}
