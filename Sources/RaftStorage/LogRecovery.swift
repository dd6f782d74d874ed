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
            segments.append(LogStore.Segment(number: number, file: file))
            try scan.take(number, LogScan.bytes(of: file, path: path(number)))
        }
        try scan.finish()
        for cut in scan.cuts { try perform(cut) }
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

    /// Removes what was never acknowledged.
    private mutating func perform(_ cut: LogScan.Cut) throws(StorageError) {
        guard let last = segments.last, last.number == cut.number else { return }
        if cut.offset == 0 {
            last.file.close()
            segments.removeLast()
            try files.remove(path(cut.number))
            try files.syncDirectory(directory)
        } else {
            try last.file.truncate(to: UInt64(cut.offset))
            try last.file.sync()
            try last.file.allocate(UInt64(cut.offset + cut.byteCount))
            try last.file.sync()
        }
        notes.append(scan.note(of: cut))
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
