internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

typealias Store = LogStore<SimulatedFileSystem>
typealias Snapshots = SnapshotStore<SimulatedFileSystem>

/// A small seeded source of random numbers (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// One entry as the tests think of it.
struct Entry: Hashable {
    var term: UInt64
    var content: [UInt8]
}

enum House {
    static let directory = "/data"
    static let logDirectory = "/data/log"
    static let identity = NodeIdentity(cluster: "blue", node: NodeID(7), incarnation: 0x1122_3344)
    static let configuration = Configuration(voters: [NodeID(7), NodeID(8), NodeID(9)])
    static let settings = LogSettings(
        segmentBytes: 4096, cacheBytes: 0, spareSegments: 2, pageBytes: 512)

    static func create(_ files: SimulatedFileSystem) throws -> Store {
        let store = try Store.create(
            files: files, directory: directory, identity: identity, configuration: configuration,
            settings: settings)
        try store.keepUp()
        return store
    }

    /// A log that has begun a segment in the file of an older one, full of old records, and keeps none of
    /// its entries: the next one is number 21, in term 1.
    static func createReused(_ files: SimulatedFileSystem) throws -> Store {
        let store = try create(files)
        for i in 1...20 {
            try store.put(
                [Entry(term: 1, content: [UInt8](repeating: UInt8(0xC0 + i), count: 900))], at: i)
            try store.compact(through: EntryID(1, i))
            try store.sync()
        }
        // The files of the first segments have come round. A new one begins with the next record.
        let count = store.segmentCount
        while store.segmentCount == count, store.roomInSegment >= 48 {
            try store.write(hardState: HardState(), entries: nil)
            try store.sync()
        }
        return store
    }

    /// The newest segment that was begun, and where the records in it end.
    static func newest(_ files: SimulatedFileSystem) throws -> (path: String, end: Int) {
        let log = try LogInspection.inspect(files: files, directory: logDirectory)
        let segment = try #require(log?.segments.last { $0.header != nil })
        return (logDirectory + "/" + segment.fileName, Int(segment.end))
    }

    static func open(
        _ files: SimulatedFileSystem
    ) throws -> (store: Store, recovered: RecoveredLog)? {
        try Store.open(
            files: files, directory: directory, cluster: identity.cluster, node: identity.node,
            settings: settings)
    }
}

extension EntryID {
    init(_ term: UInt64, _ index: Int) {
        self.init(term: Term(term), index: LogIndex(UInt64(index)))
    }
}

extension LogStore {
    /// Puts entries into memory and writes them.
    ///
    /// - Parameter detour: After so many of them comes one that is replaced before it is written; 0: none does.
    func put(
        _ entries: [Entry], at first: Int, hardState: HardState? = nil, detour: Int = 0
    ) throws {
        if detour > 0 {
            let mistaken = Entry(term: entries[detour - 1].term, content: [1, 2, 3])
            append(Array(entries[..<detour]) + [mistaken], at: first)
            append(Array(entries[detour...]), at: first + detour)
        } else {
            append(entries, at: first)
        }
        let first = LogIndex(UInt64(first))
        let last = first.advanced(by: entries.count).previous
        try write(
            hardState: hardState,
            entries: entries.isEmpty ? nil : Persist.Entries(first: first, last: last))
    }

    private func append(_ entries: [Entry], at first: Int) {
        append(
            PackedBytes(entries.map(\.content)), 0..<entries.count, first: LogIndex(UInt64(first)),
            runs: entries.map { TermRun(term: Term($0.term), count: 1) })
    }

    /// Syncs all that has been written, and does what a node does when nothing else is to be written.
    func sync() throws {
        while let work = takeSyncWork() {
            try work.perform()
            syncFinished(work)
        }
        try writeMarkAtRest()
        try keepUp()
    }

    /// Has the next segment made, and those put away that nothing needs.
    func keepUp() throws {
        while let work = takeUpkeep() { upkeepFinished(try work.perform()) }
    }

    /// All entries after the base.
    func everything(maxBytes: Int = .max) throws -> [Entry] {
        var contents = PackedBytes()
        var next = base.index.next
        while next <= lastIndex {
            next = next.advanced(
                by: try read(from: next, through: lastIndex, maxBytes: maxBytes, into: &contents))
        }
        return (0..<contents.count).map { i in
            Entry(
                term: term(at: base.index.advanced(by: i + 1))?.rawValue ?? 0, content: contents[i])
        }
    }
}
