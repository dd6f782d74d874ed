internal import Raft
internal import Wire

/// What the segments of a log say, read one after the other from the oldest on: how far they are good, and
/// whether what is behind that is an unfinished write or damage.
///
/// `LogFormat.swift` argues how the two are told apart. Opening a log and inspecting one both go by this, so
/// they cannot come to different verdicts. Changes nothing, touches no disk.
///
/// Segments are taken whole: one, and its predecessor, are in memory at a time, so their size bounds what
/// opening a log costs.
struct LogScan {
    /// A segment that has been read.
    struct Segment: Hashable {
        var number: UInt32
        var byteCount: Int
        /// Where its records end.
        var end: Int
    }

    /// The end of a segment, or all of it, that belongs to an unfinished write.
    struct Cut: Hashable {
        var number: UInt32
        var offset: Int
        var byteCount: Int
    }

    private let directory: String
    private let owner: (cluster: String, node: NodeID)?

    private(set) var segments: [Segment] = []
    /// Segments behind those that were made ready and never begun, and whether they hold bytes of older ones.
    private(set) var prepared: [(number: UInt32, isReused: Bool)] = []
    /// What the oldest segment says about the node.
    private(set) var firstHeader: SegmentHeader?
    private(set) var replay: LogReplay?
    /// The checksum of the last record.
    private(set) var chain: UInt32 = 0
    /// The furthest that the log says itself to be durable.
    private(set) var claim = DurabilityClaim.none
    /// Where the last record ends that is more than a mark.
    private(set) var lastContentEnd = DiskPosition.zero
    /// The first place that cannot be read.
    private(set) var damage: DiskPosition?
    private var lastReader: SegmentReader?

    /// - Parameter owner: Whose log it must be; nothing takes whoever's it is.
    init(directory: String, owner: (cluster: String, node: NodeID)?) {
        self.directory = directory
        self.owner = owner
    }

    /// The segments among the names in a log directory that belong to the log: the newest one and its
    /// neighbours before it without a gap. The others are left over from a removal that a crash cut short.
    static func segments(
        among names: [String]
    ) -> (numbers: ClosedRange<UInt32>, leftovers: [UInt32])? {
        let numbers = names.compactMap { LogFormat.segmentNumber(fileName: $0) }
        guard let last = numbers.last else { return nil }
        var first = last
        for number in numbers.reversed() where number == first - 1 { first = number }
        return (first...last, numbers.filter { $0 < first })
    }

    /// All bytes of a segment's file.
    static func bytes<File: StorageFile>(
        of file: File, path: String
    ) throws(StorageError) -> [UInt8] {
        guard let size = Int(exactly: try file.size()), size <= Int(UInt32.max) else {
            throw StorageError(
                .limitExceeded(limit: UInt64(UInt32.max)), operation: "recover", path: path)
        }
        return try file.read(size, at: 0)
    }

    /// Takes in the next segment.
    /// - Throws: `StorageError`: `.foreign`, `.newerVersion`, or `.corrupt` for what no crash can have left.
    mutating func take(_ number: UInt32, _ bytes: [UInt8]) throws(StorageError) {
        let decoded = decodeHeader(number, bytes)
        // Whatever the rest of it is worth, a good header says what was durable.
        if case .success(let good) = decoded, good.header.identity == firstHeader?.identity {
            claim = max(claim, Self.claim(of: good.header))
        }
        if isNotBegun(number, bytes, decoded) {
            let isBlank = reader(number, bytes, isReused: false).isBlank(from: 0)
            prepared.append((number, isReused: !isBlank))
            return
        }
        segments.append(Segment(number: number, byteCount: bytes.count, end: 0))
        guard damage == nil else {
            claim = max(claim, reader(number, bytes, isReused: true).furthestClaim(from: 0))
            return
        }
        switch decoded {
        case .failure(let error): try headerFailed(error, number, bytes)
        case .success(let good):
            try accept(good.header, number)
            let reader = reader(number, bytes, isReused: good.header.isReused)
            try follow(good.header, good.checksum, good.end, reader)
        }
    }

    private typealias GoodHeader = (header: SegmentHeader, checksum: UInt32, end: Int)

    /// The header that a segment begins with. One of an older segment, in a file that is used again, is none.
    private func decodeHeader(
        _ number: UInt32, _ bytes: [UInt8]
    ) -> Result<GoodHeader, DecodeError> {
        do throws(DecodeError) {
            let good = try SegmentHeader.decode(bytes.span)
            guard let firstHeader, good.header.identity == firstHeader.identity,
                good.header.number < number
            else { return .success(good) }
            return .failure(DecodeError(.invalid(field: "number"), at: 20))
        } catch { return .failure(error) }
    }

