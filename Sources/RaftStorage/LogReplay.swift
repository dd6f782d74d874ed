internal import Raft
internal import Wire

/// What the records of a log add up to: fed one after the other, from the oldest segment on.
struct LogReplay {
    /// A readable record that contradicts those before it.
    struct Contradiction: Error, Equatable {
        var detail: String
    }

    private(set) var hardState = HardState()
    /// The entry before the first one kept, as far as the log says so itself.
    private(set) var base = EntryID.zero
    /// The first index of which the segments at hold an entry, or will.
    private(set) var start = LogIndex(1)
    /// The terms of the entries from `start` on.
    private(set) var terms = LogOutline(base: .zero)
    private(set) var records = RecordIndex()

    /// Begins with what the header of the oldest segment says.
    init(_ header: SegmentHeader) {
        hardState = header.hardState
        base = header.base
        terms = LogOutline(base: header.last)
        start = header.last.index.next
    }

    /// Whether the segments hold every entry after the base.
    var isComplete: Bool { start <= base.index.next }

    /// Ends the replay: what is before the base is forgotten.
    mutating func finish() {
        records.forget(through: base.index)
        terms.compact(through: base)
        start = base.index.next
    }

    /// Takes in a record.
    mutating func apply(
        _ type: RecordType, _ payload: Span<UInt8>, at position: DiskPosition, byteCount: Int
    ) throws(Contradiction) {
        do throws(DecodeError) {
            var offset = 0
            switch type {
            case .hardState: try apply(hardState: payload.readHardState(at: &offset))
            case .entries:
                let entries = try EntriesPayload.decode(payload, at: &offset)
                try apply(entries, at: position, byteCount: byteCount)
            case .base: try apply(base: payload.readEntryID(at: &offset))
            case .reset: apply(reset: try payload.readEntryID(at: &offset))
            case .mark: break
            }
            guard offset == payload.count else {
                throw DecodeError(.invalid(field: "payload length"), at: offset)
            }
        } catch {
            throw Contradiction(detail: error.description)
        }
    }

    private mutating func apply(hardState state: HardState) throws(DecodeError) {
        guard state.term >= hardState.term else {
            throw DecodeError(.invalid(field: "term, which went back"), at: 0)
        }
        hardState = state
    }

    private mutating func apply(
        _ entries: EntriesPayload, at position: DiskPosition, byteCount: Int
    ) throws(DecodeError) {
        guard entries.first > base.index, entries.first <= terms.lastIndex.next else {
            throw DecodeError(.invalid(field: "first index"), at: 0)
        }
        if let before = terms.term(at: entries.first.previous), before > entries.term {
            throw DecodeError(.invalid(field: "term of entries, which went back"), at: 8)
        }
        if entries.first < start {
            // The oldest segment at hand begins with a replacement of entries in one removed since.
            start = entries.first
            terms = LogOutline(base: EntryID(term: .zero, index: start.previous))
        }
        terms.replace(
            from: entries.first, with: [TermRun(term: entries.term, count: entries.count)])
        records.replace(
            with: RecordIndex.Location(
                first: entries.first, count: entries.count, position: position,
                byteCount: byteCount))
    }

    private mutating func apply(base id: EntryID) throws(DecodeError) {
        guard id.index >= base.index, id.index <= terms.lastIndex else {
            throw DecodeError(.invalid(field: "base"), at: 0)
        }
        if id.index >= start, terms.term(at: id.index) != id.term {
            throw DecodeError(.invalid(field: "term of the base"), at: 0)
        }
        base = id
    }

    private mutating func apply(reset id: EntryID) {
        base = id
        start = id.index.next
        terms = LogOutline(base: id)
        records = RecordIndex()
    }
}
