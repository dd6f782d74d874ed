public import Raft
public import Wire

/// How a log uses disk and memory.
public struct LogSettings: Hashable, Sendable {
    /// The size of a segment in bytes, reserved in advance; from 4 KiB to `StorageLimits.segmentBytes`.
    public var segmentBytes: Int
    /// How many bytes of the newest entries stay in memory; what is not yet written always does.
    public var cacheBytes: Int
    /// How many segments that a snapshot covers are kept to be used again, besides the next one: up to 64.
    public var spareSegments: Int
    /// What the system reads and writes at a time: a power of two from 512 to 65,536. With less than that is,
    /// writing to a file that is used again may have to wait for reads.
    public var pageBytes: Int

    /// Makes settings.
    public init(
        segmentBytes: Int = 16 << 20, cacheBytes: Int = 32 << 20, spareSegments: Int = 4,
        pageBytes: Int = 4096
    ) {
        self.segmentBytes = min(max(segmentBytes, 4 << 10), StorageLimits.segmentBytes)
        self.cacheBytes = max(cacheBytes, 0)
        self.spareSegments = min(max(spareSegments, 0), 64)
        var page = 512
        while page < min(pageBytes, 64 << 10) { page *= 2 }
        self.pageBytes = page
    }
}

/// What a log directory held when it was opened.
public struct RecoveredLog: Hashable, Sendable {
    /// Who the node is.
    public var identity: NodeIdentity
    /// The membership with which the directory was made.
    public var initialConfiguration: Configuration
    /// Term and vote.
    public var hardState: HardState
    /// The entry before the first one kept.
    public var base: EntryID
    /// The terms of the entries after `base`.
    public var runs: [TermRun]
    /// What was found and put right.
    public var notes: [RecoveryNote]
}

/// The write-ahead log: entries, terms and votes, in the order in which they were written.
///
/// Confined to the thread of the node's loop; only `SyncWork` leaves it. Entries are first put into
/// memory (`append`), then into the system's page cache (`write`), and are durable once the work that
/// `takeSyncWork` hands out has been performed. When a call that changes the disk has failed the store is spent:
/// every later one throws the same error, and the node must stop.
public final class LogStore<Files: FileSystem> {
    struct Segment {
        var number: UInt32
        var file: Files.File
        /// The bytes that are reserved on the disk.
        var capacity: Int
    }

    /// Who the node is.
    public let identity: NodeIdentity
    /// The membership with which the directory was made.
    public let initialConfiguration: Configuration

    let files: Files
    let directory: String
    let settings: LogSettings

    /// The entries as the loop knows them, and the newest of them in memory.
    var terms: LogOutline
    var cache = EntryCache()
    /// The last entry that has been written and not been replaced in memory since.
    var writtenIndex: LogIndex

    /// The log on disk.
    var segments: [Segment] {
        didSet { noteSegments() }
    }
    var records: RecordIndex
    var hardState: HardState
    var diskLast: EntryID
    var chain: UInt32
    /// Where the next record goes, where the last write that must be synced ends, and what is durable.
    var end: DiskPosition
    var wanted: DiskPosition
    var durable: DiskPosition
    var syncIsOut = false
    /// Whether the last record is a mark that says that all before it is durable.
    var isVouchedFor = false

    /// The files besides the log: the segment to come, old ones that wait to be used again, by the numbers
    /// that they had, and such as nothing needs any more.
    var next: PreparedSegment<Files>? {
        didSet { hasNext = next != nil }
    }
    // What of the files is asked for often: to look at the files themselves costs more, for code that does not
    // know their kind.
    /// Whether there is a next segment.
    private(set) var hasNext = false
    private(set) var oldestSegment: UInt32
    /// The bytes that are reserved for the segment that is written to.
    private(set) var newestCapacity: Int
    var spares: [UInt32]
    var retired: [UInt32] = []
    /// The first segment that anything needs, as far as that is durable.
    var firstNeeded: UInt32 = 0
    var upkeepIsOut = false
    /// Why there is no next segment, when there was no space for it.
    public internal(set) var shortage: StorageError?

    var failure: StorageError?

    /// Records that are on their way to the newest segment, and the one being built.
    var pending: [UInt8] = []
    var building: [UInt8] = []
    /// A page of zeros and a few more, to fill up with.
    let zeros: [UInt8]
    /// At least the bytes that the entries will take on disk that are not written yet.
    var unwrittenBytes = 0
    /// Up to here all bytes of the newest segment are new ones, those of whole pages included.
    var overwrittenEnd: Int
    /// The record read last, because the next read mostly goes on in it.
    var lastRead: (position: DiskPosition, items: PackedBytes)?

