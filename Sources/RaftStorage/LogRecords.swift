internal import Raft
internal import RaftFormat
internal import Wire

/// What stands before the records of a segment; the layout is in `LogFormat.swift`.
struct SegmentHeader: Equatable {
    var number: UInt32
    /// Whether bytes of an older segment may stand behind the records.
    var isReused = false
    var identity: NodeIdentity
    var chain: UInt32
    var durable: DiskPosition
    var hardState: HardState
    var base: EntryID
    var last: EntryID
    var initialConfiguration: Configuration

    /// The bytes with their padding, and the checksum that the first record is chained to.
    func encoded() -> (bytes: [UInt8], checksum: UInt32) {
        var bytes: [UInt8] = []
        bytes.write(LogFormat.magic)
        bytes.write(LogFormat.version)
        bytes.write(UInt64(0))  // length and checksum, filled in below
        bytes.write(number)
        bytes.write(UInt32(isReused ? 1 : 0))
        bytes.write(identity.incarnation)
        bytes.write(identity.node.rawValue)
        bytes.writeString(identity.cluster)
        bytes.write(chain)
        bytes.write(durable)
        bytes.write(hardState)
        bytes.write(base)
        bytes.write(last)
        bytes.writeConfiguration(initialConfiguration)
        bytes.overwrite(UInt32(bytes.count - LogFormat.segmentPrefixBytes), at: 12)
        bytes.pad()
        let checksum = Self.checksum(bytes.span)
        bytes.overwrite(checksum, at: 16)
        return (bytes, checksum)
    }

    private static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.extracting(0..<16))
        crc.update(bytes.extracting(LogFormat.segmentPrefixBytes..<bytes.count))
        return crc.value
    }

    /// Reads the header at the start of a segment; `end` is where the records begin.
    static func decode(
        _ bytes: Span<UInt8>
    ) throws(DecodeError) -> (header: SegmentHeader, checksum: UInt32, end: Int) {
        guard bytes.holds(LogFormat.magic, at: 0) else {
            throw DecodeError(.invalid(field: "magic"), at: 0)
        }
        var offset = 8
        let version = try bytes.readUInt32(at: &offset)
        let length = try bytes.readUInt32(at: &offset)
        guard length <= LogFormat.maxHeaderFieldBytes else {
            throw DecodeError(
                .limitExceeded(name: "header", limit: LogFormat.maxHeaderFieldBytes), at: 12)
        }
        let end = LogFormat.padded(LogFormat.segmentPrefixBytes + Int(length))
        guard bytes.count >= end else { throw DecodeError(.truncated, at: bytes.count) }
        let checksum = try bytes.readUInt32(at: &offset)
        guard Self.checksum(bytes.extracting(0..<end)) == checksum else {
            throw DecodeError(.checksumMismatch, at: 16)
        }
        // Not before the checksum: half of a header that was being written has any version.
        guard version == LogFormat.version else {
            throw DecodeError(.unknownVersion(version), at: 8)
        }
        let header = try fields(bytes.extracting(0..<end), at: &offset)
        guard offset == LogFormat.segmentPrefixBytes + Int(length) else {
            throw DecodeError(.invalid(field: "header length"), at: 12)
        }
        return (header, checksum, end)
    }

    private static func fields(
        _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodeError) -> SegmentHeader {
        let number = try bytes.readUInt32(at: &offset)
        let isReused = try bytes.readUInt32(at: &offset)
        guard isReused <= 1 else { throw DecodeError(.invalid(field: "reused"), at: offset - 4) }
        let incarnation = try bytes.readUInt64(at: &offset)
        let node = NodeID(try bytes.readUInt64(at: &offset))
        let cluster = try bytes.readString(
            limit: NodeIdentity.maxClusterNameBytes, name: "cluster", at: &offset)
        return SegmentHeader(
            number: number, isReused: isReused == 1,
            identity: NodeIdentity(cluster: cluster, node: node, incarnation: incarnation),
            chain: try bytes.readUInt32(at: &offset), durable: try bytes.readPosition(at: &offset),
            hardState: try bytes.readHardState(at: &offset),
            base: try bytes.readEntryID(at: &offset), last: try bytes.readEntryID(at: &offset),
            initialConfiguration: try bytes.readConfiguration(at: &offset))
    }
}

/// The kinds of record.
enum RecordType: UInt8 {
    case hardState = 1
    case entries = 2
    case base = 3
    case reset = 4
    case mark = 5
}

/// What stands before the payload of a record; the layout is in `LogFormat.swift`.
struct RecordHeader {
    /// The checksum of the header: covers its own place and, through the payload's checksum, all of it.
    var checksum: UInt32
    var chain: UInt32
    var payloadChecksum: UInt32
    var payloadBytes: UInt32
    var durable: DiskPosition
    var type: UInt8

