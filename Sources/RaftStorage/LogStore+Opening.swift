public import Raft
internal import RaftFormat

extension LogStore {
    /// Makes a new log in `directory`/log. Durable on return.
    ///
    /// `directory` itself is made when it is not there; the directory around it must be.
    /// - Parameter base: The entry behind which the log begins; a durable snapshot must end with it.
    /// - Throws: `StorageError`, of kind `.exists` when there is a log already.
    public static func create(
        files: Files, directory: String, identity: NodeIdentity, configuration: Configuration,
        base: EntryID = .zero, settings: LogSettings = LogSettings()
    ) throws(StorageError) -> LogStore {
        let logDirectory = directory + "/log"
        try checkLimits(identity, configuration, logDirectory)
        try files.createDirectory(directory)
        try files.createDirectory(logDirectory)
        guard
            try files.list(logDirectory).allSatisfy({ LogFormat.segmentNumber(fileName: $0) == nil }
            )
        else { throw StorageError(.exists, operation: "create log", path: logDirectory) }
        let header = SegmentHeader(
            number: 1, identity: identity, chain: 0, durable: .zero,
            hardState: HardState(term: base.term), base: base, last: base,
            initialConfiguration: configuration)
        let (file, end, chain) = try createFirst(header, files, logDirectory, settings)
        try files.syncDirectory(directory)
        try files.syncDirectory(parentDirectory(of: directory))
        let store = LogStore(
            files: files, directory: logDirectory, settings: settings, header: header,
            segments: [Segment(number: 1, file: file, capacity: settings.segmentBytes)], next: nil,
            spares: [], replay: LogReplay(header), chain: chain,
            end: DiskPosition(segment: 1, offset: UInt32(end)))
        try store.changing { () throws(StorageError) in try store.writeMark() }
        return store
    }

    private static func checkLimits(
        _ identity: NodeIdentity, _ configuration: Configuration, _ path: String
    ) throws(StorageError) {
        guard identity.cluster.utf8.count <= NodeIdentity.maxClusterNameBytes else {
            throw StorageError(
                .limitExceeded(limit: UInt64(NodeIdentity.maxClusterNameBytes)),
                operation: "create log", path: path, detail: "the cluster's name in bytes")
        }
        guard configuration.isWithinLimits else {
            throw StorageError(
                .limitExceeded(limit: UInt64(ConfigurationLimits.maxMembers)),
                operation: "create log", path: path, detail: "members, or an address of one")
        }
    }

    /// The first segment gets its name when it is whole, so that a log either is there or is not.
    private static func createFirst(
        _ header: SegmentHeader, _ files: Files, _ directory: String, _ settings: LogSettings
    ) throws(StorageError) -> (file: Files.File, end: Int, chain: UInt32) {
        let temporary = directory + "/" + LogFormat.creatingName
        let (bytes, checksum) = header.encoded()
        let file = try files.open(temporary, create: true)
        try file.truncate(to: 0)
        try file.allocate(UInt64(settings.segmentBytes))
        try file.write(bytes.span, at: 0)
        try file.sync()
        file.close()
        let name = directory + "/" + LogFormat.fileName(segment: 1)
        try files.rename(temporary, to: name)
        try files.syncDirectory(directory)
        return (try files.open(name, create: false), bytes.count, checksum)
    }

    /// Opens the log in `directory`/log, or returns nothing when none was ever completed there.
    ///
    /// On return all that was recovered is durable, and the disk says so: damage to any of it is found from
    /// now on, also when power fails at once. An incomplete last write is cut off and noted.
    /// - Throws: `StorageError`: `.foreign` when the log is another cluster's or node's,
    ///   `.newerVersion`, `.corrupt` when something acknowledged is damaged or missing (nothing has
    ///   then been changed), or what the file system throws.
    public static func open(
        files: Files, directory: String, cluster: String, node: NodeID,
        settings: LogSettings = LogSettings()
    ) throws(StorageError) -> (store: LogStore, recovered: RecoveredLog)? {
        let logDirectory = directory + "/log"
        guard let names = try files.listIfPresent(logDirectory) else { return nil }
        guard let found = LogScan.segments(among: names) else { return nil }
        var recovery = LogRecovery(
            files: files, directory: logDirectory, cluster: cluster, node: node)
        try recovery.run(segments: found.numbers)
        guard let header = recovery.scan.firstHeader, let replay = recovery.scan.replay,
            let end = recovery.end
        else {
            throw StorageError(
                .corrupt(offset: 0, index: nil), operation: "recover", path: logDirectory)
        }

        let spares = names.compactMap { LogFormat.spareNumber(fileName: $0) }
        var notes = recovery.notes
        let leftovers =
            [LogFormat.creatingName, LogFormat.preparingName].filter { names.contains($0) }
            + found.leftovers.map { LogFormat.fileName(segment: $0) }
        for name in leftovers {
            try files.remove(logDirectory + "/" + name)
            notes.append(RecoveryNote(path: logDirectory + "/" + name, action: .leftoverRemoved))
        }
        for spare in spares.dropFirst(settings.spareSegments) {
            try files.remove(logDirectory + "/" + LogFormat.fileName(spare: spare))
        }
        // The process that made the log may have ended before all names on the way to it were durable.
        try files.syncDirectory(directory)
        try files.syncDirectory(parentDirectory(of: directory))
        let store = LogStore(
            files: files, directory: logDirectory, settings: settings, header: header,
            segments: recovery.segments, next: recovery.next,
            spares: Array(spares.prefix(settings.spareSegments)), replay: replay,
            chain: recovery.scan.chain, end: end)
        store.isVouchedFor = true  // by a mark that is there, or by the one that comes now
        if recovery.scan.claim.through < recovery.scan.lastContentEnd {
            try store.vouchForRecovered()
        }
        let recovered = RecoveredLog(
            identity: header.identity, initialConfiguration: header.initialConfiguration,
            hardState: replay.hardState, base: replay.base, runs: replay.terms.runs, notes: notes)
        return (store, recovered)
    }

    /// Makes the log fit the latest snapshot: a crash may have come between storing a received snapshot and
    /// `reset`. To be called once after `open`; when it returns true the log was reset.
    ///
    /// - Throws: `StorageError`: `.corrupt` when the log begins behind the snapshot's end, so that entries
    ///   in between are nowhere.
    public func align(with snapshot: EntryID?) throws(StorageError) -> Bool {
        let snapshot = snapshot ?? .zero
        guard snapshot.index > base.index || snapshot == base else {
            throw StorageError(
                .corrupt(offset: 0, index: snapshot.index.next), operation: "align",
                path: directory,
                detail: "the log begins after \(base), the snapshot ends at \(snapshot)")
        }
        if term(at: snapshot.index) == snapshot.term { return false }
        try reset(to: snapshot)
        return true
    }
}
