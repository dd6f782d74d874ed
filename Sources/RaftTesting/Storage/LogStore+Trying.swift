package import Raft
package import RaftStorage
internal import Wire

// What tests of a log do all the time.

extension LogStore {
    /// Puts entries into memory and writes them.
    ///
    /// - Parameter detour: After so many of them comes one that is replaced before it is written; 0: none does.
    package func put(
        _ entries: [TwinEntry], at first: Int, hardState: HardState? = nil, detour: Int = 0
    ) throws {
        if detour > 0 {
            let mistaken = TwinEntry(term: entries[detour - 1].term, content: [1, 2, 3])
            append(Array(entries[..<detour]) + [mistaken], at: first)
            append(Array(entries[detour...]), at: first + detour)
        } else {
            append(entries, at: first)
        }
        let first = LogIndex(UInt64(first))
        let last = first.advanced(by: entries.count).previous
        try write(
            hardState: hardState,
            entries: entries.isEmpty ? nil : Persist.Entries(first: first, last: last))
    }

    private func append(_ entries: [TwinEntry], at first: Int) {
        append(
            PackedBytes(entries.map(\.content)), 0..<entries.count, first: LogIndex(UInt64(first)),
            runs: entries.map { TermRun(term: Term($0.term), count: 1) })
    }

    /// Syncs all that has been written, and does what a node does when nothing else is to be written.
    package func sync() throws {
        while let work = takeSyncWork() {
            try work.perform()
            syncFinished(work)
        }
        try writeMarkAtRest()
        try keepUp()
    }

    /// Has the next segment made, and those put away that nothing needs.
    package func keepUp() throws {
        while let work = takeUpkeep() { upkeepFinished(try work.perform()) }
    }

    /// All entries after the base.
    package func everything(maxBytes: Int = .max) throws(StorageError) -> [TwinEntry] {
        var contents = PackedBytes()
        var next = base.index.next
        while next <= lastIndex {
            next = next.advanced(
                by: try read(from: next, through: lastIndex, maxBytes: maxBytes, into: &contents))
        }
        return (0..<contents.count).map { i in
            TwinEntry(
                term: term(at: base.index.advanced(by: i + 1))?.rawValue ?? 0, content: contents[i])
        }
    }
}
