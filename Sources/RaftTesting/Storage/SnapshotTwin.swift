package import Raft
package import RaftRuntime
package import RaftStorage
internal import Wire

/// The snapshots of a node and their dumb twin, driven by dice.
///
/// The twin knows which snapshot is the newest that is durable, and which ones were about to get their names since:
/// a restart may find any of these, and no other, and never one that was given up or half received.
package struct SnapshotTwin<Files: FileSystem> {
    let files: Files
    let directory: String
    let identity: NodeIdentity
    package var dice: SplitMix64
    private var store: SnapshotStore<Files>
    private var possible: PossibleStates<TwinSnapshot?>
    private var incoming: Incoming?
    /// Snapshots have so many bytes at most. Default 2000.
    package var largestBody = 2000
    /// Whether it bears a full disk, as a node does: what found no space is given up.
    package var bearsFullDisk = false
    /// Told what is done before it is done, and after it is durable.
    package var tell: (TwinWord) -> Void = { _ in }
    /// How many snapshots were written, how many received.
    package private(set) var written = 0
    package private(set) var received = 0
    /// How many were given up because the disk was full.
    package private(set) var refusals = 0

    /// A snapshot on its way in: the file as another node would send it.
    private struct Incoming {
        var snapshot: TwinSnapshot
        var bytes: [UInt8]
        var offset = 0
    }

    /// Opens what is there, whatever it is: as another process has left it.
    package init(
        _ files: Files, directory: String, identity: NodeIdentity, seed: UInt64
    ) throws {
        self.files = files
        self.directory = directory
        self.identity = identity
        dice = SplitMix64(seed: seed)
        let (store, found) = try Self.open(files, directory, identity)
        self.store = store
        possible = PossibleStates(found)
    }

    /// Opens the snapshots and reads the newest one.
    static func open(
        _ files: Files, _ directory: String, _ identity: NodeIdentity
    ) throws -> (SnapshotStore<Files>, TwinSnapshot?) {
        let (store, _) = try SnapshotStore.open(
            files: files, directory: directory, cluster: identity.cluster)
        guard let id = store.latest?.lastIncluded else { return (store, nil) }
        let body = try store.readBody(of: id) ?? []
        let found = TwinSnapshot(id: id, start: body.first ?? 0, count: body.count)
        guard body == found.body else {
            throw LogTwinFinding("snapshot \(id) holds what nobody has written")
        }
        return (store, found)
    }

    /// The newest snapshot, as it must be.
    package var newest: TwinSnapshot? { possible.newest }

    private mutating func roll(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &dice)
    }

    /// Does one thing to both.
    package mutating func step() throws {
        switch roll(0...11) {
        case 0...1: try make()
        case 2: try giveUp()
        case 3...9: try receive()
        default: try compare()
        }
    }

    /// The next snapshot of which nobody has heard yet. What it is to cover only rises, also when it comes to nothing.
    private mutating func next() -> TwinSnapshot {
        let last =
            ([incoming?.snapshot] + possible.all).map { $0?.id.index.rawValue ?? 0 }.max() ?? 0
        return TwinSnapshot(
            id: EntryID(term: Term(3), index: LogIndex(last + UInt64(roll(1...5)))),
            start: UInt8.random(in: 0...255, using: &dice), count: roll(1...largestBody))
    }

    private func begin(_ snapshot: TwinSnapshot) -> SnapshotWriter<Files> {
        store.beginWriting(
            lastIncluded: snapshot.id, configuration: Configuration(voters: [identity.node]))
    }

    private mutating func make() throws {
        let snapshot = next()
        var writer = begin(snapshot)
        tell(.began(.snapshot))
        defer { tell(.ended(.snapshot)) }
        do throws(StorageError) {
            try write(snapshot.body[...], to: &writer)
            propose(snapshot)
            let info = try writer.finish()
            store.adopt(info)
        } catch {
            try writer.discard()
            return try bear(error)
        }
        settle()
        written += 1
        // An older one that is coming in is of no use any more.
        if let incoming, incoming.snapshot.id.index <= snapshot.id.index { self.incoming = nil }
    }

    /// Begins one and lets it be.
    private mutating func giveUp() throws {
        let snapshot = next()
        var writer = begin(snapshot)
        tell(.began(.snapshot))
        defer { tell(.ended(.snapshot)) }
        do throws(StorageError) {
            try write(snapshot.body.prefix(roll(0...snapshot.count)), to: &writer)
        } catch {
            try writer.discard()
            return try bear(error)
        }
        try writer.discard()
    }

    private mutating func write(
        _ body: ArraySlice<UInt8>, to writer: inout SnapshotWriter<Files>
    ) throws(StorageError) {
        var rest = body
        while !rest.isEmpty {
            let piece = rest.prefix(roll(1...largestBody))
            try writer.write(piece.span)
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Takes a few pieces of one that another node sends, some twice and some too early, and the last step in the end.
    private mutating func receive() throws {
        var current = try incoming ?? begun()
        tell(.began(.snapshot))
        defer { tell(.ended(.snapshot)) }
        do throws(StorageError) {
            for _ in 0..<roll(1...4) where current.offset < current.bytes.count {
                try take(&current)
            }
        } catch {
            giveUpIncoming()
            return try bear(error)
        }
        incoming = current
        if current.offset == current.bytes.count { try finish(current) }
    }

    private mutating func begun() throws -> Incoming {
        let snapshot = next()
        return Incoming(snapshot: snapshot, bytes: try Self.sent(snapshot, by: identity))
    }

    /// The bytes of a snapshot as they go from node to node.
    private static func sent(_ snapshot: TwinSnapshot, by identity: NodeIdentity) throws -> [UInt8]
    {
        let files = SimulatedFileSystem(isAlwaysDurable: true)
        let (store, _) = try SnapshotStore.open(
            files: files, directory: "/data", cluster: identity.cluster)
        var writer = store.beginWriting(
            lastIncluded: snapshot.id, configuration: Configuration(voters: [identity.node]))
        try writer.write(snapshot.body.span)
        store.adopt(try writer.finish())
        return try store.readPart(of: snapshot.id, offset: 0, maxBytes: .max)?.bytes ?? []
    }

    private mutating func take(_ current: inout Incoming) throws(StorageError) {
        let count = min(roll(1...largestBody), current.bytes.count - current.offset)
        // Sometimes the piece before comes once more, or one that is not due yet: it must be of no consequence.
        let shift = roll(0...5)
        let offset =
            shift == 0
            ? max(0, current.offset - count) : current.offset + (shift == 1 ? count : 0)
        let end = min(current.bytes.count, offset + count)
        let here = try store.receive(
            lastIncluded: current.snapshot.id,
            configuration: Configuration(voters: [identity.node]), offset: UInt64(offset),
            bytes: current.bytes[offset..<end].span)
        current.offset = Int(here)
    }

    private mutating func finish(_ current: Incoming) throws {
        let check = store.finishReceiving(
            lastIncluded: current.snapshot.id,
            configuration: Configuration(voters: [identity.node]))
        incoming = nil
        guard let check else { throw LogTwinFinding("\(current.snapshot.id) is not all here") }
        propose(current.snapshot)
        do throws(StorageError) {
            store.adopt(try check.perform())
        } catch {
            store.abandonReceiving()
            return try bear(error)
        }
        settle()
        received += 1
    }

    private mutating func giveUpIncoming() {
        incoming = nil
        store.abandonReceiving()
    }

    private mutating func bear(_ error: StorageError) throws {
        guard bearsFullDisk, error.kind == .full else { throw error }
        refusals += 1
        tell(.snapshotRefused)
    }

    private mutating func propose(_ snapshot: TwinSnapshot) {
        tell(.snapshot(snapshot))
        possible.add(snapshot)
    }

    private mutating func settle() {
        tell(.stored)
        possible.noteStored()
    }

    /// Holds what the store says against what it must hold.
    package func compare() throws {
        // One that failed may have got its name all the same; the store speaks of those that it knows of.
        let known = possible.all.last { $0 == nil || $0?.id == store.latest?.lastIncluded }
        guard let known, let snapshot = known, let id = store.latest?.lastIncluded else {
            guard store.latest == nil, possible.all[0] == nil else {
                throw LogTwinFinding("the newest snapshot is \(String(describing: store.latest))")
            }
            return
        }
        guard try store.readBody(of: id) == snapshot.body else {
            throw LogTwinFinding("snapshot \(id) reads differently")
        }
    }

    /// Opens the snapshots again, after the process has ended or power was lost, and holds what is found against what
    /// may be.
    package mutating func reopen() throws {
        let (store, found) = try Self.open(files, directory, identity)
        self.store = store
        incoming = nil
        try possible.settle(String(describing: found)) { $0 == found }
    }
}
