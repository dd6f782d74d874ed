@testable internal import Raft

/// A random schedule: from a seed everything follows, the cluster's size, the settings, the faults.
struct Schedule {
    let seed: UInt64
    private(set) var cluster: Cluster
    private(set) var actions: [Action] = []
    private var random: SplitMix64
    private let hurry: Int
    private let trouble: Int

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var settings = CoreSettings()
        settings.usesPreVote = seed & 1 == 0
        settings.checksQuorum = seed & 2 == 0
        settings.maxEntriesPerAppend = random.pick([1, 2, 3, 1024])
        settings.maxInflightAppends = random.pick([1, 2, 16])
        settings.maxPendingReads = random.pick([1, 2, 1024])
        let voters = (1...UInt64(random.pick([3, 3, 3, 4, 5]))).map { NodeID($0) }
        cluster = Cluster(configuration: Configuration(voters: voters), settings: settings)
        cluster.maxEntriesSent = random.pick([1, 2, .max, .max, .max, .max])
        cluster.flushesAtOnce = random.oneIn(2)
        hurry = random.pick([1, 3, 10])
        trouble = random.pick([1, 4, 12])
        self.random = random
        self.seed = seed
    }

    /// Runs to the end or to the first broken invariant.
    mutating func run(steps: Int) {
        for _ in 0..<steps where cluster.violation == nil {
            let action = nextAction()
            actions.append(action)
            cluster.perform(action)
        }
        if cluster.violation == nil { cluster.demandProgress(random: &random) }
    }

    private mutating func nextAction() -> Action {
        let id = random.pick(cluster.nodes).id
        switch random.below(100) {
        case ..<50 where !cluster.packets.isEmpty: return nextOnNetwork()
        case ..<66:
            return .sync(id, count: 1 + random.below(3))
        case ..<74:
            let leader = cluster.leader?.id ?? id
            return .propose(random.oneIn(4) ? id : leader, count: 1 + random.below(3))
        case ..<77: return .read(random.oneIn(2) ? id : cluster.leader?.id ?? id)
        case ..<90: return nextTimer() ?? .flush(id)
        case ..<95: return .flush(id)
        default: return nextTrouble(id)
        }
    }

    /// Mostly in order, now and then not, and a few are lost or doubled.
    private mutating func nextOnNetwork() -> Action {
        let place = random.oneIn(3) ? random.below(cluster.packets.count) : 0
        switch random.below(6 * 12) {
        case ..<(4 * trouble / 4): return .drop(place)
        case ..<(6 * trouble / 4): return .duplicate(place)
        default: return .deliver(place)
        }
    }

    /// A timer that runs. Elections are rare enough that leaders get something done.
    private mutating func nextTimer() -> Action? {
        let armed = cluster.nodes.filter(\.isUp).flatMap { node in
            node.timers.map { Action.fire(node.id, $0.timer) }
        }
        guard !armed.isEmpty else { return nil }
        let action = random.pick(armed)
        if case .fire(_, .heartbeat) = action { return action }
        return random.oneIn(hurry) ? action : nil
    }

    private mutating func nextTrouble(_ id: NodeID) -> Action {
        switch random.below(12) {
        case 0 where random.below(12) < trouble, 1 where random.below(12) < trouble:
            return .crash(id, surviving: random.below(4))
        case 2, 3, 4:
            return cluster.nodes.first { !$0.isUp }.map { .restart($0.id) } ?? .flush(id)
        case 5, 6: return .compact(id, keeping: random.below(4))
        case 7, 8: return .storeSnapshot(id)
        case 9: return random.oneIn(4) ? .rejectSnapshot(id) : .storeSnapshot(id)
        case 10:
            return .loseSnapshot(cluster.leader?.id ?? id, peer: id)
        default: return .close(id, peer: cluster.leader?.id ?? id)
        }
    }
}