    private static let reservedBytes = 25..<LogFormat.recordHeaderBytes

    /// The bytes of header, payload and padding.
    var recordBytes: Int { LogFormat.recordHeaderBytes + LogFormat.padded(Int(payloadBytes)) }

    /// Reads the header that stands at `position`, of which `offset` is the place in `bytes`.
    ///
    /// Nothing when the checksum says that no record was written to this place.
    static func decode(
        _ bytes: Span<UInt8>, at offset: Int, incarnation: UInt64, position: DiskPosition
    ) -> RecordHeader? {
        guard bytes.count - offset >= LogFormat.recordHeaderBytes else { return nil }
        let header = bytes.extracting(offset..<offset + LogFormat.recordHeaderBytes)
        // Cheap to look at first, and so many zeros are rare among other bytes.
        for i in reservedBytes where header[i] != 0 { return nil }
        var crc = LogFormat.checksum(incarnation: incarnation, at: position)
        crc.update(header.extracting(4..<LogFormat.recordHeaderBytes))
        return try? fields(header, expecting: crc.value)
    }

    private static func fields(
        _ header: Span<UInt8>, expecting expected: UInt32
    ) throws(DecodeError) -> RecordHeader {
        var offset = 0
        let checksum = try header.readUInt32(at: &offset)
        guard checksum == expected else { throw DecodeError(.checksumMismatch, at: 0) }
        return RecordHeader(
            checksum: checksum, chain: try header.readUInt32(at: &offset),
            payloadChecksum: try header.readUInt32(at: &offset),
            payloadBytes: try header.readUInt32(at: &offset),
            durable: try header.readPosition(at: &offset), type: try header.readUInt8(at: &offset))
    }

    /// Completes a record that is to stand at `position`, and returns its checksum. `start` is room for the
    /// header and the first bytes of the payload, `rest` the others, and `padding` zeros to stand behind them.
    static func complete(
        _ start: inout [UInt8], rest: Span<UInt8>, padding: Span<UInt8>, _ type: RecordType,
        chain: UInt32, durable: DiskPosition, incarnation: UInt64, position: DiskPosition
    ) -> UInt32 {
        let body = LogFormat.recordHeaderBytes
        start.overwrite(chain, at: 4)
        start.overwrite(UInt32(start.count - body + rest.count), at: 12)
        start.overwrite(durable.segment, at: 16)
        start.overwrite(durable.offset, at: 20)
        start.overwrite(UInt32(type.rawValue), at: 24)
        var payload = CRC32C()
        payload.update(start.span.extracting(body...))
        payload.update(rest)
        payload.update(padding)
        start.overwrite(payload.value, at: 8)
        var crc = LogFormat.checksum(incarnation: incarnation, at: position)
        crc.update(start.span.extracting(4..<body))
        start.overwrite(crc.value, at: 0)
        return crc.value
    }
}

/// What a record of entries holds; the layout is in `LogFormat.swift`.
struct EntriesPayload {
    var first: LogIndex
    var term: Term
    var count: Int

    /// Appends what stands before the contents of some of the `items`.
    static func writeHead(
        of items: PackedBytes, _ range: Range<Int>, first: LogIndex, term: Term,
        to bytes: inout [UInt8]
    ) {
        bytes.write(first.rawValue)
        bytes.write(term.rawValue)
        bytes.writePackedLengths(items, range)
    }

    /// Goes past a payload, the contents of which are not looked at but for their lengths.
    static func decode(
        _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodeError) -> EntriesPayload {
        let (first, term) = try ids(bytes, at: &offset)
        let count = try bytes.skipPacked(
            maxCount: LogFormat.maxEntriesInRecord, name: "entries", at: &offset)
        guard count > 0 else { throw DecodeError(.invalid(field: "count"), at: 16) }
        return EntriesPayload(first: first, term: term, count: count)
    }

    private static func ids(
        _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodeError) -> (first: LogIndex, term: Term) {
        let first = try bytes.readUInt64(at: &offset)
        let term = try bytes.readUInt64(at: &offset)
        guard first > 0, first < UInt64(Int64.max) else {
            throw DecodeError(.invalid(field: "first index"), at: 0)
        }
        return (LogIndex(first), Term(term))
    }

    /// The contents of the record whose first entry is `expected`, copied out of a payload; nothing when it is
    /// another, or has fewer than `count`.
    static func contents(
        _ bytes: Span<UInt8>, expecting expected: LogIndex, count: Int
    ) throws(DecodeError) -> PackedBytes? {
        var offset = 0
        guard try ids(bytes, at: &offset).first == expected else { return nil }
        let items = try bytes.readPacked(
            maxCount: LogFormat.maxEntriesInRecord, name: "entries", at: &offset)
        return items.count >= count && offset == bytes.count ? items : nil
    }
}
