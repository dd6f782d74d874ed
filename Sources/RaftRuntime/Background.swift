public import Raft
public import RaftStorage

/// Work that may block on the disk: it leaves the loop's thread and comes back as a result.
///
/// Syncs and snapshots are two lanes; the jobs of one lane run one after the other, in order.
public enum BackgroundJob<Files: FileSystem, Image: SnapshotImage>: Sendable {
    /// Make the log durable.
    case sync(SyncWork<Files>)
    /// Make the log's next segment ready, and put away those that nothing needs.
    case upkeep(LogUpkeep<Files>)
    /// Write a snapshot of the own state.
    case writeSnapshot(SnapshotJob<Files, Image>)
    /// Check and keep a snapshot that came from a leader, and read the state in it.
    case keepReceived(SnapshotCheck<Files>, EntryID)
    /// Let go of a state that nobody needs any more: to take a large one apart takes its time.
    case letGo(Image)

    /// Which lane the job belongs to.
    public enum Lane: Hashable, Sendable {
        /// Short, and everything waits for it.
        case sync
        /// Long, and nothing waits for it.
        case snapshot
    }

    /// The job's lane.
    public var lane: Lane {
        switch self {
        case .sync, .upkeep: .sync
        case .writeSnapshot, .keepReceived, .letGo: .snapshot
        }
    }

    /// Does the work, on whatever thread.
    public func perform() -> BackgroundResult<Files, Image> {
        switch self {
        case .sync(let work):
            do throws(StorageError) {
                try work.perform()
                return .synced(work)
            } catch { return .failed(error) }
        case .upkeep(let work):
            do throws(StorageError) {
                return .upkept(try work.perform())
            } catch { return .failed(error) }
        case .writeSnapshot(let job): return job.perform()
        case .keepReceived(let check, let entry): return Self.keep(check, entry)
        case .letGo: return .letGone
        }
    }

    private static func keep(
        _ check: SnapshotCheck<Files>, _ entry: EntryID
    ) -> BackgroundResult<Files, Image> {
        let info: SnapshotInfo
        do throws(StorageError) {
            info = try check.perform()
        } catch { return .notKept(entry, error) }
        let body: [UInt8]
        do throws(StorageError) {
            body = try check.readBody()
        } catch { return .failed(error) }
        do {
            return .kept(info, try RestoredState(entry, body: body))
        } catch { return .imageFailed(entry, reason: "\(error)") }
    }
}

/// What became of a job.
public enum BackgroundResult<Files: FileSystem, Image: SnapshotImage>: Sendable {
    /// The log is durable as far as the work says.
    case synced(SyncWork<Files>)
    /// The log's files are in order, or there was no space for the next one.
    case upkept(LogUpkeep<Files>.Result)
    /// A snapshot of the own state is durable.
    case written(SnapshotInfo)
    /// A snapshot of the own state could not be written; the log goes on without it.
    case notWritten(EntryID, StorageError)
    /// The state could not write itself out, or not be read from a sound snapshot: a mistake in the machine's image.
    case imageFailed(EntryID, reason: String)
    /// A received snapshot is durable, and holds this state.
    case kept(SnapshotInfo, RestoredState<Image>)
    /// What nobody needed is gone.
    case letGone
    /// A received snapshot is damaged, or could not be kept.
    case notKept(EntryID, StorageError)
    /// The log could not be made durable, or its files not put in order, or what was checked cannot be read.
    case failed(StorageError)
}

/// Where a loop's background work is done. Results come back through `NodeLoop.finished`.
public protocol Background<Files, Image> {
    /// The disk.
    associatedtype Files: FileSystem
    /// The machine's frozen state.
    associatedtype Image: SnapshotImage
    /// Takes a job; must not call the loop before it returns.
    mutating func start(_ job: BackgroundJob<Files, Image>)
}

/// The writing of a snapshot from a frozen state.
public struct SnapshotJob<Files: FileSystem, Image: SnapshotImage>: Sendable {
    let writer: SnapshotWriter<Files>
    let image: Image
    let lastIncluded: EntryID
    let timeMilliseconds: UInt64

    func perform() -> BackgroundResult<Files, Image> {
        var prelude: [UInt8] = []
        SnapshotPrelude(timeMilliseconds: timeMilliseconds).write(into: &prelude)
        var writer = self.writer
        do {
            try writer.write(prelude.span)
            try image.write { bytes in try writer.write(bytes.span) }
            return .written(try writer.finish())
        } catch {
            return discard(&writer, after: error)
        }
    }

    private func discard(
        _ writer: inout SnapshotWriter<Files>, after error: any Error
    ) -> BackgroundResult<Files, Image> {
        do throws(StorageError) {
            try writer.discard()
        } catch {
            // What is left over is removed when the directory is next opened; the first error counts.
        }
        guard let error = error as? StorageError else {
            return .imageFailed(lastIncluded, reason: "\(error)")
        }
        return .notWritten(lastIncluded, error)
    }
}
