internal import Raft
public import RaftStorage
internal import RaftTransport
internal import Wire

extension NodeLoop {
    /// Opens a node's directory, or makes a new one, and brings the machine to its newest snapshot.
    ///
    /// Blocks on the disk. Nothing is sent before `start`.
    /// - Parameter machine: An empty machine.
    /// - Throws: `NodeFailure`: `.storage` when the directory is of another node or damaged,
    ///   `.machine` when the snapshot does not suit the machine.
    public init(
        _ start: NodeStart, machine: consuming Machine, files: Files,
        logSettings: LogSettings = LogSettings(), network: consuming Links,
        background: consuming Jobs, settings: NodeSettings, at now: Instant
    ) throws(NodeFailure) {
        var random = SplitMix64(seed: start.seed)
        let disk = try Self.openOrBeginAnew(start, files: files, logSettings, random: &random)
        let latest = disk.snapshots.latest
        var clock = ClusterClock(
            maxTurnGapMilliseconds: UInt64(3 * settings.heartbeatMilliseconds))
        var machine = machine
        if let latest {
            try Self.restore(&machine, from: disk.snapshots, latest.lastIncluded, clock: &clock)
        }
        let snapshotMilliseconds = clock.newest
        let hardState = disk.hardState
        let outline = disk.log.outline
        let isUntouched = outline.lastIndex == .zero && hardState == HardState()
        let point = latest.map {
            RaftCore.SnapshotPoint(lastIncluded: $0.lastIncluded, configuration: $0.configuration)
        }
        let founded = try Self.openFounding(
            start, disk.recovered, point, isUntouched: isUntouched, files: files)
        if let time = disk.newestTime { clock.see(time) }
        self.machine = machine
        self.core = RaftCore(
            id: start.node, incarnation: disk.recovered.identity.incarnation,
            configuration: founded.configuration, changes: disk.changes,
            hardState: hardState, log: outline, snapshot: point,
            settings: settings.coreForLoop)
        applied = point?.lastIncluded ?? .zero
        appliedMilliseconds = snapshotMilliseconds
        self.settings = settings
        identity = disk.recovered.identity
        self.network = network
        self.background = background
        self.files = files
        directory = start.directory
        founding = founded.founding
        founders = founded.founders
        log = disk.log
        snapshots = disk.snapshots
        self.clock = clock
        self.now = now
        proposals.nextSequence = random.next() >> 16
        reads.nextID = random.next() >> 16
        self.random = random
        snapshotting.lastIndex = applied.index
        notices = (disk.recovered.notes + disk.snapshotNotes).map { .recovered($0.description) }
        noteOtherMembers(start.initialConfiguration)
        if let founding { notices.append(.awaitingFounders(founding.missing)) }
        if let record = disk.rejoin { beginRejoining(record, start) }
    }

    /// The settings may name other members than the directory, which alone counts.
    private mutating func noteOtherMembers(_ wanted: Configuration) {
        let members = configuration.members
        guard !wanted.members.isEmpty, !members.isEmpty, wanted.members != members else { return }
        func names(_ nodes: [NodeID]) -> String { nodes.map(\.description).joined(separator: ",") }
        notices.append(
            .recovered(
                "the settings name the members \(names(wanted.members)); the data directory says "
                    + "\(names(members)), and that counts"))
    }

    /// What is on the disk, read so far that damage anywhere in it has been found.
    struct Disk {
        var log: LogStore<Files>
        var recovered: RecoveredLog
        var snapshots: SnapshotStore<Files>
        var snapshotNotes: [RecoveryNote]
        /// Term and vote, as they fit the newest snapshot.
        var hardState: HardState
        /// The memberships in the log after that.
        var changes: [PlacedConfiguration]
        /// The cluster time that the newest entry carries.
        var newestTime: UInt64?
        /// Of a node that has begun anew.
        var rejoin: RejoinRecord?
    }

    /// - Parameter incarnation: Of a directory that is to be made.
    static func openDisk(
        _ start: NodeStart, files: Files, _ settings: LogSettings, incarnation: UInt64
    ) throws(NodeFailure) -> Disk {
        let identity = NodeIdentity(
            cluster: start.cluster, node: start.node, incarnation: incarnation)
        let (snapshots, notes): (SnapshotStore<Files>, [RecoveryNote])
        let (log, recovered): (LogStore<Files>, RecoveredLog)
        do throws(StorageError) {
            (snapshots, notes) = try SnapshotStore.open(
                files: files, directory: start.directory, cluster: start.cluster)
            (log, recovered) = try openLog(
                start, files: files, settings, identity, isNew: snapshots.latest == nil)
        } catch { throw .storage(error) }
        let end = snapshots.latest?.lastIncluded
        let hardState = try align(log, recovered, with: end)
        let outline = log.outline
        let hasEntries = outline.lastIndex > outline.base.index
        return Disk(
            log: log, recovered: recovered, snapshots: snapshots, snapshotNotes: notes,
            hardState: hardState, changes: try configurations(in: log, after: end ?? .zero),
            newestTime: hasEntries ? try time(of: outline.last, in: log) : nil)
    }

