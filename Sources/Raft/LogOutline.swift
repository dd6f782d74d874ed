/// What the core knows of its log: where each term begins. The contents are the host's.
///
/// A few numbers whatever the length of the log, so that a core is cheap to copy and to compare.
public struct LogOutline: Hashable, Sendable {
    /// The entry right before the first one that is kept; `zero` for a whole log.
    public private(set) var base: EntryID
    /// The position of the last entry, or of `base` when there is none.
    public private(set) var lastIndex: LogIndex
    /// Where each term's entries begin, in order; all of them are after `base`.
    private var starts: [Start]

    private struct Start: Hashable, Sendable {
        var term: Term
        var first: LogIndex
    }

    /// An empty log that goes on from `base`.
    public init(base: EntryID = .zero) {
        self.base = base
        lastIndex = base.index
        starts = []
    }

    /// A log of the given runs after `base`.
    public init(base: EntryID, runs: [TermRun]) {
        self.init(base: base)
        append(runs)
    }

    /// The last entry, or `base`.
    public var last: EntryID { EntryID(term: starts.last?.term ?? base.term, index: lastIndex) }

    /// Where the first entry is that is kept, if there is one.
    public var firstIndex: LogIndex { base.index.next }

    /// The number of entries.
    public var count: Int { lastIndex.distance(from: base.index) }

    /// The terms of all entries.
    public var runs: [TermRun] { count == 0 ? [] : runs(from: base.index.next, through: lastIndex) }

    /// The term of the entry at `index`, or nothing when it is not known here.
    ///
    /// - Complexity: O(1) near the end of the log, O(*t*) for one that is *t* terms back.
    public func term(at index: LogIndex) -> Term? {
        guard index >= base.index, index <= lastIndex else { return nil }
        for start in starts.reversed() where start.first <= index { return start.term }
        return base.term
    }

    /// Whether the log has exactly this entry.
    public func contains(_ entry: EntryID) -> Bool { term(at: entry.index) == entry.term }

    /// How many entries from `first` on, which must be there, have its term, `last` being the last one looked at.
    ///
    /// - Complexity: O(1) near the end of the log, O(*t*) for what is *t* terms back; asks for no memory.
    public func run(from first: LogIndex, through last: LogIndex) -> TermRun {
        invariant(
            first > base.index && first <= last && last <= lastIndex,
            "a run from \(first) to \(last) of \(self)")
        var end = last
        for start in starts.reversed() {
            if start.first <= first {
                return TermRun(term: start.term, count: end.distance(from: first) + 1)
            }
            if start.first <= end { end = start.first.previous }
        }
        fatalError("Raft: entry \(first) has no term in \(self)")
    }

    /// The terms of the entries `first ... last`, all of which must be there.
    public func runs(from first: LogIndex, through last: LogIndex) -> [TermRun] {
        guard first <= last else { return [] }
        invariant(first > base.index && last <= lastIndex, "runs \(first)...\(last) of \(self)")
        var runs: [TermRun] = []
        var end = last
        for start in starts.reversed() where start.first <= end {
            let begin = max(start.first, first)
            runs.append(TermRun(term: start.term, count: end.distance(from: begin) + 1))
            if begin == first { break }
            end = start.first.previous
        }
        runs.reverse()
        return runs
    }

    /// The last entry that is neither after `index` nor of a term above `term`, for conflict hints.
    ///
    /// Never before `base`, for what is before it is not known here.
    public func lastEntry(notAfter index: LogIndex, termAtMost term: Term) -> EntryID {
        var end = min(index, lastIndex)
        for start in starts.reversed() where start.first <= end {
            if start.term <= term { return EntryID(term: start.term, index: end) }
            end = start.first.previous
        }
        return base
    }

    /// Puts entries at `first`, in the place of whatever is there and after.
    package mutating func replace(from first: LogIndex, with runs: [TermRun]) {
        truncate(from: first)
        append(runs)
    }

    /// Appends entries of one term.
    mutating func append(term: Term, count: Int) {
        invariant(count > 0 && term >= last.term, "append of term \(term) after \(last)")
        if starts.last?.term != term { starts.append(Start(term: term, first: lastIndex.next)) }
        lastIndex = lastIndex.advanced(by: count)
    }

    /// Appends entries.
    mutating func append(_ runs: [TermRun]) {
        for run in runs { append(term: run.term, count: run.count) }
    }

    /// Drops the entry at `index`, which is after `base`, and all that follow.
    mutating func truncate(from index: LogIndex) {
        invariant(index > base.index, "truncation from \(index) at \(base)")
        guard index <= lastIndex else { return }
        while let start = starts.last, start.first >= index { starts.removeLast() }
        lastIndex = index.previous
    }

    /// Forgets the entries up to `base`. A log that does not reach beyond it goes on from there.
    package mutating func compact(through base: EntryID) {
        guard base.index < lastIndex else { return reset(to: base) }
        while starts.count > 1, starts[1].first <= base.index.next { starts.removeFirst() }
        starts[0].first = max(starts[0].first, base.index.next)
        self.base = base
    }

    /// Forgets everything and goes on from `base`.
    mutating func reset(to base: EntryID) { self = LogOutline(base: base) }
}
