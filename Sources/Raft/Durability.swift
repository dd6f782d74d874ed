/// What is on this node's disk, as far as the core has been told.
///
/// Writes end in order, but the log may have been cut while one was under way: what it makes durable
/// is then less than it was when it began. So each unfinished write remembers how much of it still
/// counts; a completion from before a truncation can never vouch for an entry that took its place.
struct Durability: Hashable, Sendable {
    /// Entries up to here are durable and are those of the log.
    private(set) var index: LogIndex
    /// Term and vote that are durable.
    private(set) var hardState: HardState
    /// The number of the newest write.
    private(set) var newest = PersistID(0)
    private var unfinished: [Write] = []

    private struct Write: Hashable, Sendable {
        var id: PersistID
        var hardState: HardState?
        var lastIndex: LogIndex
    }

    init(index: LogIndex, hardState: HardState) {
        self.index = index
        self.hardState = hardState
    }

    /// Notes a write and gives it a number.
    mutating func begin(hardState: HardState?, lastIndex: LogIndex) -> PersistID {
        newest = PersistID(newest.rawValue + 1)
        unfinished.append(Write(id: newest, hardState: hardState, lastIndex: lastIndex))
        return newest
    }

    /// Notes that all writes up to `id` are durable.
    mutating func finish(through id: PersistID) {
        invariant(id <= newest, "write \(id.rawValue) was never asked for")
        var finished = 0
        for write in unfinished {
            guard write.id <= id else { break }
            index = max(index, write.lastIndex)
            if let state = write.hardState { hardState = state }
            finished += 1
        }
        unfinished.removeFirst(finished)
    }

    /// Notes that the log was cut: nothing from `first` on counts any more.
    mutating func truncate(from first: LogIndex) {
        index = min(index, first.previous)
        for i in unfinished.indices {
            unfinished[i].lastIndex = min(unfinished[i].lastIndex, first.previous)
        }
    }

    /// Notes that a durable snapshot took the place of the whole log.
    mutating func reset(to index: LogIndex) {
        self.index = index
        for i in unfinished.indices { unfinished[i].lastIndex = index }
    }

    /// Writes what is durable and what is on its way there.
    func encode(into writer: inout CanonicalWriter) {
        writer.add(index)
        writer.add(hardState)
        writer.add(unfinished.count)
        for write in unfinished {
            writer.add(write.hardState != nil)
            if let state = write.hardState { writer.add(state) }
            writer.add(write.lastIndex)
        }
    }
}
