@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting

/// A random schedule: from a seed everything follows, the cluster's size, the settings, the faults.
struct Schedule {
    let seed: UInt64
    private(set) var cluster: ModelCluster
    private(set) var actions: [ModelAction] = []
    private var random: SplitMix64
    private let hurry: Int
    private let trouble: Int
    /// Whether the membership changes, leadership is handed over, and disks hang or are lost.
    private let changes: Bool
    /// A node that hears nobody, and whom nobody hears.
    private var isolated: NodeID?

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var settings = CoreSettings()
        settings.usesPreVote = seed & 1 == 0
        settings.checksQuorum = seed & 2 == 0
        settings.maxEntriesPerAppend = random.pick([1, 2, 3, 1024])
        settings.maxInflightAppends = random.pick([1, 2, 16])
        settings.maxPendingReads = random.pick([1, 2, 1024])
        let voters = (1...UInt64(random.pick([3, 3, 3, 4, 5]))).map { NodeID($0) }
        changes = !random.oneIn(3)
        let joining = changes ? (0..<UInt64(random.below(3))).map { NodeID(6 + $0) } : []
        let roster = voters.map {
            Member($0, incarnation: $0.rawValue, priority: UInt8(random.below(2)))
        }
        cluster = ModelCluster(
            configuration: Configuration(voters: voters, roster: changes ? roster : []),
            joining: joining, settings: settings)
        cluster.maxEntriesSent = random.pick([1, 2, .max, .max, .max, .max])
        cluster.snapshotBytes = random.pick([1, 3])
        cluster.flushesAtOnce = random.oneIn(2)
        hurry = random.pick([1, 3, 10])
        trouble = random.pick([1, 4, 12])
        let startsWell = !random.oneIn(4)
        if startsWell { _ = cluster.passRounds(60, random: &random) { $0.leader != nil } }
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
        guard cluster.violation == nil else { return }
        if random.oneIn(2), let leader = cluster.leader {
            cluster.perform(.compact(leader.id, keeping: 0))  // who lags behind gets a snapshot
        }
        cluster.demandProgress(random: &random)
    }

    private mutating func nextAction() -> ModelAction {
        let id = random.pick(cluster.nodes).id
        switch random.below(100) {
        case ..<56 where !cluster.packets.isEmpty: return nextOnNetwork()
        case ..<66:
            let busy = cluster.nodes.filter { $0.isUp && !$0.disk.pending.isEmpty }
            return busy.isEmpty
                ? .flush(id) : .sync(random.pick(busy).id, count: 1 + random.below(3))
        case ..<74:
            let leader = cluster.leader?.id ?? id
            return .propose(random.oneIn(4) ? id : leader, count: 1 + random.below(3))
        case ..<78:
            // Also at one that was deposed and does not know: it must not answer.
            let leaders = cluster.nodes.filter { $0.isUp && $0.core.roleName == .leader }
            return .read(leaders.isEmpty || random.oneIn(3) ? id : random.pick(leaders).id)
        case ..<89: return nextTimer() ?? .flush(id)
        case ..<92: return .flush(id)
        case ..<95 where changes: return nextChange(id)
        default: return nextTrouble(id)
        }
    }

    /// Mostly in order, now and then not, and a few are lost or doubled.
    private mutating func nextOnNetwork() -> ModelAction {
        let place = random.oneIn(3) ? random.below(cluster.packets.count) : 0
        let message = cluster.packets[place].message
        if message.from == isolated || message.to == isolated { return .drop(place) }
        switch random.below(6 * 12) {
        case ..<(4 * trouble / 4): return .drop(place)
        case ..<(6 * trouble / 4): return .duplicate(place)
        default: return .deliver(place)
        }
    }

    /// A timer that runs. Elections are rare enough that leaders get something done.
    private mutating func nextTimer() -> ModelAction? {
        let armed = cluster.nodes.filter(\.isUp).flatMap { node in
            node.timers.map { ModelAction.fire(node.id, $0.timer) }
        }
        guard !armed.isEmpty else { return nil }
        let action = random.pick(armed)
        if case .fire(_, .heartbeat) = action { return action }
        return random.oneIn(hurry) ? action : nil
    }

    /// Another membership, another leader, a disk that hangs or is lost.
    private mutating func nextChange(_ id: NodeID) -> ModelAction {
        let leader = random.oneIn(6) ? id : cluster.leader?.id ?? id
        let node = random.pick(cluster.nodes)
        switch random.below(16) {
        case 0, 1, 2, 3:
            let member = Member(
                node.id, incarnation: node.incarnation, priority: UInt8(random.below(3)))
            return .change(leader, .add(member, asVoter: !random.oneIn(3)))
        case 4: return .change(leader, .promote(node.id))
        case 5: return .change(leader, .demote(node.id))
        case 6, 7: return .change(leader, .remove(node.id))
        case 8: return .change(leader, .remove(leader))
        case 9:
            let some = cluster.nodes.map(\.id).filter { _ in !random.oneIn(3) }
            return .change(leader, .setVoters(some))
        case 10:
            return .change(leader, .update(Member(node.id, incarnation: node.incarnation)))
        case 11, 12: return .transfer(leader, to: random.oneIn(3) ? nil : node.id)
        case 13: return .stall(leader, !random.oneIn(4))
        case 14: return .stall(node.id, false)
        default: return node.isUp ? .crash(node.id, surviving: 0) : .wipe(node.id)
        }
    }

    private mutating func nextTrouble(_ id: NodeID) -> ModelAction {
        switch random.below(15) {
        case 0 where random.below(12) < trouble, 1 where random.below(12) < trouble:
            return .crash(id, surviving: random.below(4))
        case 2, 3, 4:
            return cluster.nodes.first { !$0.isUp }.map { .restart($0.id) } ?? .flush(id)
        case 5: return .compact(id, keeping: random.below(4))
        case 6: return .compact(cluster.leader?.id ?? id, keeping: random.below(2))
        case 7, 8: return .storeSnapshot(id)
        case 9: return random.oneIn(4) ? .rejectSnapshot(id) : .storeSnapshot(id)
        case 10:
            return .loseSnapshot(cluster.leader?.id ?? id, peer: id)
        case 11: return .close(id, peer: cluster.leader?.id ?? id)
        default:
            isolated = random.oneIn(2) ? nil : random.oneIn(2) ? cluster.leader?.id : id
            return .flush(id)
        }
    }
}
