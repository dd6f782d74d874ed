package import Raft

/// An entry as the simulated host holds it.
package struct ModelEntry: Hashable, Sendable {
    package var term: Term
    /// Names the command; 0 where there is none.
    package var payload: UInt64 = 0
    /// The membership that it holds instead of a command.
    package var configuration: Configuration?
}

/// The host's log: an array, and nothing clever.
package struct ModelLog: Hashable, Sendable {
    package private(set) var base = EntryID.zero
    package private(set) var entries: [ModelEntry] = []

    package var lastIndex: LogIndex { base.index.advanced(by: entries.count) }

    /// The last entry, or the base.
    package var last: EntryID { EntryID(term: entries.last?.term ?? base.term, index: lastIndex) }

    package func entry(at index: LogIndex) -> ModelEntry? {
        guard index > base.index, index <= lastIndex else { return nil }
        return entries[index.distance(from: base.index) - 1]
    }

    /// The term of an entry, or of the base.
    package func term(at index: LogIndex) -> Term? {
        index == base.index ? base.term : entry(at: index)?.term
    }

    package func contains(_ entry: EntryID) -> Bool { term(at: entry.index) == entry.term }

    /// The memberships among the entries `first ... last`.
    package func configurations(from first: LogIndex, through last: LogIndex)
        -> [PlacedConfiguration]
    {
        guard first <= last else { return [] }
        var found: [PlacedConfiguration] = []
        var index = max(first, base.index.next)
        while let entry = entry(at: index), index <= last {
            if let configuration = entry.configuration {
                found.append(PlacedConfiguration(index: index, configuration: configuration))
            }
            index = index.next
        }
        return found
    }

    /// The entries `first ... last`, or nothing when some are not here.
    package func slice(from first: LogIndex, through last: LogIndex) -> [ModelEntry]? {
        guard first > base.index, last <= lastIndex else { return nil }
        let start = first.distance(from: base.index) - 1
        return Array(entries[start..<start + last.next.distance(from: first)])
    }

    /// Puts entries in the place of whatever is at `first` and after it.
    ///
    /// - Returns: Whether there is no hole before them.
    package mutating func replace(from first: LogIndex, with new: [ModelEntry]) -> Bool {
        guard first > base.index, first <= lastIndex.next else { return false }
        entries.removeSubrange((first.distance(from: base.index) - 1)...)
        entries += new
        return true
    }

    /// Forgets the entries up to one that is here.
    package mutating func compact(through base: EntryID) {
        guard base.index > self.base.index, base.index <= lastIndex else { return }
        entries.removeFirst(base.index.distance(from: self.base.index))
        self.base = base
    }

    package mutating func reset(to base: EntryID) {
        self.base = base
        entries = []
    }
}
