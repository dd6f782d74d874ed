internal import Raft
internal import Wire

/// The bytes of one segment, and where its records are.
struct SegmentReader {
    /// What stands at an offset.
    enum Found {
        /// A good record; `next` is the offset behind it.
        case record(RecordHeader, payload: Range<Int>, next: Int)
        /// No record of this place was written here.
        case end
        /// Something that is no record, or not the one that follows on the record before.
        case damage
    }

    let number: UInt32
    let incarnation: UInt64
    /// Whether bytes of an older segment may stand behind the records.
    let isReused: Bool
    let bytes: [UInt8]

    /// What stands at `offset`, where a record is expected that follows on the checksum `chain`.
    func record(at offset: Int, chain: UInt32) -> Found {
        guard bytes.count - offset >= LogFormat.recordHeaderBytes else { return .end }
        guard let header = header(at: offset) else {
            return isReused || isBlank(offset..<offset + LogFormat.recordHeaderBytes)
                ? .end : .damage
        }
        guard header.chain == chain, header.payloadBytes <= LogFormat.maxPayloadBytes,
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

    /// Whether from `offset` on, where the records end, there is anything of an unfinished write.
    func hasRemains(from offset: Int) -> Bool {
        isReused ? hasRecord(from: offset) : !isBlank(from: offset)
    }

    /// Whether any record of this segment has its header at `offset` or behind it.
    func hasRecord(from offset: Int) -> Bool {
        var place = LogFormat.padded(offset)
        while bytes.count - place >= LogFormat.recordHeaderBytes {
            if header(at: place) != nil { return true }
            place += LogFormat.alignment
        }
        return false
    }

    /// The furthest position that any record header from `offset` on claims to be durable.
    ///
    /// - Complexity: O(*n*); long rows of zeros cost least.
    func furthestClaim(from offset: Int) -> DurabilityClaim {
        var claim = DurabilityClaim.none
        var place = LogFormat.padded(offset)
        while bytes.count - place >= LogFormat.recordHeaderBytes {
            if let header = header(at: place) {
                claim = max(
                    claim, DurabilityClaim(through: header.durable, source: position(place)))
            }
            place += LogFormat.alignment
        }
        return claim
    }

    private func header(at offset: Int) -> RecordHeader? {
        if isBlank(offset..<offset + LogFormat.alignment) { return nil }
        return RecordHeader.decode(
            bytes.span, at: offset, incarnation: incarnation, position: position(offset))
    }

    private func position(_ offset: Int) -> DiskPosition {
        DiskPosition(segment: number, offset: UInt32(offset))
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        bytes.span.extracting(range).isZero
    }
}
