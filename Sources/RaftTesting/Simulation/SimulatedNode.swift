internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTransport

typealias SimulatedLoop = NodeLoop<
    Ledger, SimulatedFileSystem, SimulatedPort, SimulatedBackground
>
typealias SimulatedJob = BackgroundJob<SimulatedFileSystem, Ledger.Image>

/// A running loop, in one place: a look at it copies nothing.
final class SimulatedProcess {
    var loop: SimulatedLoop

    init(_ loop: consuming SimulatedLoop) { self.loop = loop }
}

/// What waits for a node's next turn.
enum Arrival {
    case envelope(Envelope, from: NodeID, incarnation: UInt64)
    case closed(NodeID)
    case result(BackgroundResult<SimulatedFileSystem, Ledger.Image>)
    case propose(operation: Int, command: [UInt8])
    case read(Int)
    case transfer
    /// An orderly end: another one leads first.
    case resign
    case change(MembershipChange)
    /// The first words on a connection, when founders meet.
    case handshake(SimulatedHandshake)
}

/// Takes a node's background jobs; the simulation performs them when their time has come.
final class SimulatedJobs {
    private(set) var started: [SimulatedJob] = []

    func start(_ job: SimulatedJob) { started.append(job) }

    func take() -> [SimulatedJob] {
        guard !started.isEmpty else { return [] }
        defer { started.removeAll(keepingCapacity: true) }
        return started
    }
}

/// The way from a node's loop to its jobs.
struct SimulatedBackground: Background {
    let jobs: SimulatedJobs

    func start(_ job: SimulatedJob) { jobs.start(job) }
}

/// A machine's monotonic clock: its own zero, and its own speed.
struct SimulatedClock {
    var offset: UInt64 = 0
    /// The simulated moment until which it shows `offset`.
    var start: UInt64 = 0
    /// The speed in parts of 1,024.
    var rate: UInt64 = 1024
    /// How much it missed because the machine slept.
    private(set) var slept: UInt64 = 0

    /// A clock of the same machine that goes on while it sleeps.
    func bootReading(at time: UInt64) -> Instant {
        Instant(nanoseconds: reading(at: time).nanoseconds + slept)
    }

    func reading(at time: UInt64) -> Instant {
        Instant(nanoseconds: offset + (max(time, start) - start) * rate / 1024)
    }

    /// From now on the clock runs at another speed.
    mutating func setRate(_ rate: UInt64, at time: UInt64) {
        guard time >= start else { return }
        offset = reading(at: time).nanoseconds
        start = time
        self.rate = rate
    }

    /// The clock stands still: the whole machine is suspended.
    mutating func stop(from time: UInt64, until end: UInt64) {
        offset = reading(at: time).nanoseconds
        let wasAsleepUntil = max(start, time)
        start = max(start, end)
        slept += (start - wasAsleepUntil) * rate / 1024
    }

    /// The machine is woken early.
    mutating func wake(at time: UInt64) {
        guard start > time else { return }
        slept -= min(slept, (start - time) * rate / 1024)
        start = time
    }

    /// The first simulated moment at which the clock shows `instant`.
    func time(of instant: Instant) -> UInt64 {
        guard instant.nanoseconds > offset else { return start }
        return start + ((instant.nanoseconds - offset) * 1024 + rate - 1) / rate
    }
}

