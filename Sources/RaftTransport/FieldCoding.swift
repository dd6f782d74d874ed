// The small fields that payloads are made of, each read and written within its limit.

internal import Raft
internal import Wire

extension [UInt8] {
    /// Appends a term, an index or an offset.
    mutating func writeNumber(_ value: UInt64) throws(EncodeError) {
        guard value <= TransportLimits.maxNumber else { throw EncodeError("number") }
        writeVarint(value)
    }

    mutating func writeNode(_ node: NodeID) throws(EncodeError) {
        guard node.rawValue >= 1 else { throw EncodeError("node") }
        writeVarint(node.rawValue)
    }

    mutating func writeFlag(_ flag: Bool) { append(flag ? 1 : 0) }

    mutating func writeEntryID(_ entry: EntryID) throws(EncodeError) {
        try writeNumber(entry.term.rawValue)
        try writeNumber(entry.index.rawValue)
    }

    mutating func writeItems(_ items: PackedBytes) throws(EncodeError) {
        guard items.count <= TransportLimits.maxItems else { throw EncodeError("items") }
        writePacked(items)
    }
}

extension Span where Element == UInt8 {
    func readNumber(at offset: inout Int) throws(DecodeError) -> UInt64 {
        let start = offset
        let value = try readVarint(at: &offset)
        guard value <= TransportLimits.maxNumber else {
            throw DecodeError(
                .limitExceeded(name: "number", limit: Int(TransportLimits.maxNumber)), at: start)
        }
        return value
    }

    func readNode(at offset: inout Int) throws(DecodeError) -> NodeID {
        let start = offset
        let value = try readVarint(at: &offset)
        guard value >= 1 else { throw DecodeError(.invalid(field: "node"), at: start) }
        return NodeID(value)
    }

    func readFlag(at offset: inout Int) throws(DecodeError) -> Bool {
        let start = offset
        let byte = try readUInt8(at: &offset)
        guard byte <= 1 else { throw DecodeError(.invalid(field: "flag"), at: start) }
        return byte == 1
    }

    func readTerm(at offset: inout Int) throws(DecodeError) -> Term {
        Term(try readNumber(at: &offset))
    }

    func readIndex(at offset: inout Int) throws(DecodeError) -> LogIndex {
        LogIndex(try readNumber(at: &offset))
    }

    func readEntryID(at offset: inout Int) throws(DecodeError) -> EntryID {
        let term = try readTerm(at: &offset)
        return EntryID(term: term, index: try readIndex(at: &offset))
    }

    func readItems(at offset: inout Int) throws(DecodeError) -> PackedBytes {
        try readPacked(maxCount: TransportLimits.maxItems, name: "items", at: &offset)
    }

    func expectEnd(at offset: Int) throws(DecodeError) {
        guard offset == count else {
            throw DecodeError(.invalid(field: "end of payload"), at: offset)
        }
    }
}
