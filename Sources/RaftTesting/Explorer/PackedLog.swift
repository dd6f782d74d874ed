internal import Raft

/// The terms of a short log, one byte an entry: eight entries at most.
struct PackedLog: Hashable, Sendable {
    static let maxIndex = 8

    /// The terms by position; those before the base are 0, that of the base is known.
    private(set) var terms: UInt64 = 0
    /// The entry before the first that is kept.
    private(set) var base: UInt8 = 0
    private(set) var last: UInt8 = 0

    init() {}

    init(_ log: ModelLog) {
        base = UInt8(log.base.index.rawValue)
        last = base
        if base > 0 { set(UInt8(log.base.term.rawValue), at: Int(base)) }
        for entry in log.entries { append(UInt8(entry.term.rawValue)) }
    }

    func term(at index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: terms >> UInt64(8 * (index - 1)))
    }

    /// A list of other small numbers, one for each entry: those below `oldest` count as 0.
    mutating func clear(below oldest: UInt8) {
        for index in 1...Self.maxIndex where term(at: index) < oldest {
            terms &= ~(0xFF << UInt64(8 * (index - 1)))
        }
    }

    mutating func append(_ term: UInt8) {
        last += 1
        set(term, at: Int(last))
    }

    private mutating func set(_ term: UInt8, at index: Int) {
        precondition(index <= Self.maxIndex, "a log of \(index) entries is too long to explore")
        terms |= UInt64(term) << UInt64(8 * (index - 1))
    }

    /// Whether it holds this entry, as itself or as its base.
    func contains(_ term: UInt8, at index: Int) -> Bool {
        index >= Int(base) && index <= Int(last) && index > 0 && self.term(at: index) == term
    }

    /// This log with what is before its base taken from another that is known to agree.
    func completed(by other: PackedLog) -> PackedLog {
        guard base > 0 else { return self }
        var result = self
        result.base = 0
        for index in 1..<Int(base) where index <= Int(other.last) {
            result.set(other.term(at: index), at: index)
        }
        return result
    }

    /// Whether this log goes on from all of another's.
    func extends(_ other: PackedLog) -> Bool {
        guard last >= other.last else { return false }
        guard other.last > 0 else { return true }
        let mask = UInt64.max >> UInt64(8 * (Self.maxIndex - Int(other.last)))
        return terms & mask == other.terms
    }

    /// Log matching: where both have an entry of one term, they agree up to there (thesis §3.5).
    func matches(_ other: PackedLog) -> Bool {
        if terms == other.terms { return true }
        let first = max(1, Int(max(base, other.base)))
        var index = Int(min(last, other.last))
        while index >= first, term(at: index) != other.term(at: index) { index -= 1 }
        while index >= first {
            if term(at: index) != other.term(at: index) { return false }
            index -= 1
        }
        return true
    }

    /// Whether it agrees with another as far as both reach, up to `end`.
    func agrees(with other: PackedLog, through end: Int) -> Bool {
        var index = max(1, Int(max(base, other.base)))
        let stop = min(end, Int(min(last, other.last)))
        while index <= stop {
            if term(at: index) != other.term(at: index) { return false }
            index += 1
        }
        return true
    }
}
