internal import Raft

/// Reads a log directory back: finds what is good, cuts what is torn, refuses what is damaged.
///
/// `LogScan` finds out which is which, this mends. Every step may be cut short by a crash and then begins
/// anew with the same outcome.
struct LogRecovery<Files: FileSystem> {
    private let files: Files
    private let directory: String

    /// What the segments say.
    private(set) var scan: LogScan
    /// The files of the segments that belong to the log.
    private(set) var segments: [LogStore<Files>.Segment] = []
    /// The file of the segment to come, if it was made ready.
    private(set) var next: PreparedSegment<Files>?
    private(set) var notes: [RecoveryNote] = []

    init(files: Files, directory: String, cluster: String, node: NodeID) {
        self.files = files
        self.directory = directory
        scan = LogScan(directory: directory, owner: (cluster, node))
    }

    /// Reads the segments with these numbers, which must be neighbours, and puts the end right.
    mutating func run(segments numbers: ClosedRange<UInt32>) throws(StorageError) {
        for number in numbers {
            let file = try files.open(path(number), create: false)
            let bytes = try LogScan.bytes(of: file, path: path(number))
            segments.append(LogStore.Segment(number: number, file: file, capacity: bytes.count))
            try scan.take(number, bytes)
        }
        try scan.finish()
        try mend()
        try proveTail()
    }

    /// Where the records end; nothing when no segment is left.
    var end: DiskPosition? {
        guard let last = segments.last else { return nil }
        return DiskPosition(segment: last.number, offset: UInt32(recordsEnd(of: last.number)))
    }

    private func recordsEnd(of number: UInt32) -> Int {
        scan.segments.first { $0.number == number }?.end ?? 0
    }

    /// Cuts off what was never acknowledged and sets the segment aside that is ready to be the next one: the
    /// newest first, so that a crash leaves no gap.
    private mutating func mend() throws(StorageError) {
        let cuts = scan.cuts
        let lastBegun = scan.segments.last { segment in
            !cuts.contains { $0.number == segment.number && $0.offset == 0 }
        }
        for segment in segments.reversed() {
            if let prepared = scan.prepared.first(where: { $0.number == segment.number }) {
                segments.removeLast()
                if segment.number == (lastBegun?.number ?? 0) + 1 {
                    next = PreparedSegment(segment: segment, isReused: prepared.isReused)
                } else {
                    try remove(segment)
                }
            } else if let cut = cuts.first(where: { $0.number == segment.number }) {
                try perform(cut)
            }
        }
    }

    private func remove(_ segment: LogStore<Files>.Segment) throws(StorageError) {
        segment.file.close()
        try files.remove(path(segment.number))
        try files.syncDirectory(directory)
    }

    /// Removes what was never acknowledged.
    private mutating func perform(_ cut: LogScan.Cut) throws(StorageError) {
        guard let last = segments.last, last.number == cut.number else { return }
        if cut.offset == 0 {
            segments.removeLast()
            try remove(last)
        } else {
            try clear(last, from: cut.offset)
        }
        notes.append(scan.note(of: cut))
    }

    /// Overwrites what is behind `offset` with zeros; that takes no space, which there may be none of.
    private func clear(
        _ segment: LogStore<Files>.Segment, from offset: Int
    ) throws(StorageError) {
        let piece = 1 << 20
        let zeros = [UInt8](repeating: 0, count: min(piece, segment.capacity - offset))
        for start in stride(from: offset, to: segment.capacity, by: piece) {
            let bytes = try segment.file.read(piece, at: UInt64(start))
            guard bytes.contains(where: { $0 != 0 }) else { continue }
            try segment.file.write(zeros.span.extracting(0..<bytes.count), at: UInt64(start))
        }
        try segment.file.sync()
    }

    /// Makes durable what could be read but is not known to be.
    ///
    /// The bytes are written once more before the sync: when an earlier sync has failed, the system may
    /// hold them in memory, count them as clean and never write them (PostgreSQL's "fsyncgate").
    private func proveTail() throws(StorageError) {
        let claim = scan.claim.through
        for segment in segments where segment.number >= claim.segment {
            let start = segment.number == claim.segment ? Int(claim.offset) : 0
            let end = recordsEnd(of: segment.number)
            if end > start {
                let bytes = try segment.file.read(end - start, at: UInt64(start))
                try segment.file.write(bytes.span, at: UInt64(start))
            }
            try segment.file.sync()
        }
        try files.syncDirectory(directory)
    }

    private func path(_ number: UInt32) -> String {
        directory + "/" + LogFormat.fileName(segment: number)
    }
}
