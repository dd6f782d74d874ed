public import Raft
internal import Wire

/// A snapshot that is coming in from the leader.
struct SnapshotReception<Files: FileSystem> {
    var lastIncluded: EntryID
    var configuration: Configuration
    var path: String
    var file: Files.File
    var received: UInt64
    /// Whether a `SnapshotCheck` owns the file now.
    var isHandedOut = false
}

extension SnapshotStore {
    /// Puts a piece of a leader's snapshot at its place, and returns how many bytes are here now.
    ///
    /// A piece at offset 0 of a snapshot that is not the one coming in begins that one, and drops the other.
    /// A piece that does not begin where the bytes here end is ignored, so doubled and reordered pieces do no
    /// harm; in particular, when a new leader sends the same snapshot, it goes on where the old one stopped.
    /// Nothing of it is durable or used before `finishReceiving`.
    /// - Throws: `StorageError`; call `abandonReceiving` then.
    public func receive(
        lastIncluded: EntryID, configuration: Configuration, offset: UInt64, bytes: Span<UInt8>
    ) throws(StorageError) -> UInt64 {
        if !isReceiving(lastIncluded, configuration) {
            guard offset == 0 else { return 0 }
            try beginReceiving(lastIncluded, configuration)
        }
        guard let reception = receiving, offset == reception.received, !reception.isHandedOut else {
            return receiving?.received ?? 0
        }
        guard UInt64(bytes.count) <= StorageLimits.snapshotBytes - offset else {
            throw StorageError(
                .limitExceeded(limit: StorageLimits.snapshotBytes), operation: "receive snapshot",
                path: reception.path)
        }
        do throws(StorageError) {
            try reception.file.write(bytes, at: offset)
        } catch {
            if error.kind == .full { giveBackSpace(of: reception) }
            throw error
        }
        receiving?.received += UInt64(bytes.count)
        return offset + UInt64(bytes.count)
    }

    /// The file itself is removed later, by a worker; but what fills the disk must not wait for that.
    private func giveBackSpace(of reception: SnapshotReception<Files>) {
        do throws(StorageError) {
            try reception.file.truncate(to: 0)
        } catch {
            // Then it stays until the file is removed; the first error counts.
        }
    }

    private func isReceiving(_ lastIncluded: EntryID, _ configuration: Configuration) -> Bool {
        receiving?.lastIncluded == lastIncluded && receiving?.configuration == configuration
    }

    private func beginReceiving(
        _ lastIncluded: EntryID, _ configuration: Configuration
    ) throws(StorageError) {
        dropReception()
        let path = path(lastIncluded) + ".\(nextSerial())" + SnapshotFormat.receivingSuffix
        let file = try files.open(path, create: true)
        try file.truncate(to: 0)
        receiving = SnapshotReception(
            lastIncluded: lastIncluded, configuration: configuration, path: path, file: file,
            received: 0)
    }

    /// Forgets what has come in, because it turned out useless or a newer snapshot took its place.
    ///
    /// The next piece at offset 0 begins anew.
    public func abandonReceiving() { dropReception() }

    /// The job that checks and stores what has come in, for another thread; nothing when what is here
    /// is not this snapshot, or when its job is out already.
    ///
    /// When it has succeeded call `adopt` with its result, otherwise `abandonReceiving`.
    public func finishReceiving(
        lastIncluded: EntryID, configuration: Configuration
    ) -> SnapshotCheck<Files>? {
        guard isReceiving(lastIncluded, configuration), let reception = receiving,
            !reception.isHandedOut
        else { return nil }
        receiving?.isHandedOut = true
        return SnapshotCheck(
            files: files, directory: directory, cluster: cluster, file: reception.file,
            temporaryPath: reception.path, finalPath: path(lastIncluded),
            lastIncluded: lastIncluded, configuration: configuration, obsolete: takeObsolete())
    }
}

/// The last step of receiving a snapshot, to be performed once, on another thread.
public struct SnapshotCheck<Files: FileSystem>: Sendable {
    let files: Files
    let directory: String
    let cluster: String
    let file: Files.File
    let temporaryPath: String
    let finalPath: String
    let lastIncluded: EntryID
    let configuration: Configuration
    let obsolete: [String]

    /// The machine's bytes of what `perform` has kept. Blocks.
    public func readBody() throws(StorageError) -> [UInt8] {
        let file = try files.open(finalPath, create: false)
        defer { file.close() }
        return try SnapshotFile<Files>(path: finalPath, file: file, cluster: cluster).body()
    }

    /// Syncs the bytes, checks all of them, and gives the file its name. Durable on return. Blocks.
    ///
    /// - Throws: `StorageError`: `.corrupt`, `.foreign` or `.newerVersion` when the bytes are not the
    ///   snapshot that was announced; what the system says otherwise.
    public func perform() throws(StorageError) -> SnapshotInfo {
        defer { file.close() }
        for path in obsolete { try files.removeIfPresent(path) }
        do throws(StorageError) {
            try file.sync()
            let info = try verified()
            try files.rename(temporaryPath, to: finalPath)
            try files.syncDirectory(directory)
            return info
        } catch {
            try files.removeIfPresent(temporaryPath)
            throw error
        }
    }

    private func verified() throws(StorageError) -> SnapshotInfo {
        let info = try SnapshotFile<Files>(path: temporaryPath, file: file, cluster: cluster)
            .verify()
        guard info.lastIncluded == lastIncluded, info.configuration == configuration else {
            throw StorageError(
                .corrupt(offset: 0, index: nil), operation: "receive snapshot", path: temporaryPath,
                detail: "holds \(info.lastIncluded), announced was \(lastIncluded)")
        }
        return info
    }
}
