@testable internal import Raft

/// A core and the host around it: log, disk, timers.
struct SimulatedNode: Hashable, Sendable {
    /// A timer that runs, since a round of the cluster's clock.
    struct ArmedTimer: Hashable, Sendable {
        var timer: TimerID
        var since: Int
    }

    /// A snapshot of which some pieces have come.
    struct IncomingSnapshot: Hashable, Sendable {
        var lastIncluded: EntryID
        var bytes: UInt64
    }

    let id: NodeID
    var core: RaftCore
    var log: SimulatedLog
    var disk: SimulatedDisk
    /// Counts the restarts.
    var life = 0
    var isUp = true
    /// Running timers, by name.
    var timers: [ArmedTimer] = []
    var appliedIndex = LogIndex.zero
    var incoming: IncomingSnapshot?
    /// A snapshot that came whole and is not durable yet.
    var unstoredSnapshot: RaftCore.SnapshotPoint?
    /// Whether the core has been told things since its last flush.
    var needsFlush = false

    init(id: NodeID, configuration: Configuration, settings: CoreSettings) {
        self.id = id
        core = RaftCore(id: id, configuration: configuration, settings: settings)
        log = SimulatedLog()
        disk = SimulatedDisk()
    }

    mutating func crash(surviving: Int) {
        disk.crash(surviving: surviving)
        isUp = false
        timers = []
        incoming = nil
        unstoredSnapshot = nil
        needsFlush = false
    }

    /// Makes a new core from what the disk holds.
    mutating func restart() {
        let contents = disk.durable
        log = contents.log
        let runs = contents.log.entries.map { TermRun(term: $0.term, count: 1) }
        core = RaftCore(
            id: id, configuration: contents.snapshot?.configuration ?? core.configuration,
            hardState: contents.hardState,
            log: LogOutline(base: contents.log.base, runs: runs), snapshot: contents.snapshot,
            settings: core.settings)
        appliedIndex = contents.snapshot?.lastIncluded.index ?? .zero
        life += 1
        isUp = true
    }

    mutating func setTimer(_ timer: TimerID, at round: Int) {
        cancelTimer(timer)
        timers.append(ArmedTimer(timer: timer, since: round))
        timers.sort { $0.timer.rawValue < $1.timer.rawValue }
    }

    mutating func cancelTimer(_ timer: TimerID) { timers.removeAll { $0.timer == timer } }

    func isArmed(_ timer: TimerID) -> Bool { timers.contains { $0.timer == timer } }

    /// Whether the durable log, or the snapshot before it, has this entry.
    func hasDurably(_ entry: EntryID) -> Bool {
        let log = disk.durable.log
        return log.base.index > entry.index || log.contains(entry)
            || disk.durable.snapshot.map { $0.lastIncluded.index >= entry.index } ?? false
    }
}