    /// Whether a segment was only made ready: no header of its own, and no record of its place. The first
    /// one got its name with its header.
    private func isNotBegun(
        _ number: UInt32, _ bytes: [UInt8], _ header: Result<GoodHeader, DecodeError>
    ) -> Bool {
        guard firstHeader != nil, case .failure(let error) = header else { return false }
        if case .unknownVersion = error.code { return false }
        return !reader(number, bytes, isReused: true).hasRecord(from: 0)
    }

    private static func claim(of header: SegmentHeader) -> DurabilityClaim {
        DurabilityClaim(
            through: header.durable, source: DiskPosition(segment: header.number, offset: 0))
    }

    /// Comes to a verdict once all segments are in; what belongs to an unfinished write is then in `cuts`.
    /// - Throws: `StorageError`: `.corrupt` when something acknowledged is damaged or missing.
    mutating func finish() throws(StorageError) {
        if damage == nil, let last = segments.last, lastReader?.hasRemains(from: last.end) == true {
            noteDamage(DiskPosition(segment: last.number, offset: UInt32(last.end)))
        }
        // What is damaged may be the very record that says where the log begins.
        if let damage, claim.through > damage {
            throw corruption(
                at: damage,
                "\(LogFormat.fileName(segment: claim.source.segment)) says at byte "
                    + "\(claim.source.offset) that this was durable")
        }
        try checkComplete()
        replay?.finish()
    }

    /// What is to be cut off, the newest first, so that a crash between two cuts leaves no gap.
    var cuts: [Cut] {
        guard let damage else { return [] }
        return segments.reversed().compactMap { segment in
            let offset = segment.number == damage.segment ? Int(damage.offset) : 0
            guard segment.number >= damage.segment, segment.byteCount > offset || offset == 0 else {
                return nil
            }
            return Cut(
                number: segment.number, offset: offset, byteCount: segment.byteCount - offset)
        }
    }

    /// What is to be told of a cut.
    func note(of cut: Cut) -> RecoveryNote {
        RecoveryNote(
            path: path(cut.number),
            action: .tornTailCut(offset: UInt64(cut.offset), bytes: UInt64(cut.byteCount)))
    }

    // MARK: Reading

    private func reader(
        _ number: UInt32, _ bytes: [UInt8], isReused: Bool
    ) -> SegmentReader {
        SegmentReader(
            number: number, incarnation: firstHeader?.identity.incarnation ?? 0,
            isReused: isReused, bytes: bytes)
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
        claim = max(claim, reader(number, bytes, isReused: true).furthestClaim(from: 0))
        let before = segments[segments.count - 2]
        let isTorn = lastReader?.hasRemains(from: before.end) ?? false
        noteDamage(
            isTorn
                ? DiskPosition(segment: before.number, offset: UInt32(before.end))
                : DiskPosition(segment: number, offset: 0))
    }

    /// Checks that a segment belongs to this node and is the one that its name says.
    private mutating func accept(
        _ header: SegmentHeader, _ number: UInt32
    ) throws(StorageError) {
        if let owner,
            header.identity.cluster != owner.cluster || header.identity.node != owner.node
        {
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
        claim = max(claim, Self.claim(of: header))
        guard header.chain == chain else {
            // The segment before ends too early: records are missing there.
            claim = max(claim, reader.furthestClaim(from: start))
            let before = segments[segments.count - 2]
            noteDamage(DiskPosition(segment: before.number, offset: UInt32(before.end)))
            return
        }
        chain = checksum
        lastReader = reader
        lastContentEnd = DiskPosition(segment: reader.number, offset: UInt32(start))
        var offset = start
        while case .record(let record, let payload, let next) = reader.record(
            at: offset, chain: chain)
        {
            try apply(record, payload, reader, at: offset)
            let place = DiskPosition(segment: reader.number, offset: UInt32(offset))
            claim = max(claim, DurabilityClaim(through: record.durable, source: place))
            chain = record.checksum
            offset = next
            if record.type != RecordType.mark.rawValue {
                lastContentEnd = DiskPosition(segment: reader.number, offset: UInt32(next))
            }
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

    private func checkComplete() throws(StorageError) {
        guard let replay, let first = segments.first, !replay.isComplete else { return }
        throw StorageError(
            .corrupt(offset: 0, index: replay.base.index.next), operation: "recover",
            path: path(first.number - 1), detail: "the segment is missing")
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
