internal import Raft
internal import Wire

/// The bytes of one segment, and where its records are.
struct SegmentReader {
    /// What stands at an offset.
    enum Found {
        /// A good record; `next` is the offset behind it.
        case record(RecordHeader, payload: Range<Int>, next: Int)
        /// Nothing was written here.
        case end
        /// Something that is no record, or not the one that follows on the record before.
        case damage
    }

    let number: UInt32
    let incarnation: UInt64
    let bytes: [UInt8]

    /// What stands at `offset`, where a record is expected that follows on the checksum `chain`.
    func record(at offset: Int, chain: UInt32) -> Found {
        guard bytes.count - offset >= LogFormat.recordHeaderBytes else { return .end }
        if isBlank(offset..<offset + LogFormat.recordHeaderBytes) { return .end }
        guard let header = header(at: offset), header.chain == chain,
            header.payloadBytes <= LogFormat.maxPayloadBytes,
            header.recordBytes <= bytes.count - offset
        else { return .damage }
        let start = offset + LogFormat.recordHeaderBytes
        let next = offset + header.recordBytes
        guard CRC32C.checksum(bytes.span.extracting(start..<next)) == header.payloadChecksum else {
            return .damage
        }
        return .record(header, payload: start..<start + Int(header.payloadBytes), next: next)
    }

    /// Whether nothing stands from `offset` on.
    func isBlank(from offset: Int) -> Bool { isBlank(offset..<bytes.count) }

    /// The furthest position that any record header from `offset` on claims to be durable.
    ///
    /// - Complexity: O(*n*); long rows of zeros cost least.
    func furthestClaim(from offset: Int) -> DurabilityClaim {
        var claim = DurabilityClaim.none
        var place = LogFormat.padded(offset)
        while bytes.count - place >= LogFormat.recordHeaderBytes {
            if !isBlank(place..<place + LogFormat.alignment), let header = header(at: place) {
                claim = max(
                    claim, DurabilityClaim(through: header.durable, source: position(place)))
            }
            place += LogFormat.alignment
        }
        return claim
    }

    private func header(at offset: Int) -> RecordHeader? {
        RecordHeader.decode(
            bytes.span, at: offset, incarnation: incarnation, position: position(offset))
    }

    private func position(_ offset: Int) -> DiskPosition {
        DiskPosition(segment: number, offset: UInt32(offset))
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        let span = bytes.span
        for i in range where span[i] != 0 { return false }
        return true
    }
}