    private static func openLog(
        _ start: NodeStart, files: Files, _ settings: LogSettings, _ identity: NodeIdentity,
        isNew: Bool
    ) throws(StorageError) -> (LogStore<Files>, RecoveredLog) {
        func open() throws(StorageError) -> (store: LogStore<Files>, recovered: RecoveredLog)? {
            try LogStore.open(
                files: files, directory: start.directory, cluster: start.cluster, node: start.node,
                settings: settings)
        }
        if let found = try open() { return (found.store, found.recovered) }
        guard isNew else {
            // Term, vote and acknowledged entries were in it: to begin anew could elect two leaders.
            throw StorageError(
                .notFound, operation: "open log", path: start.directory,
                detail: "there are snapshots, but the log is gone; this node must not vote again")
        }
        _ = try LogStore.create(
            files: files, directory: start.directory, identity: identity,
            configuration: start.initialConfiguration, settings: settings)
        guard let made = try open() else {
            throw StorageError(.notFound, operation: "open", path: start.directory)
        }
        return (made.store, made.recovered)
    }

    /// Makes the log and the durable term fit the newest snapshot: the node may have died between keeping
    /// a received snapshot and starting its log anew.
    ///
    /// The snapshot's term may be newer than the durable one. Whatever this node might have said in that
    /// term waited for the term to be durable, so it has said nothing, and may take the term without a vote.
    private static func align(
        _ log: LogStore<Files>, _ recovered: RecoveredLog, with end: EntryID?
    ) throws(NodeFailure) -> HardState {
        var hardState = recovered.hardState
        do throws(StorageError) {
            _ = try log.align(with: end)
            if let end, end.term > hardState.term {
                hardState = HardState(term: end.term)
                try log.write(hardState: hardState, entries: nil)
            }
            if let work = log.takeSyncWork() {
                try work.perform()
                log.syncFinished(work)
            }
        } catch { throw .storage(error) }
        return hardState
    }

    /// The cluster time that an entry of the log carries.
    private static func time(
        of entry: EntryID, in log: LogStore<Files>
    ) throws(NodeFailure) -> UInt64 {
        var contents = PackedBytes()
        do throws(StorageError) {
            _ = try log.read(from: entry.index, through: entry.index, maxBytes: 1, into: &contents)
        } catch { throw .storage(error) }
        return try header(of: 0, in: contents, entry).timeMilliseconds
    }

    /// The memberships in the log after an entry.
    private static func configurations(
        in log: LogStore<Files>, after end: EntryID
    ) throws(NodeFailure) -> [PlacedConfiguration] {
        var placed: [PlacedConfiguration] = []
        var previous = end.index
        let last = log.outline.lastIndex
        while previous < last {
            var contents = PackedBytes()
            do throws(StorageError) {
                _ = try log.read(
                    from: previous.next, through: last, maxBytes: 1 << 20, into: &contents)
            } catch { throw .storage(error) }
            do throws(DecodeError) {
                placed += try contents.configurations(after: previous)
            } catch {
                let entry = EntryID(term: log.outline.last.term, index: previous.next)
                throw .malformedEntry(entry, reason: "a membership at it or behind it: \(error)")
            }
            previous = previous.advanced(by: contents.count)
        }
        return placed
    }

    static func header(
        of item: Int, in contents: PackedBytes, _ entry: EntryID
    ) throws(NodeFailure) -> EntryHeader {
        do throws(DecodeError) {
            return try contents.withItem(item) { (bytes) throws(DecodeError) in
                var offset = 0
                return try EntryHeader(bytes, at: &offset)
            }
        } catch { throw .malformedEntry(entry, reason: "\(error)") }
    }

    /// Brings the machine to a stored snapshot.
    private static func restore(
        _ machine: inout Machine, from snapshots: SnapshotStore<Files>, _ entry: EntryID,
        clock: inout ClusterClock
    ) throws(NodeFailure) {
        let stored: [UInt8]?
        do throws(StorageError) {
            stored = try snapshots.readBody(of: entry)
        } catch { throw .storage(error) }
        guard let body = stored else { throw .machine(at: entry, reason: "its snapshot is gone") }
        do {
            let state = try RestoredState<Machine.Image>(entry, body: body)
            machine.restore(state.image)
            clock.see(state.timeMilliseconds)
        } catch { throw .machine(at: entry, reason: "\(error)") }
    }
}
