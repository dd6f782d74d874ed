package import Raft
internal import Wire

/// An entry as an array of them knows it.
package struct TwinEntry: Hashable, Sendable {
    /// Its term.
    package var term: UInt64
    /// Its bytes.
    package var content: [UInt8]

    /// Joins the two.
    package init(term: UInt64, content: [UInt8]) {
        self.term = term
        self.content = content
    }

    /// An entry of so many bytes that follow from the first one.
    init(term: UInt64, start: UInt8, count: Int) {
        self.init(term: term, content: Self.pattern(start, count))
    }

    /// Bytes that follow from the first one; those a sector, a page or a segment apart differ.
    static func pattern(_ start: UInt8, _ count: Int) -> [UInt8] {
        (0..<count).map { start &+ UInt8(truncatingIfNeeded: $0 &+ $0 / 251 &* 7) }
    }
}

/// What a log holds, as an array.
package struct LogTwinState: Hashable, Sendable, CustomStringConvertible {
    /// The entry before the first.
    package var base = EntryID.zero
    /// The entries after it.
    package var entries: [TwinEntry] = []
    /// Term and vote.
    package var hardState = HardState()

    var lastIndex: Int { Int(base.index.rawValue) + entries.count }

    func term(at index: Int) -> UInt64 {
        let place = index - Int(base.index.rawValue)
        return place == 0 ? base.term.rawValue : entries[place - 1].term
    }

    mutating func replace(from first: Int, with new: [TwinEntry]) {
        entries.removeSubrange((first - Int(base.index.rawValue) - 1)...)
        entries += new
    }

    mutating func compact(through index: Int) {
        let term = term(at: index)
        entries.removeFirst(index - Int(base.index.rawValue))
        base = EntryID(term: Term(term), index: LogIndex(UInt64(index)))
    }

    /// The few numbers by which another process tells this state from others.
    var digest: TwinWord.Digest {
        var crc = CRC32C()
        for entry in entries {
            var fixed: [UInt8] = []
            fixed.write(entry.term)
            fixed.writeCount(entry.content.count)
            crc.update(fixed.span)
            crc.update(entry.content.span)
        }
        return TwinWord.Digest(
            base: base, lastIndex: lastIndex, hardState: hardState, checksum: crc.value)
    }

    /// The terms and sizes of its entries.
    package var description: String {
        "base \(base) hard \(hardState.term)/\(hardState.vote?.rawValue ?? 0) "
            + entries.map { "\($0.term):\($0.content.count)" }.joined(separator: " ")
    }
}