    /// The bytes of entries added since the log was opened or last compacted.
    public internal(set) var bytesSinceCompaction: Int

    /// The bytes handed to the system since the log was opened: records, headers of segments, and what fills up pages.
    public internal(set) var bytesWritten: UInt64 = 0

    init(
        files: Files, directory: String, settings: LogSettings, header: SegmentHeader,
        segments: [Segment], next: PreparedSegment<Files>?, spares: [UInt32], replay: LogReplay,
        chain: UInt32, end: DiskPosition
    ) {
        self.files = files
        self.directory = directory
        self.settings = settings
        self.zeros = [UInt8](repeating: 0, count: settings.pageBytes + LogFormat.alignment)
        self.identity = header.identity
        self.initialConfiguration = header.initialConfiguration
        self.segments = segments
        self.next = next
        hasNext = next != nil
        oldestSegment = segments.first?.number ?? 0
        newestCapacity = segments.last?.capacity ?? 0
        self.spares = spares
        self.terms = replay.terms
        self.records = replay.records
        self.hardState = replay.hardState
        self.writtenIndex = replay.terms.lastIndex
        self.diskLast = replay.terms.last
        self.chain = chain
        self.end = end
        self.wanted = end
        self.durable = end
        self.overwrittenEnd = Int(end.offset)
        self.bytesSinceCompaction = replay.records.byteCount
    }

    /// The entry before the first one kept.
    public var base: EntryID { terms.base }

    /// The position of the last entry, in memory or on disk.
    public var lastIndex: LogIndex { terms.lastIndex }

    /// The number of entries kept.
    public var entryCount: Int { terms.count }

    /// Where terms begin after `base`.
    public var outline: LogOutline { terms }

    /// The term of an entry or of the base, nothing when neither is here.
    public func term(at index: LogIndex) -> Term? { terms.term(at: index) }

    /// The number of segments that the log stands in.
    public var segmentCount: Int { segments.count }

    /// The number of files that wait to be used again.
    public var spareCount: Int { spares.count }

    /// The bytes that can be written before another segment is needed: until then a full disk does no harm.
    public var roomInSegment: Int {
        max(0, newestCapacity - Int(end.offset))
    }

    private func noteSegments() {
        oldestSegment = segments.first?.number ?? 0
        newestCapacity = segments.last?.capacity ?? 0
    }

    /// Lets go of the files. Nothing else may be called afterwards, and no sync may be out.
    public func close() {
        for segment in segments { segment.file.close() }
        segments = []
        next?.segment.file.close()
        next = nil
    }

    /// Puts entries into memory at `first`, in the place of whatever is there and after.
    ///
    /// `first` must follow on an entry that is there, or on the base; `runs` says the terms of the
    /// contents in `range`. Nothing reaches the disk before `write`.
    public func append(
        _ contents: PackedBytes, _ range: Range<Int>, first: LogIndex, runs: [TermRun]
    ) {
        invariant(
            first > base.index && first <= lastIndex.next,
            "entry \(first) put into a log of \(base.index.next) to \(lastIndex)")
        invariant(
            runs.reduce(0) { $0 + $1.count } == range.count, "the runs do not fit the contents")
        guard !range.isEmpty else { return }
        writtenIndex = min(writtenIndex, first.previous)
        terms.replace(from: first, with: runs)
        cache.replace(from: first, with: contents, range)
        bytesSinceCompaction += contents.range(of: range).count
        unwrittenBytes += Self.diskBytes(contents.range(of: range).count, entries: range.count)
    }

    /// Throws what made the store unusable, if anything did.
    func checkUsable() throws(StorageError) {
        if let failure { throw failure }
    }

    /// Runs a change of the disk; when it fails, nothing more is changed.
    func changing(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        try checkUsable()
        do throws(StorageError) {
            try body()
        } catch {
            failure = error
            throw error
        }
    }

    /// What entries take on disk at the most: each might stand in a record of its own.
    static func diskBytes(_ byteCount: Int, entries: Int) -> Int {
        let overhead = LogFormat.recordHeaderBytes + LogFormat.maxEntriesHeadBytes + 5
        return byteCount + entries * LogFormat.padded(overhead + LogFormat.alignment)
    }

    /// What only terms, votes and their like may use once there is no further segment.
    var reserveBytes: Int { min(64 << 10, settings.segmentBytes / 4) }

    func wholePages(_ count: Int) -> Int {
        (count + settings.pageBytes - 1) & ~(settings.pageBytes - 1)
    }

    func path(_ number: UInt32) -> String {
        directory + "/" + LogFormat.fileName(segment: number)
    }
}
