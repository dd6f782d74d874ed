internal import Raft
internal import Wire

/// Reads a log directory back: finds what is good, cuts what is torn, refuses what is damaged.
///
/// `LogFormat.swift` argues how torn and damaged are told apart. Every step may be cut short by a crash
/// and then begins anew with the same outcome.
struct LogRecovery<Files: FileSystem> {
    /// A segment that belongs to the log.
    struct Segment {
        var number: UInt32
        var file: Files.File
        /// Where its records end.
        var end: Int
    }

    private let files: Files
    private let directory: String
    private let owner: (cluster: String, node: NodeID)

    private(set) var segments: [Segment] = []
    private(set) var notes: [RecoveryNote] = []
    /// What the oldest segment says about the node.
    private(set) var firstHeader: SegmentHeader?
    private(set) var replay: LogReplay?
    /// The checksum of the last record.
    private(set) var chain: UInt32 = 0
    /// Up to here the log says itself that it is durable.
    private(set) var claim = DiskPosition.zero
    private var damage: DiskPosition?
    private var lastReader: SegmentReader?

    init(files: Files, directory: String, cluster: String, node: NodeID) {
        self.files = files
        self.directory = directory
        self.owner = (cluster, node)
    }

    /// Reads the segments with these numbers, which must be neighbours, and puts the end right.
    mutating func run(segments numbers: ClosedRange<UInt32>) throws(StorageError) {
        for number in numbers { try read(number) }
        if damage == nil, let last = segments.last, lastReader?.isBlank(from: last.end) == false {
            noteDamage(DiskPosition(segment: last.number, offset: UInt32(last.end)))
        }
        // What is damaged may be the very record that says where the log begins.
        if let damage, claim > damage {
            throw corruption(at: damage, "what was written later says that this was durable")
        }
        try checkComplete()
        if let damage { try cut(at: damage) }
        replay?.finish()
        try proveTail()
    }

    // MARK: Reading

    private mutating func read(_ number: UInt32) throws(StorageError) {
        let file = try files.open(path(number), create: false)
        guard let size = Int(exactly: try file.size()), size <= Int(UInt32.max) else {
            throw StorageError(
                .limitExceeded(limit: UInt64(UInt32.max)), operation: "recover", path: path(number))
        }
        let bytes = try file.read(size, at: 0)
        segments.append(Segment(number: number, file: file, end: 0))
        guard damage == nil else {
            claim = max(claim, reader(number, bytes).furthestClaim(from: 0))
            return
        }
        let decoded: (header: SegmentHeader, checksum: UInt32, end: Int)
        do throws(DecodeError) {
            decoded = try SegmentHeader.decode(bytes.span)
        } catch {
            try headerFailed(error, number, bytes)
            return
        }
        try accept(decoded.header, number)
        try follow(decoded.header, decoded.checksum, decoded.end, reader(number, bytes))
    }

    private func reader(_ number: UInt32, _ bytes: [UInt8]) -> SegmentReader {
        SegmentReader(
            number: number, incarnation: firstHeader?.identity.incarnation ?? 0, bytes: bytes)
    }

    /// The first header is durable ever since the segment is the first: it is never torn.
    private mutating func headerFailed(
        _ error: DecodeError, _ number: UInt32, _ bytes: [UInt8]
    ) throws(StorageError) {
        if case .unknownVersion(let found) = error.code {
            throw StorageError(
                .newerVersion(found: found, known: LogFormat.version), operation: "recover",
                path: path(number))
        }
        guard firstHeader != nil else {
            throw StorageError(
                .corrupt(offset: UInt64(error.offset), index: nil), operation: "recover",
                path: path(number), detail: "segment header: \(error)")
        }
        claim = max(claim, reader(number, bytes).furthestClaim(from: 0))
        let before = segments[segments.count - 2]
        let isWhole = lastReader?.isBlank(from: before.end) ?? true
        noteDamage(
            isWhole
                ? DiskPosition(segment: number, offset: 0)
                : DiskPosition(segment: before.number, offset: UInt32(before.end)))
    }

    /// Checks that a segment belongs to this node and is the one that its name says.
    private mutating func accept(
        _ header: SegmentHeader, _ number: UInt32
    ) throws(StorageError) {
        guard header.identity.cluster == owner.cluster, header.identity.node == owner.node else {
            throw StorageError(
                .foreign, operation: "recover", path: path(number),
                detail: "of node \(header.identity.node) in cluster \(header.identity.cluster)")
        }
        let known = firstHeader ?? header
        guard header.number == number, header.identity == known.identity,
            header.initialConfiguration == known.initialConfiguration
        else {
            throw StorageError(
                .corrupt(offset: 0, index: nil), operation: "recover", path: path(number),
                detail: "holds segment \(header.number) of another log")
        }
        if firstHeader == nil {
            firstHeader = header
            replay = LogReplay(header)
            chain = header.chain
        }
    }

