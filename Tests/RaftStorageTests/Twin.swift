internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

/// What a log holds, as an array.
struct LogState: Equatable, CustomStringConvertible {
    var base = EntryID.zero
    var entries: [Entry] = []
    var hardState = HardState()

    var lastIndex: Int { Int(base.index.rawValue) + entries.count }

    func term(at index: Int) -> UInt64 {
        let place = index - Int(base.index.rawValue)
        return place == 0 ? base.term.rawValue : entries[place - 1].term
    }

    mutating func replace(from first: Int, with new: [Entry]) {
        entries.removeSubrange((first - Int(base.index.rawValue) - 1)...)
        entries += new
    }

    mutating func compact(through index: Int) {
        let term = term(at: index)
        entries.removeFirst(index - Int(base.index.rawValue))
        base = EntryID(term, index)
    }

    var description: String {
        "base \(base) hard \(hardState.term)/\(hardState.vote?.rawValue ?? 0) "
            + entries.map { "\($0.term):\($0.content.count)" }.joined(separator: " ")
    }
}

/// A log and its dumb twin, driven by dice.
///
/// The twin keeps the state after every single record since the last sync: a crash may leave any of them,
/// and nothing else.
struct Twin {
    let files: SimulatedFileSystem
    var dice: Dice
    var store: Store
    /// The states since the last finished sync, that one first; each is one record later.
    var states = [LogState()]
    /// The work that is out, and the number of the state that it makes durable.
    var work: (SyncWork<SimulatedFileSystem>, Int)?
    var upkeep: LogUpkeep<SimulatedFileSystem>.Result?
    var largestContent = 300

    init(_ files: SimulatedFileSystem, seed: UInt64) throws {
        self.files = files
        dice = Dice(seed)
        store = try House.create(files)
    }

    var state: LogState { states[states.count - 1] }

    mutating func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &dice) }

    /// Does one thing to both.
    mutating func step() throws {
        switch roll(0...22) {
        case 20: try store.writeMarkAtRest()
        case 21...22: try keepUp()
        case 0...8: try write()
        case 9: try vote()
        case 10...12: takeWork()
        case 13...15: try finishWork()
        case 16: try compact()
        case 17: try reset()
        default: try compare()
        }
    }

    mutating func vote() throws {
        var next = state
        next.hardState = HardState(
            term: Term(state.hardState.term.rawValue + UInt64(roll(0...1))),
            vote: roll(0...3) == 0 ? nil : NodeID(UInt64(roll(1...9))))
        states.append(next)  // before the write: it may have come through although it failed
        try store.write(hardState: next.hardState, entries: nil)
    }

    mutating func write() throws {
        var next = state
        let back = roll(0...3) == 0 ? roll(0...min(4, state.entries.count)) : 0
        let first = state.lastIndex + 1 - back
        var hardState: HardState?
        if roll(0...3) == 0 {
            next.hardState.term = Term(next.hardState.term.rawValue + 1)
            hardState = next.hardState
            states.append(next)
        }
        var term = max(next.term(at: first - 1), next.hardState.term.rawValue, 1)
        var batch: [Entry] = []
        for _ in 0..<roll(1...5) {
            if roll(0...4) == 0 { term += 1 }
            let count = roll(0...9) == 0 ? roll(0...largestContent * 10) : roll(0...largestContent)
            let start = UInt8.random(in: 0...255, using: &dice)
            batch.append(
                Entry(
                    term: term, content: (0..<count).map { start &+ UInt8(truncatingIfNeeded: $0) })
            )
        }
        // One record a term: each of them is a state that a crash may leave.
        for end in 1...batch.count
        where end == batch.count || batch[end].term != batch[end - 1].term {
            var partial = next
            partial.replace(from: first, with: Array(batch[..<end]))
            states.append(partial)
        }
        let detour = batch.count > 1 && roll(0...2) == 0 ? roll(1...batch.count - 1) : 0
        try store.put(batch, at: first, hardState: hardState, detour: detour)
    }

    mutating func takeWork() {
        guard work == nil, let new = store.takeSyncWork() else { return }
        work = (new, states.count - 1)
    }

    mutating func finishWork() throws {
        guard let (work, durable) = work else { return }
        try work.perform()
        states.removeFirst(durable)
        self.work = nil
        store.syncFinished(work)
    }

    /// The files are changed at one moment, and the log hears of it at a later one.
    mutating func keepUp() throws {
        if let result = upkeep {
            upkeep = nil
            return store.upkeepFinished(result)
        }
        upkeep = try store.takeUpkeep()?.perform()
    }

    mutating func compact() throws {
        guard !state.entries.isEmpty else { return }
        var next = state
        next.compact(through: Int(next.base.index.rawValue) + roll(1...next.entries.count))
        states.append(next)
        try store.compact(through: next.base)
    }

    mutating func reset() throws {
        guard roll(0...3) == 0 else { return }
        var next = state
        let index = roll(Int(next.base.index.rawValue)...next.lastIndex + 10)
        next.base = EntryID(max(1, next.term(at: min(index, next.lastIndex))), index)
        next.entries = []
        states.append(next)
        try store.reset(to: next.base)
    }

    func compare() throws {
        #expect(store.base == state.base)
        #expect(store.lastIndex.rawValue == UInt64(state.lastIndex))
        var dice = dice
        let limit = [0, 100, 5_000, .max].randomElement(using: &dice) ?? 0
        let found = try store.everything(maxBytes: limit)
        #expect(found == state.entries)
        if let first = (0...state.entries.count).randomElement(using: &dice),
            first < state.entries.count
        {
            var contents = PackedBytes()
            let from = state.base.index.advanced(by: first + 1)
            _ = try store.read(from: from, through: store.lastIndex, maxBytes: 0, into: &contents)
            #expect(contents.count == 1 && contents[0] == state.entries[first].content)
        }
    }

    /// Opens the log again and checks that it is in one of the states that it may be in.
    mutating func reopen() throws {
        let opened = try House.open(files)
        let (store, recovered) = try #require(opened)
        self.store = store
        work = nil
        upkeep = nil
        let found = LogState(
            base: recovered.base, entries: try store.everything(), hardState: recovered.hardState)
        let matching = try #require(
            states.lastIndex(of: found), "found \(found), possible \(states)")
        states = [states[matching]]
        try compare()
    }
}
