internal import Raft
@testable internal import RaftTesting

/// The obvious explorer: every state is a whole cluster with its own copy of everything, every step is
/// carried out by the model and checked by the checker of whole clusters.
///
/// Only what counts as one state is the explorer's.
struct ExplorerTwin {
    private(set) var explorer: Explorer
    private(set) var states = 0
    private(set) var transitions = 0
    private(set) var violation: String?
    /// Every state, when somebody wants them.
    var keepsClusters = false
    private(set) var all: [Node] = []
    private var seen: Set<Fingerprint> = []
    private var level: [Node] = []
    private var next: [Node] = []

    struct Node {
        var cluster: ModelCluster
        var allowance: Allowance
    }

    init(_ preset: ExplorationPreset, usesSymmetry: Bool = true) throws {
        explorer = try Explorer(preset, usesSymmetry: usesSymmetry)
        var world = try preset.makeWorld()
        world.cluster.notes.isOn = false
        visit(world.cluster, Allowance(preset.spending))
    }

    mutating func run() {
        while !next.isEmpty, violation == nil {
            level = next
            next = []
            if keepsClusters { all += level }
            for node in level where violation == nil { expand(node) }
        }
    }

    private mutating func visit(_ cluster: ModelCluster, _ allowance: Allowance) {
        if let broken = cluster.violation { return violation = broken }
        guard seen.insert(explorer.fingerprint(of: cluster, allowance)).inserted else { return }
        states += 1
        next.append(Node(cluster: cluster, allowance: allowance))
    }

    private mutating func expand(_ node: Node) {
        for model in node.cluster.nodes {
            for move in explorer.moves(of: model) where node.allowance.allows(move.spending) {
                let actions = explorer.table.events[Int(move.event)].actions
                step(node, move.spending) { cluster in
                    for action in actions { cluster.perform(action) }
                }
            }
        }
        let packets = node.cluster.packets
        for place in packets.indices where isDeliverable(place, packets) {
            step(node, nil) { $0.perform(.deliver(place)) }
            guard node.cluster.position(of: packets[place].message.to) != nil else { continue }
            if node.allowance[.losses] > 0 {
                step(node, .losses) { $0.perform(.drop(place)) }
            }
            if node.allowance[.duplicates] > 0 {
                step(node, .duplicates) { cluster in
                    let packet = cluster.packets[place]
                    cluster.perform(.deliver(place))
                    cluster.packets.insert(packet, at: place)
                }
            }
        }
    }

    private func isDeliverable(_ place: Int, _ packets: [ModelPacket]) -> Bool {
        !packets[..<place].contains { earlier in
            let isSameLink =
                earlier.message.from == packets[place].message.from
                && earlier.message.to == packets[place].message.to
            return isSameLink && explorer.preset.network == .ordered
                || explorer.isAlike(earlier, packets[place])
        }
    }

    private mutating func step(
        _ node: Node, _ spending: ExplorationPreset.Spending?,
        _ perform: (inout ModelCluster) -> Void
    ) {
        transitions += 1
        var cluster = node.cluster
        perform(&cluster)
        while explorer.preset.syncsAtOnce, cluster.violation == nil {
            if let busy = cluster.nodes.first(where: { $0.isUp && !$0.disk.pending.isEmpty }) {
                cluster.perform(.sync(busy.id, count: busy.disk.pending.count))
            } else if let busy = cluster.nodes.first(where: {
                $0.isUp && $0.unstoredSnapshot != nil
            }) {
                cluster.perform(.storeSnapshot(busy.id))
            } else {
                break
            }
        }
        loseSome(&cluster)
        visit(cluster, node.allowance.spending(spending))
    }

    /// What finds its link full is lost, and so is what nobody will ever heed.
    private func loseSome(_ cluster: inout ModelCluster) {
        var kept: [ModelPacket] = []
        for packet in cluster.packets {
            let message = packet.message
            let receiver = cluster.nodes.first { $0.id == message.to }
            let isVain =
                packet.isVainWhenOutdated
                && message.term < receiver?.disk.durable.hardState.term ?? .init(0)
            let waiting = kept.count {
                $0.message.from == message.from && $0.message.to == message.to
            }
            if !isVain, waiting < explorer.preset.linkCapacity { kept.append(packet) }
        }
        cluster.packets = kept
    }
}
