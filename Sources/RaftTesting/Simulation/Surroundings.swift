internal import Raft
internal import RaftRuntime
internal import RaftStorage

/// The kinds of fault.
enum FaultKind: CaseIterable {
    case kill, powerLoss, powerLossWithinStep, allDown, endWithVote
    case isolate, split, cutOneWay, bridge, ring, chain, star, graph, flap
    case reset, lossBurst, loseKind, loseBig, slowLink, echo
    case pause, suspend, drift, lateTurns, wallJump
    case slowDisk, stallDisk, fullDisk
    case transfer, resign
    case change, wipe
    case diskFailure, brokenDisk, callFailure, rot

    static let ofNetwork: [FaultKind] = [
        .isolate, .split, .cutOneWay, .bridge, .ring, .chain, .star, .graph, .flap,
        .reset, .lossBurst, .loseKind, .loseBig, .slowLink, .echo,
    ]
    static let ofMembership: [FaultKind] = [
        .change, .change, .change, .change, .wipe, .transfer, .kill, .isolate, .graph,
    ]
    /// Those after which a node has to be started anew, or never runs again.
    static let ofDisks: [FaultKind] = [.diskFailure, .brokenDisk, .callFailure, .fullDisk, .rot]
    static let ofClocks: [FaultKind] = [.pause, .suspend, .drift, .lateTurns, .wallJump, .kill]
}

/// What a run's seed has chosen: how the network, the disks, the clients and the faults behave.
struct Surroundings {
    var nodeCount: Int
    var node = NodeSettings()
    var log: LogSettings
    /// Delays in nanoseconds.
    var minDelay: UInt64
    var maxDelay: UInt64
    var maxSyncDelay: UInt64
    var maxTurnDelay: UInt64
    /// In thousandths.
    var lossPermille: Int
    var doublingPermille: Int
    var stragglerPermille: Int
    var isOrdered: Bool
    /// Whether old messages of the protocol survive a reset.
    var keepsStragglers: Bool
    /// Deviation of clocks, in parts of 1,024.
    var maxDrift: Int
    /// The average time between two requests and between two faults, in milliseconds.
    var requestInterval: UInt64
    var faultInterval: UInt64
    var faults: [FaultKind]
    var maxBurst: Int
    var maxPadding: Int
    var readPercent: Int
    /// Whether members come and go, and whether the founders are known by their incarnations; only when both
    /// hold may disks be wiped.
    var changesMembership: Bool
    var pinsIncarnations: Bool
    /// Whether the founders get to know each other first, as hosts let them.
    var meetsFounders: Bool
    /// Whether nodes that find their directories damaged begin anew, and come back by themselves.
    var rejoins = false
    /// Nodes that are no members at first.
    var spareCount: Int
    /// What is tried once all is calm: a hand-over, and a leader whose disk hangs.
    var handsOverInCalm: Bool
    var stallsInCalm: Bool
    /// Whether more disks may rot than the cluster can do without.
    var rotsWithoutLimit: Bool
    /// Whether and when some links stay cut while all else is well (a liveness test without healing).
    var standingCuts: StandingCuts

    enum StandingCuts { case never, beforeCalm, afterCalm }