/// A simulated machine: its disk, its clock, and the process on it, when one runs.
///
/// Confined to the simulation's thread.
final class SimulatedNode {
    let place: Int
    let id: NodeID
    let disk = SimulatedFileSystem()
    let outbox: SimulatedOutbox
    let jobs = SimulatedJobs()
    var process: SimulatedProcess?
    /// Counts the processes; what belongs to an earlier one is void.
    var life = 0
    var clock = SimulatedClock()
    /// What the wall clock shows, less the simulated time.
    var wallMilliseconds: UInt64 = 0
    var inbox: [Arrival] = []
    /// The jobs under way, by lane, oldest first, and when the newest of each lane ends.
    var lanes: [[SimulatedJob]] = [[], []]
    var laneEnds: [UInt64] = [0, 0]
    /// When the next turn is planned.
    var nextTurn = UInt64.max
    var pausedUntil: UInt64 = 0
    /// Turns come only at multiples of so many nanoseconds, when the machine is overloaded.
    var turnGrid: UInt64 = 1
    var diskSlowness: UInt64 = 1
    /// Whether the disk hangs: no sync and no snapshot ends.
    var isDiskStalled = false
    /// The lanes of the jobs that would have ended since.
    var parkedLanes: [Int] = []
    /// What the directory was made with, and what its incarnation was drawn from.
    var startConfiguration = Configuration(voters: [])
    var firstSeed: UInt64 = 0
    /// What it knows of the founding of its cluster, since it has its present disk.
    var founding = FoundingHistory()
    /// Of the present disk; 0 until it has one.
    var incarnation: UInt64 = 0
    /// Counts the disks that it has lost.
    var generation = 0
    /// Whether it was not set up yet.
    var isDormant = false
    /// Whether bytes at rest have rotted on its disk, and the files in which.
    var rottenFiles: [String] = []
    /// Whether the node has found that, and refuses to run; nobody mends it in this run.
    var isLost = false
    /// What clients wait for, by the loop's own numbers.
    var openProposals: [UInt64: Int] = [:]
    var openReads: [UInt64: Int] = [:]
    /// The hand-overs that were asked for, by the loop's own numbers: whether the process ends afterwards.
    var openTransfers: [UInt64: Bool] = [:]
    /// The changes of the membership that were asked for.
    var openChanges: [UInt64: MembershipChange] = [:]
    /// Counts the turns, and knows in which each open read was asked for.
    var turns = 0
    /// The turns that it has taken without time passing.
    var turnsAtOnce = 0
    var lastTurn: UInt64 = 0
    var turnsOfReads: [UInt64: Int] = [:]
    /// The term in which it leads and has read from its lease, as long as only time can end that.
    var leasedTerm: Term?
    /// Whether it led before its newest turn, and whether it has sent a vote in this one.
    var ledBefore = false
    var hasSentVote = false
    /// The moment of a vote at which the node will end, once.
    var fatalVote: FatalVote?

    /// It has decided in a term that is on its disk already, and the disk does not know how; or the vote has left.
    enum FatalVote { case decided, sent }

    init(place: Int, links: SimulatedLinks) {
        self.place = place
        id = NodeID(UInt64(place) + 1)
        outbox = SimulatedOutbox(node: place, links: links, disk: disk)
    }

    /// As the founding membership may know it: the first number from its seed becomes its incarnation.
    var founder: Member {
        var random = SplitMix64(seed: firstSeed)
        return Member(id, incarnation: random.next())
    }

    var isUp: Bool { process != nil }

    /// Whether it is at the moment at which it is to end.
    var isAtFatalVote: Bool {
        switch fatalVote {
        case nil: return false
        case .sent?: return hasSentVote
        case .decided?:
            guard let core = process?.loop.core else { return false }
            return core.durableHardState == HardState(term: core.term) && core.hardState.vote != nil
        }
    }

    var hasNothingOpen: Bool {
        openProposals.isEmpty && openReads.isEmpty && openTransfers.isEmpty
            && openChanges.isEmpty
    }

    /// Over the whole state of the workload's machine.
    var imageChecksum: UInt64? { try? process?.loop.machine.imageChecksum() }

    /// The process is gone, and all that was in its memory.
    func forgetProcess() {
        process = nil
        life += 1
        inbox = []
        lanes = [[], []]
        laneEnds = [0, 0]
        parkedLanes = []
        nextTurn = .max
        pausedUntil = 0
        openProposals = [:]
        openReads = [:]
        openTransfers = [:]
        openChanges = [:]
        turnsOfReads = [:]
        leasedTerm = nil
        founding.greeted = [:]
        _ = outbox.take()
        _ = jobs.take()
    }
}
