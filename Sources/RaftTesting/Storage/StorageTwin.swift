package import Raft
internal import RaftRuntime
package import RaftStorage

/// The log and the snapshots of one directory with their twins: what a process does that is going to be killed.
package struct StorageTwin<Files: FileSystem> {
    /// How much is done, and how large the parts are.
    package struct Settings: Hashable, Sendable {
        /// Of the log.
        package var log = LogSettings(segmentBytes: 64 << 10, cacheBytes: 0, spareSegments: 2)
        /// Contents have so many bytes at most, and one in ten of them ten times as many.
        package var largestContent = 3000
        /// Snapshots have so many bytes at most.
        package var largestBody = 200_000
        /// Whether entries are forgotten seldom, so that a small disk fills up.
        package var isHoarding = false
        /// How large a file is that stands in the way, and may be removed when the disk is full; 0: there is none.
        package var fillerBytes: UInt64 = 0

        /// The usual ones.
        package init() {}
    }

    static var fillerName: String { "filler" }

    private let files: Files
    private let directory: String
    private let settings: Settings
    package private(set) var log: LogTwin<Files>
    package private(set) var snapshots: SnapshotTwin<Files>
    private var dice: SplitMix64

    /// Opens what is in a directory, or makes it, and tells what it has found.
    ///
    /// - Parameter tell: Told each thing before it is done, and after it is durable.
    package init(
        _ files: Files, directory: String, settings: Settings, identity: NodeIdentity, seed: UInt64,
        tell: @escaping (TwinWord) -> Void
    ) throws {
        self.files = files
        self.directory = directory
        self.settings = settings
        dice = SplitMix64(seed: seed)
        tell(.began(.open))
        snapshots = try SnapshotTwin(
            files, directory: directory, identity: identity, seed: dice.next())
        tell(snapshots.newest.map { .foundSnapshot($0) } ?? .noSnapshot)
        log = try LogTwin(
            resuming: files, directory: directory, settings: settings.log, identity: identity,
            seed: dice.next())
        tell(.log(log.state.digest))
        tell(.ended(.open))
        log.largestContent = settings.largestContent
        log.isHoarding = settings.isHoarding
        log.asksForRoom = true
        log.tell = tell
        snapshots.largestBody = settings.largestBody
        snapshots.bearsFullDisk = true
        snapshots.tell = tell
        try makeFiller()
    }

    /// Does one thing.
    package mutating func step() throws {
        if Int.random(in: 0...11, using: &dice) == 0 { return try snapshots.step() }
        try log.step()
        if log.store.shortage != nil, settings.fillerBytes > 0,
            Int.random(in: 0...39, using: &dice) == 0
        {
            try removeFiller()
        }
    }

    private func makeFiller() throws(StorageError) {
        guard settings.fillerBytes > 0 else { return }
        do throws(StorageError) {
            let file = try files.open(directory + "/" + Self.fillerName, create: true)
            defer { file.close() }
            try file.allocate(settings.fillerBytes)
        } catch {
            guard error.kind == .full else { throw error }
        }
    }

    private func removeFiller() throws(StorageError) {
        do throws(StorageError) {
            try files.remove(directory + "/" + Self.fillerName)
        } catch {
            guard error.kind == .notFound else { throw error }
        }
    }
}
