internal import Platform
internal import RaftHost
internal import RaftStorage

/// The bare cost: `pwrite` and `fdatasync`, one after the other on one thread.
struct FloorRun {
    private let directory: String
    private let segmentBytes: UInt64
    private let isFresh: Bool
    private let batch: [UInt8]
    private var files: [RealFile] = []
    private var current: RealFile
    private var offset: UInt64 = 0
    private var made = 0
    /// How long all syncs took by themselves.
    private(set) var syncNanoseconds: UInt64 = 0

    init(_ options: LogBench.Options, batchBytes: Int, in directory: String) throws {
        self.directory = directory
        segmentBytes = UInt64(max(options.segmentBytes, batchBytes))
        isFresh = options.isFresh
        batch = (0..<batchBytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 5) }
        current = try Self.make(directory + "/floor-0", segmentBytes, isWritten: !options.isFresh)
    }

    /// A file like the log's: its blocks reserved or, when the log uses old segments again, written before.
    private static func make(
        _ path: String, _ bytes: UInt64, isWritten: Bool
    ) throws -> RealFile {
        let file = try RealFileSystem().open(path, create: true)
        try file.truncate(to: 0)
        try file.allocate(bytes)
        if isWritten {
            let piece = [UInt8](repeating: 0xEE, count: 1 << 20)
            for start in stride(from: 0, to: bytes, by: piece.count) {
                let count = Int(min(UInt64(piece.count), bytes - start))
                try file.write(piece.span.extracting(0..<count), at: start)
            }
        }
        try file.sync()
        try RealFileSystem().syncDirectory(Directory.parent(of: path))
        return file
    }

    /// Writes and syncs so many batches, and returns the nanoseconds that took, the making of files not
    /// counted.
    @discardableResult
    mutating func run(syncs: Int) throws -> UInt64 {
        var nanoseconds: UInt64 = 0
        for _ in 0..<syncs {
            if offset + UInt64(batch.count) > segmentBytes { try begin() }
            let start = MonotonicTime.now
            try current.write(batch.span, at: offset)
            let written = MonotonicTime.now
            try current.sync()
            syncNanoseconds += MonotonicTime.now.nanoseconds(since: written)
            nanoseconds += MonotonicTime.now.nanoseconds(since: start)
            offset += UInt64(batch.count)
        }
        return nanoseconds
    }

    private mutating func begin() throws {
        offset = 0
        guard isFresh else { return }
        made += 1
        let path = directory + "/floor-\(made)"
        current = try Self.make(path, segmentBytes, isWritten: false)
        try RealFileSystem().remove(directory + "/floor-\(made - 1)")
    }
}
