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

typealias Entry = TwinEntry

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

    /// Makes a header one of another version, with a checksum that fits.
    static func flipVersion(
        _ bits: UInt8, of path: String, _ files: SimulatedFileSystem, padded: Bool
    ) throws {
        var bytes = try #require(files.contents(of: path))
        bytes[8] ^= bits
        let end = 20 + Int(bytes[12]) + Int(bytes[13]) << 8
        var crc = CRC32C()
        crc.update(bytes.span.extracting(0..<16))
        crc.update(bytes.span.extracting(20..<(padded ? (end + 7) / 8 * 8 : end)))
        for i in 0..<4 { bytes[16 + i] = UInt8(truncatingIfNeeded: crc.value >> UInt32(8 * i)) }
        try files.open(path, create: false).write(bytes.span, at: 0)
    }

    static func twin(
        _ files: SimulatedFileSystem, seed: UInt64
    ) throws -> LogTwin<SimulatedFileSystem> {
        try LogTwin(
            files, directory: directory, settings: settings, identity: identity, seed: seed)
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
