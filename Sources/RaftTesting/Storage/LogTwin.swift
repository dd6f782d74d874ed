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
    private var possible = PossibleStates(LogTwinState())
    /// The work that is out, and the number of the state that it makes durable.
    private var work: (SyncWork<Files>, Int)?
    private var upkeep: LogUpkeep<Files>.Result?
    /// Contents have so many bytes at most, and one in ten of them ten times as many. Default 300.
    package var largestContent = 300
    /// How many entries were written so far.
    package private(set) var writtenCount = 0
    /// Whether it asks for room before it hands over entries, as a node does, and then bears a full disk. Default no.
    package var asksForRoom = false
    /// Whether it forgets entries seldom, as long as there is space.
    package var isHoarding = false
    /// Told what is done before it is done, and after it is durable.
    package var tell: (TwinWord) -> Void = { _ in }
    /// How often entries were not taken because the disk was full.
    package private(set) var refusals = 0
    /// Whether entries were refused, and none were taken since.
    private var isRefusing = false

    /// Makes a log.
    ///
    /// - Parameter directory: The absolute path of its directory, which is made.
    package init(
        _ files: Files, directory: String, settings: LogSettings, identity: NodeIdentity,
        seed: UInt64
    ) throws {
        let store = try LogStore.create(
            files: files, directory: directory, identity: identity,
            configuration: Configuration(voters: [identity.node]), settings: settings)
        self.init(files, directory, settings, identity, seed, store)
        try store.keepUp()
    }

    private init(
        _ files: Files, _ directory: String, _ settings: LogSettings, _ identity: NodeIdentity,
        _ seed: UInt64, _ store: LogStore<Files>
    ) {
        self.files = files
        self.directory = directory
        self.settings = settings
        self.identity = identity
        dice = SplitMix64(seed: seed)
        self.store = store
    }

    /// Goes on with the log that is there, as another process has left it, or makes one.
    package init(
        resuming files: Files, directory: String, settings: LogSettings, identity: NodeIdentity,
        seed: UInt64
    ) throws {
        guard let (store, state) = try Self.open(files, directory, settings, identity) else {
            try self.init(
                files, directory: directory, settings: settings, identity: identity, seed: seed)
            return
        }
        self.init(files, directory, settings, identity, seed, store)
        possible = PossibleStates(state)
    }

    /// Opens a log and reads all of it; gives nothing when there is none.
    static func open(
        _ files: Files, _ directory: String, _ settings: LogSettings, _ identity: NodeIdentity
    ) throws -> (LogStore<Files>, LogTwinState)? {
        let opened = try LogStore.open(
            files: files, directory: directory, cluster: identity.cluster, node: identity.node,
            settings: settings)
        guard let (store, recovered) = opened else { return nil }
        return (
            store,
            LogTwinState(
                base: recovered.base, entries: try store.everything(),
                hardState: recovered.hardState)
        )
    }

    /// The states since the last finished sync, that one first; each is one record later.
    package var states: [LogTwinState] { possible.all }

    /// The state as the log must have it now.
    package var state: LogTwinState { possible.newest }

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

    /// Before the write: it may have come through although it failed.
    private mutating func propose(_ change: LogTwinChange) {
        tell(.change(change))
        possible.add(state.changed(by: change))
    }

    /// Whether what is left of a full disk is kept for what makes room again.
    private var isTight: Bool {
        asksForRoom && store.shortage != nil && store.roomInSegment < settings.segmentBytes / 8
    }

    private mutating func vote() throws {
        let next = HardState(
            term: Term(state.hardState.term.rawValue + UInt64(roll(0...1))),
            vote: roll(0...3) == 0 ? nil : NodeID(UInt64(roll(1...9))))
        if isTight { return }
        tell(.began(.write))
        propose(.hardState(next))
        try store.write(hardState: next, entries: nil)
        tell(.ended(.write))
    }

    private mutating func write() throws {
        let back = roll(0...3) == 0 ? roll(0...min(4, state.entries.count)) : 0
        let first = state.lastIndex + 1 - back
        var hardState: HardState?
        if roll(0...3) == 0 {
            hardState = state.hardState
            hardState?.term = Term(state.hardState.term.rawValue + 1)
        }
        var term = max(
            state.term(at: first - 1), (hardState ?? state.hardState).term.rawValue, 1)
        var batch: [TwinEntry] = []
        for _ in 0..<roll(1...5) {
            if roll(0...4) == 0 { term += 1 }
            let count = roll(0...9) == 0 ? roll(0...largestContent * 10) : roll(0...largestContent)
            batch.append(
                TwinEntry(
                    term: term, start: UInt8.random(in: 0...255, using: &dice), count: count))
        }
        let detour = batch.count > 1 && roll(0...2) == 0 ? roll(1...batch.count - 1) : 0
        guard try hasRoom(for: batch) else { return }
        tell(.began(.write))
        if let hardState { propose(.hardState(hardState)) }
        // One record a term: each of them is a state that a crash may leave.
        var start = 0
        for end in 1...batch.count
        where end == batch.count || batch[end].term != batch[end - 1].term {
            propose(.put(first: first + start, Array(batch[start..<end])))
            start = end
        }
        writtenCount += batch.count
        try store.put(batch, at: first, hardState: hardState, detour: detour)
        tell(.ended(.write))
    }

    private mutating func hasRoom(for batch: [TwinEntry]) throws -> Bool {
        guard asksForRoom else { return true }
        let byteCount = batch.reduce(0) { $0 + $1.content.count }
        let hasRoom = try store.hasRoom(forBytes: byteCount, entries: batch.count)
        if !hasRoom { refusals += 1 }
        if isRefusing == hasRoom { tell(hasRoom ? .hasSpace : .full) }
        isRefusing = !hasRoom
        return hasRoom
    }

    private mutating func takeWork() {
        guard work == nil, let new = store.takeSyncWork() else { return }
        work = (new, states.count - 1)
    }

    private mutating func finishWork() throws {
        guard let (work, durable) = work else { return }
        tell(.began(.sync))
        try work.perform()
        tell(.durable(durable))
        possible.makeDurable(durable)
        self.work = nil
        store.syncFinished(work)
        tell(.ended(.sync))
    }

    /// The files are changed at one moment, and the log hears of it at a later one.
    private mutating func keepUp() throws {
        if let result = upkeep {
            upkeep = nil
            return store.upkeepFinished(result)
        }
        guard let work = store.takeUpkeep(retries: asksForRoom) else { return }
        tell(.began(.upkeep))
        upkeep = try work.perform()
        tell(.ended(.upkeep))
    }

    private mutating func compact() throws {
        guard !state.entries.isEmpty, !keepsEntries() else { return }
        let index = Int(state.base.index.rawValue) + roll(1...state.entries.count)
        tell(.began(.write))
        propose(.compact(through: index))
        try store.compact(through: state.base)
        tell(.ended(.write))
    }

    private mutating func reset() throws {
        guard roll(0...3) == 0, !keepsEntries() else { return }
        let index = roll(Int(state.base.index.rawValue)...state.lastIndex + 10)
        let id = EntryID(
            term: Term(max(1, state.term(at: min(index, state.lastIndex)))),
            index: LogIndex(UInt64(index)))
        tell(.began(.write))
        propose(.reset(id))
        try store.reset(to: id)
        tell(.ended(.write))
    }

    private mutating func keepsEntries() -> Bool {
        isHoarding && store.shortage == nil && roll(0...19) != 0
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
        try compareWithoutCopying(first, limit)
    }

    /// The same through the ways to read that hand out what is in memory.
    private func compareWithoutCopying(_ first: Int, _ limit: Int) throws {
        let from = state.base.index.advanced(by: first + 1)
        let list = try store.read(from: from, through: store.lastIndex, maxBytes: limit)
        let view = try store.view(from: from, through: store.lastIndex, maxBytes: limit)
        for (name, items, range) in [
            ("list", list, 0..<list.count), ("view", view.entries, view.range),
        ] {
            try expect(range.isEmpty, false, "a \(name) of nothing")
            try expect(
                range.map { items[$0] },
                state.entries[first...].prefix(range.count).map(\.content),
                "\(name) from \(from) within \(limit) bytes")
            try expect(
                range.count == 1 || items.range(of: range).count <= limit, true,
                "\(name) of more than \(limit) bytes")
        }
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
        guard let (store, found) = try Self.open(files, directory, settings, identity) else {
            throw LogTwinFinding("the log is gone")
        }
        self.store = store
        work = nil
        upkeep = nil
        isRefusing = false
        try possible.settle(found) { $0 == found }
        try compare()
    }
}

/// What a log does that its twin does not.
package struct LogTwinFinding: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
