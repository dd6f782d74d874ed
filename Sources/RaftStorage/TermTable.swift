internal import Raft

/// The terms of the entries after a base, as runs.
struct TermTable: Equatable {
    private struct Run: Equatable {
        var first: LogIndex
        var term: Term
    }

    /// The entry before the first one.
    private(set) var base: EntryID
    /// The index of the last entry.
    private(set) var lastIndex: LogIndex
    private var starts: [Run] = []

    init(base: EntryID) {
        self.base = base
        lastIndex = base.index
    }

    /// The last entry, or the base when there is none.
    var last: EntryID { EntryID(term: starts.last?.term ?? base.term, index: lastIndex) }

    /// The number of entries.
    var count: Int { lastIndex.distance(from: base.index) }

    /// The runs from the first entry to the last.
    var runs: [TermRun] {
        base.index == lastIndex ? [] : runs(from: base.index.next, through: lastIndex)
    }

    /// The runs of a part of the entries.
    func runs(from first: LogIndex, through last: LogIndex) -> [TermRun] {
        var result: [TermRun] = []
        var next = first
        var position = run(holding: first)
        while next <= last {
            let end = position + 1 < starts.count ? starts[position + 1].first.previous : lastIndex
            let stop = min(end, last)
            result.append(
                TermRun(term: starts[position].term, count: stop.distance(from: next) + 1))
            next = stop.next
            position += 1
        }
        return result
    }

    /// The term of an entry or of the base; nothing when the table does not reach there.
    func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        guard index > base.index, index <= lastIndex else { return nil }
        return starts[run(holding: index)].term
    }

    /// The number of the run that holds an entry, which must be there.
    private func run(holding index: LogIndex) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle].first <= index { low = middle } else { high = middle }
        }
        return low
    }

    /// Puts runs of entries at `first`, in the place of whatever is there and after.
    mutating func replace(from first: LogIndex, with runs: [TermRun]) {
        truncate(from: first)
        for run in runs where run.count > 0 {
            if run.term != starts.last?.term {
                starts.append(Run(first: lastIndex.next, term: run.term))
            }
            lastIndex = lastIndex.advanced(by: run.count)
        }
    }

    /// Drops the entries from `first` on.
    mutating func truncate(from first: LogIndex) {
        while let last = starts.last, last.first >= first { starts.removeLast() }
        lastIndex = min(lastIndex, first.previous)
    }

    /// Moves the base; the entries up to it are dropped.
    mutating func compact(through id: EntryID) {
        guard id.index < lastIndex else {
            self = TermTable(base: id)
            return
        }
        let kept = run(holding: id.index.next)
        starts.removeSubrange(0..<kept)
        starts[0].first = id.index.next
        base = id
    }
}