    /// Goes through the records of a segment whose header is good.
    private mutating func follow(
        _ header: SegmentHeader, _ checksum: UInt32, _ start: Int, _ reader: SegmentReader
    ) throws(StorageError) {
        claim = max(claim, header.durable)
        guard header.chain == chain else {
            // The segment before ends too early: records are missing there.
            claim = max(claim, reader.furthestClaim(from: start))
            let before = segments[segments.count - 2]
            noteDamage(DiskPosition(segment: before.number, offset: UInt32(before.end)))
            return
        }
        chain = checksum
        lastReader = reader
        var offset = start
        while case .record(let record, let payload, let next) = reader.record(
            at: offset, chain: chain)
        {
            try apply(record, payload, reader, at: offset)
            claim = max(claim, record.durable)
            chain = record.checksum
            offset = next
        }
        segments[segments.count - 1].end = offset
        if case .damage = reader.record(at: offset, chain: chain) {
            noteDamage(DiskPosition(segment: reader.number, offset: UInt32(offset)))
        }
    }

    private mutating func apply(
        _ record: RecordHeader, _ payload: Range<Int>, _ reader: SegmentReader, at offset: Int
    ) throws(StorageError) {
        let position = DiskPosition(segment: reader.number, offset: UInt32(offset))
        guard let type = RecordType(rawValue: record.type) else {
            throw corruption(at: position, "unknown record type \(record.type)")
        }
        do throws(LogReplay.Contradiction) {
            try replay?.apply(
                type, reader.bytes.span.extracting(payload), at: position,
                byteCount: record.recordBytes)
        } catch {
            throw corruption(at: position, error.detail)
        }
    }

    // MARK: The end

    /// Remembers the first unreadable place, and what the rest of its segment claims.
    private mutating func noteDamage(_ position: DiskPosition) {
        damage = position
        if let lastReader, lastReader.number == position.segment {
            claim = max(claim, lastReader.furthestClaim(from: Int(position.offset)))
        }
    }

    /// Removes what was never acknowledged, the newest first, so that a crash leaves no gap.
    private mutating func cut(at damage: DiskPosition) throws(StorageError) {
        while let last = segments.last, last.number > damage.segment || damage.offset == 0 {
            guard last.number >= damage.segment else { break }
            let size = try last.file.size()
            last.file.close()
            segments.removeLast()
            try files.remove(path(last.number))
            try files.syncDirectory(directory)
            note(last.number, offset: 0, bytes: size)
        }
        guard let last = segments.last, last.number == damage.segment else { return }
        let size = try last.file.size()
        guard size > UInt64(damage.offset) else { return }
        try last.file.truncate(to: UInt64(damage.offset))
        try last.file.sync()
        try last.file.allocate(size)
        try last.file.sync()
        note(last.number, offset: UInt64(damage.offset), bytes: size - UInt64(damage.offset))
    }

    private mutating func note(_ number: UInt32, offset: UInt64, bytes: UInt64) {
        notes.append(
            RecoveryNote(path: path(number), action: .tornTailCut(offset: offset, bytes: bytes)))
    }

    private func checkComplete() throws(StorageError) {
        guard let replay, let first = segments.first, !replay.isComplete else { return }
        throw StorageError(
            .corrupt(offset: 0, index: replay.base.index.next), operation: "recover",
            path: path(first.number - 1), detail: "the segment is missing")
    }

    /// Makes durable what could be read but is not known to be.
    ///
    /// The bytes are written once more before the sync: when an earlier sync has failed, the system may
    /// hold them in memory, count them as clean and never write them (PostgreSQL's "fsyncgate").
    private func proveTail() throws(StorageError) {
        for segment in segments where segment.number >= claim.segment {
            let start = segment.number == claim.segment ? Int(claim.offset) : 0
            if segment.end > start {
                let bytes = try segment.file.read(segment.end - start, at: UInt64(start))
                try segment.file.write(bytes.span, at: UInt64(start))
            }
            try segment.file.sync()
        }
        try files.syncDirectory(directory)
    }

    private func corruption(at position: DiskPosition, _ detail: String) -> StorageError {
        StorageError(
            .corrupt(offset: UInt64(position.offset), index: replay?.terms.lastIndex.next),
            operation: "recover", path: path(position.segment), detail: detail)
    }

    private func path(_ number: UInt32) -> String {
        directory + "/" + LogFormat.fileName(segment: number)
    }
}
