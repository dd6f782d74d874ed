package import Raft

/// A core and the host around it: log, disk, timers.
package struct ModelNode: Hashable, Sendable {
    /// A timer that runs, since a round of the cluster's clock.
    package struct ArmedTimer: Hashable, Sendable {
        package var timer: TimerID
        package var since: Int
    }

    /// A snapshot of which some pieces have come.
    package struct IncomingSnapshot: Hashable, Sendable {
        package var lastIncluded: EntryID
        package var bytes: UInt64
    }

    /// The incarnations of nodes that never lost a disk are below this.
    package static let wipedIncarnation: UInt64 = 1000

    package let id: NodeID
    /// Another one after each loss of the disk; 0 in clusters that do not care.
    package var incarnation: UInt64
    /// The membership that the node was founded with; without voters for one that joins.
    package var founding: Configuration
    package var core: RaftCore
    package var log: ModelLog
    package var disk: ModelDisk
    /// Counts the restarts.
    package var life = 0
    package var isUp = true
    /// Running timers, by name.
    package var timers: [ArmedTimer] = []
    package var appliedIndex = LogIndex.zero
    package var incoming: IncomingSnapshot?
    /// A snapshot that came whole and is not durable yet.
    package var unstoredSnapshot: RaftCore.SnapshotPoint?
    /// Whether the core has been told things since its last flush.
    package var needsFlush = false

    package init(
        id: NodeID, incarnation: UInt64? = nil, configuration: Configuration,
        settings: CoreSettings
    ) {
        self.id = id
        let incarnation = incarnation ?? configuration.member(id)?.incarnation ?? 0
        self.incarnation = incarnation
        founding = configuration
        core = RaftCore(
            id: id, incarnation: incarnation, configuration: configuration, settings: settings)
        log = ModelLog()
        disk = ModelDisk()
    }

    package mutating func crash(surviving: Int) {
        disk.crash(surviving: surviving)
        isUp = false
        timers = []
        incoming = nil
        unstoredSnapshot = nil
        needsFlush = false
    }

    /// Makes a new core from what the disk holds.
    package mutating func restart() {
        let contents = disk.durable
        log = contents.log
        let runs = contents.log.entries.map { TermRun(term: $0.term, count: 1) }
        core = RaftCore(
            id: id, incarnation: incarnation,
            configuration: contents.snapshot?.configuration ?? founding,
            changes: contents.changes, hardState: contents.hardState,
            log: LogOutline(base: contents.log.base, runs: runs), snapshot: contents.snapshot,
            settings: core.settings)
        appliedIndex = contents.snapshot?.lastIncluded.index ?? .zero
        life += 1
        isUp = true
    }

    /// Comes back with nothing, as another one under the old name.
    package mutating func wipe() {
        disk = ModelDisk()
        incarnation += Self.wipedIncarnation
        founding = Configuration(voters: [])
        restart()
    }

    package mutating func setTimer(_ timer: TimerID, at round: Int) {
        cancelTimer(timer)
        timers.append(ArmedTimer(timer: timer, since: round))
        timers.sort { $0.timer.rawValue < $1.timer.rawValue }
    }

    package mutating func cancelTimer(_ timer: TimerID) { timers.removeAll { $0.timer == timer } }

    package func isArmed(_ timer: TimerID) -> Bool { timers.contains { $0.timer == timer } }

    /// Whether the durable log, or the snapshot before it, has this entry.
    package func hasDurably(_ entry: EntryID) -> Bool {
        let log = disk.durable.log
        return log.base.index > entry.index || log.contains(entry)
            || disk.durable.snapshot.map { $0.lastIncluded.index >= entry.index } ?? false
    }
}