    init(_ settings: SimulationSettings, dice: inout SplitMix64) {
        func draw<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: 0..<values.count, using: &dice)]
        }
        let isCalm = settings.profile == .calm
        nodeCount = settings.nodeCount ?? draw([3, 3, 3, 4, 5, 5])
        log = LogSettings(
            segmentBytes: draw([4 << 10, 8 << 10, 64 << 10]),
            cacheBytes: draw([0, 1 << 10, 1 << 20]))
        minDelay = draw([20_000, 100_000, 1_000_000])
        maxDelay = draw([1_000_000, 5_000_000, 40_000_000])
        maxSyncDelay = draw([500_000, 4_000_000, 40_000_000])
        maxTurnDelay = draw([1000, 50_000, 1_000_000])
        let isLossy = !isCalm && draw([true, false])
        lossPermille = isLossy ? draw([5, 20, 100]) : 0
        doublingPermille = isLossy ? draw([5, 50]) : 0
        stragglerPermille = isLossy ? draw([1, 5]) : 0
        isOrdered = draw([true, false])
        keepsStragglers = draw([true, false])
        maxDrift = draw([0, 20, 102])
        requestInterval = draw([40, 150, 600])
        faultInterval = draw([400, 1200, 3000])
        maxBurst = draw([1, 8, 40])
        maxPadding = draw([0, 40, 600])
        readPercent = draw([20, 50])
        standingCuts = isCalm ? .never : draw([.never, .beforeCalm, .afterCalm])
        rotsWithoutLimit = Int.random(in: 0..<6, using: &dice) == 0
        changesMembership =
            switch settings.profile {
            case .membership: true
            case .mixed, .disk: draw([true, false, false])
            case .calm, .crashes, .network, .clocks, .storm: false
            }
        pinsIncarnations = changesMembership && draw([true, true, false])
        spareCount = changesMembership ? 2 : 0
        handsOverInCalm = draw([true, false, false])
        stallsInCalm = draw([true, false, false])
        meetsFounders = !isCalm && draw([true, false, false])
        faults = []
        faults = chooseFaults(settings.profile, dice: &dice)
        if meetsFounders, !changesMembership { faults.append(.wipe) }
        if settings.profile == .storm { faultInterval = 300 }
        chooseNodeSettings(dice: &dice)
        if !isCalm, !changesMembership { pinsIncarnations = draw([true, false]) }
        rejoins = (pinsIncarnations || meetsFounders) && draw([true, true, false])
    }

    /// Only where a node that has lost its disk is known to be another one.
    var wipesDisks: Bool { meetsFounders || changesMembership && pinsIncarnations }

    private func chooseFaults(
        _ profile: SimulationProfile, dice: inout SplitMix64
    ) -> [FaultKind] {
        let usual = FaultKind.allCases.filter {
            !FaultKind.ofDisks.contains($0) && $0 != .change && $0 != .wipe
        }
        switch profile {
        case .calm: return []
        case .storm: return usual
        case .crashes: return [.kill, .powerLoss, .powerLossWithinStep, .allDown, .endWithVote]
        case .network: return FaultKind.ofNetwork
        case .clocks: return FaultKind.ofClocks
        case .membership: return FaultKind.ofMembership
        case .mixed, .disk:
            // Some runs are about a few kinds only: rare combinations then come often enough.
            let share = Int.random(in: 1...4, using: &dice)
            var chosen = usual.filter { _ in Int.random(in: 0..<4, using: &dice) < share }
            let isAboutDisks = profile == .disk || Int.random(in: 0..<4, using: &dice) == 0
            if isAboutDisks { chosen += FaultKind.ofDisks + [.kill, .rot] }
            if changesMembership { chosen += [.change, .change, .change, .wipe] }
            return chosen
        }
    }

    private mutating func chooseNodeSettings(dice: inout SplitMix64) {
        func draw<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: 0..<values.count, using: &dice)]
        }
        let heartbeat = draw([50, 100])
        do throws(SettingsError) {
            try node.setTimeouts(
                electionMilliseconds: heartbeat * draw([5, 10]), heartbeatMilliseconds: heartbeat)
        } catch { fatalError("simulation: \(error)") }
        node.earlyCampaignMilliseconds = draw([1, 15])
        node.requestTimeoutMilliseconds = draw([1000, 2000, 5000])
        node.maxAppendBytes = draw([200, 4 << 10, 1 << 20])
        node.snapshotPartBytes = draw([100, 300, 1 << 20])
        node.snapshotEntries = draw([10, 40, 200])
        node.trailingEntries = draw([0, 5, 40])
        node.maxEntriesPerTurn = draw([3, 64, 4096])
        node.core.maxEntriesPerAppend = draw([1, 4, 1024])
        node.core.maxInflightBytes = draw([300, 16 << 20])
        node.core.maxInflightAppends = draw([1, 4, 16])
        node.core.maxUncommittedBytes = draw([2000, 64 << 20])
        node.core.maxPendingReads = draw([4, 1024])
        node.core.usesPreVote = draw([true, true, true, false])
        node.core.checksQuorum = draw([true, true, true, false])
        guard node.core.checksQuorum, draw([true, false]) else { return }
        do throws(CoreSettingsError) {
            // No clock here errs by more, whatever happens to it.
            try node.core.allowLeases(
                electionTimeoutMilliseconds: UInt64(node.electionTimeoutMilliseconds),
                maxDriftPermille: 100)
        } catch { fatalError("simulation: \(error)") }
    }
}
