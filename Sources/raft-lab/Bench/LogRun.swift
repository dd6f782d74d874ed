internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage
internal import Wire

/// The log under writers who each wait for their append to be durable before they make the next one.
///
/// Put together as in a node: the log on an event loop's thread, syncs on the worker's, and what waits at
/// the end of a turn shares one write and one sync.
final class LogRun {
    private let options: LogBench.Options
    private let writers: Int
    private let contents: PackedBytes
    private let log: LogStore<RealFileSystem>
    private static let keptSegments = 3
    /// Of the round that is under way.
    private var workers: Workers<NoImage>?
    private var loop: EventLoop?
    private var end = MonotonicTime.now
    private var begun = MonotonicTime.now
    private var isOver = false
    private var latencies: [UInt64] = []
    private var failure: StorageError?
    private var hasSynced = false
    /// Whether upkeep is on the worker: no round ends before it, for the log waits to hear of it.
    private var upkeepIsOut = false

    /// How long all syncs took by themselves.
    private(set) var syncNanoseconds: UInt64 = 0

    /// The bytes of one batch on disk.
    let batchBytes: Int

    init(
        _ options: LogBench.Options, writers: Int, entryBytes: Int, in directory: String
    ) throws {
        self.options = options
        self.writers = writers
        let entry = (0..<entryBytes).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        contents = PackedBytes([[UInt8]](repeating: entry, count: writers))
        // One record: 32 bytes of header, 20 of its own, and each entry behind its length.
        batchBytes = (32 + 20 + writers * (entryBytes + (entryBytes < 128 ? 1 : 2)) + 7) / 8 * 8
        let node = NodeID(1)
        log = try LogStore.create(
            files: RealFileSystem(), directory: directory + "/node",
            identity: NodeIdentity(cluster: "bench", node: node, incarnation: 1),
            configuration: Configuration(voters: [node]),
            settings: LogSettings(segmentBytes: options.segmentBytes))
    }

    /// Runs for so long and returns how long each batch took, from its appends to their release.
    func run(seconds: Double) throws -> [UInt64] {
        latencies = []
        isOver = false
        let loop = try EventLoop()
        let workers = try Workers<NoImage>(on: loop)
        (self.loop, self.workers) = (loop, workers)
        let bound = LoopBound(self, on: loop)
        workers.deliver = { result, nanoseconds, _ in bound.value.finished(result, nanoseconds) }
        _ = loop.atEndOfTurn { [unowned self] in turn() }
        end = MonotonicTime.now.advanced(byNanoseconds: UInt64(seconds * 1e9))
        begin()
        loop.run()
        workers.shutdown()
        (self.loop, self.workers) = (nil, nil)
        if let failure { throw failure }
        return latencies
    }

    func close() throws { log.close() }

    /// Fills segments until the files of all have been used before, as in a node that has long been running.
    func age() throws {
        let piece = PackedBytes([[UInt8](repeating: 0x5A, count: 1 << 20)])
        let segments = 2 * (Self.keptSegments + LogSettings().spareSegments)
        for _ in 0..<max(segments, segments * (options.segmentBytes >> 20)) {
            let index = log.lastIndex.next
            log.append(piece, 0..<1, first: index, runs: [TermRun(term: Term(1), count: 1)])
            try log.write(hardState: nil, entries: Persist.Entries(first: index, last: index))
            if log.segmentCount > Self.keptSegments {
                try log.compact(through: EntryID(term: Term(1), index: index))
            }
            if let work = log.takeSyncWork() {
                try work.perform()
                log.syncFinished(work)
            }
            if let work = log.takeUpkeep() { log.upkeepFinished(try work.perform()) }
        }
    }

    private func finished(
        _ result: BackgroundResult<RealFileSystem, NoImage>, _ nanoseconds: UInt64
    ) {
        switch result {
        case .synced(let work):
            syncNanoseconds += nanoseconds
            log.syncFinished(work)
            hasSynced = true
        case .upkept(let result):
            log.upkeepFinished(result)
            upkeepIsOut = false
        case .failed(let error): stop(error)
        default: break
        }
    }

    private func turn() {
        guard failure == nil else { return }
        if hasSynced {
            hasSynced = false
            let now = MonotonicTime.now
            latencies.append(now.nanoseconds(since: begun))
            isOver = now >= end
            if !isOver { begin() }
        }
        if isOver, !upkeepIsOut { stop(nil) }
    }

    /// All writers were released: each appends again.
    private func begin() {
        begun = .now
        let first = log.lastIndex.next
        log.append(
            contents, 0..<writers, first: first, runs: [TermRun(term: Term(1), count: writers)])
        do throws(StorageError) {
            try log.write(
                hardState: nil, entries: Persist.Entries(first: first, last: log.lastIndex))
            if !options.isFresh, log.segmentCount > Self.keptSegments {
                try log.compact(through: EntryID(term: Term(1), index: first))
            }
        } catch { return stop(error) }
        if let work = log.takeSyncWork() { workers?.start(.sync(work)) }
        if let work = log.takeUpkeep() {
            upkeepIsOut = true
            workers?.start(.upkeep(work))
        }
    }

    private func stop(_ error: StorageError?) {
        failure = error
        loop?.stop()
    }

    /// There are no snapshots here.
    struct NoImage: SnapshotImage {
        init(reading bytes: Span<UInt8>) {}

        func write(to emit: ([UInt8]) throws -> Void) throws {}
    }
}
