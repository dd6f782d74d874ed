package import Raft
package import RaftRuntime
package import RaftStorage
internal import Wire

/// A log and its dumb twin, driven by dice.
///
/// The twin keeps the state after every single record since the last sync: a crash may leave any of them,
/// and nothing else.
///
/// What it finds to be wrong is thrown as a `LogTwinFinding`; what the file system throws comes through.
package struct LogTwin<Files: FileSystem> {
    let files: Files
    let directory: String
    let settings: LogSettings
    let identity: NodeIdentity
    package var dice: SplitMix64
    package private(set) var store: LogStore<Files>
    /// The states since the last finished sync, that one first; each is one record later.
    package private(set) var states = [LogTwinState()]
    /// The work that is out, and the number of the state that it makes durable.
    private var work: (SyncWork<Files>, Int)?
    private var upkeep: LogUpkeep<Files>.Result?
    /// Contents have so many bytes at most, and one in ten of them ten times as many. Default 300.
    package var largestContent = 300
    /// How many entries were written so far.
    package private(set) var writtenCount = 0

    /// Makes a log.
    ///
    /// - Parameter directory: The absolute path of its directory, which is made.
    package init(
        _ files: Files, directory: String, settings: LogSettings, identity: NodeIdentity,
        seed: UInt64
    ) throws {
        self.files = files
        self.directory = directory
        self.settings = settings
        self.identity = identity
        dice = SplitMix64(seed: seed)
        store = try LogStore.create(
            files: files, directory: directory, identity: identity,
            configuration: Configuration(voters: [identity.node]), settings: settings)
        try store.keepUp()
    }

    /// The state as the log must have it now.
    package var state: LogTwinState { states[states.count - 1] }

    package mutating func roll(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &dice)
    }

    /// Does one thing to both.
    package mutating func step() throws {
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

    private mutating func vote() throws {
        var next = state
        next.hardState = HardState(
            term: Term(state.hardState.term.rawValue + UInt64(roll(0...1))),
            vote: roll(0...3) == 0 ? nil : NodeID(UInt64(roll(1...9))))
        states.append(next)  // before the write: it may have come through although it failed
        try store.write(hardState: next.hardState, entries: nil)
    }

    private mutating func write() throws {
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
        var batch: [TwinEntry] = []
        for _ in 0..<roll(1...5) {
            if roll(0...4) == 0 { term += 1 }
            let count = roll(0...9) == 0 ? roll(0...largestContent * 10) : roll(0...largestContent)
            let start = UInt8.random(in: 0...255, using: &dice)
            batch.append(
                TwinEntry(
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
        writtenCount += batch.count
        try store.put(batch, at: first, hardState: hardState, detour: detour)
    }

    private mutating func takeWork() {
        guard work == nil, let new = store.takeSyncWork() else { return }
        work = (new, states.count - 1)
    }

    private mutating func finishWork() throws {
        guard let (work, durable) = work else { return }
        try work.perform()
        states.removeFirst(durable)
        self.work = nil
        store.syncFinished(work)
    }

    /// The files are changed at one moment, and the log hears of it at a later one.
    private mutating func keepUp() throws {
        if let result = upkeep {
            upkeep = nil
            return store.upkeepFinished(result)
        }
        upkeep = try store.takeUpkeep()?.perform()
    }

    private mutating func compact() throws {
        guard !state.entries.isEmpty else { return }
        var next = state
        next.compact(through: Int(next.base.index.rawValue) + roll(1...next.entries.count))
        states.append(next)
        try store.compact(through: next.base)
    }

    private mutating func reset() throws {
        guard roll(0...3) == 0 else { return }
        var next = state
        let index = roll(Int(next.base.index.rawValue)...next.lastIndex + 10)
        next.base = EntryID(
            term: Term(max(1, next.term(at: min(index, next.lastIndex)))),
            index: LogIndex(UInt64(index)))
        next.entries = []
        states.append(next)
        try store.reset(to: next.base)
    }

    /// Holds what the log says against what it must hold.
    package func compare() throws {
        try expect(store.base, state.base, "base")
        try expect(store.lastIndex, LogIndex(UInt64(state.lastIndex)), "last index")
        var dice = dice
        let limit = [0, 100, 5_000, .max].randomElement(using: &dice) ?? 0
        let found = try store.everything(maxBytes: limit)
        try expect(found, state.entries, "entries, read in pieces of \(limit) bytes")
        guard let first = (0...state.entries.count).randomElement(using: &dice),
            first < state.entries.count
        else { return }
        var contents = PackedBytes()
        let from = state.base.index.advanced(by: first + 1)
        _ = try store.read(from: from, through: store.lastIndex, maxBytes: 0, into: &contents)
        // One, and perhaps others behind it if all of them are empty.
        let taken = (0..<contents.count).map { contents[$0] }
        try expect(
            taken, state.entries[first...].prefix(max(1, taken.count)).map(\.content),
            "entries from \(from) within no bytes")
        try expect(taken.count == 1 || contents.byteCount == 0, true, "only what takes no room")
    }

    private func expect<Value: Equatable>(
        _ found: Value, _ expected: Value, _ what: String
    ) throws {
        guard found != expected else { return }
        throw LogTwinFinding("\(what): expected \(expected), found \(found)")
    }

    /// Opens the log again, after its process has ended or its power was lost, and holds it against the states
    /// that it may be in: none that is older than the last finished sync.
    package mutating func reopen() throws {
        let opened = try LogStore.open(
            files: files, directory: directory, cluster: identity.cluster, node: identity.node,
            settings: settings)
        guard let (store, recovered) = opened else { throw LogTwinFinding("the log is gone") }
        self.store = store
        work = nil
        upkeep = nil
        let found = LogTwinState(
            base: recovered.base, entries: try store.everything(), hardState: recovered.hardState)
        guard let matching = states.lastIndex(of: found) else {
            throw LogTwinFinding("after a restart: found \(found), possible \(states)")
        }
        states = [states[matching]]
        try compare()
    }
}

/// What a log does that its twin does not.
package struct LogTwinFinding: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
