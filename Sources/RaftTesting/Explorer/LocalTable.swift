internal import Raft

/// Something that a node can do or that can be done to it, with nobody else taking part.
struct LocalEvent: Hashable {
    var actions: [ModelAction]
    /// The number that a read gets.
    var read: UInt64 = 0
}

/// A way on from a node's state.
struct LocalMove {
    var event: UInt32
    var spending: ExplorationPreset.Spending?
}

/// Every state of a single node, every message and every single-node event that was met, each once and
/// with a number. The number stands for it in the states of the whole cluster, which are so nothing but
/// a few numbers.
struct LocalTable {
    let preset: ExplorationPreset
    /// For each way to rename the nodes, the new number of each; the first changes nothing.
    let renamings: [[UInt8]]
    private(set) var nodes: [ModelNode] = []
    private(set) var facts: [LocalFacts] = []
    private(set) var moves: [[LocalMove]] = []
    private(set) var packets: [ModelPacket] = []
    private(set) var packetFacts: [PacketFacts] = []
    private(set) var events: [LocalEvent] = []
    /// A row for each state, a column for each renaming.
    private(set) var nodeHashes: [Fingerprint] = []
    private(set) var packetHashes: [Fingerprint] = []
    private var nodeNumbers: [Fingerprint: UInt32] = [:]
    private var packetNumbers: [Fingerprint: UInt32] = [:]
    private var eventNumbers: [LocalEvent: UInt32] = [:]
    private var writers: [CanonicalWriter]

    struct PacketFacts {
        var from: UInt8
        var to: UInt8
        var term: UInt8
        var isVainWhenOutdated: Bool
        /// From `from` to `to`, as one number.
        var link: Int { Int(from) << 4 | Int(to) }
    }

    init(_ preset: ExplorationPreset, nodeCount: Int, usesSymmetry: Bool) {
        self.preset = preset
        let ignoresRounds = preset.spending[.reads] ?? 0 == 0
        renamings = Self.renamings(of: usesSymmetry ? preset.alike : [], nodeCount: nodeCount)
        writers = renamings.map { CanonicalWriter(names: $0, ignoresRounds: ignoresRounds) }
    }

    /// Every way to exchange the nodes of each group among themselves.
    private static func renamings(of groups: [[UInt64]], nodeCount: Int) -> [[UInt8]] {
        var all = [(0...UInt8(nodeCount)).map { $0 }]
        for group in groups {
            let members = group.map { Int($0) }
            all = all.flatMap { names in
                permutations(of: members).map { order in
                    var names = names
                    for (member, other) in zip(members, order) { names[member] = UInt8(other) }
                    return names
                }
            }
        }
        return all
    }

    private static func permutations(of items: [Int]) -> [[Int]] {
        guard items.count > 1 else { return [items] }
        return items.indices.flatMap { i in
            var rest = items
            let first = rest.remove(at: i)
            return permutations(of: rest).map { [first] + $0 }
        }
    }

    mutating func number(of node: ModelNode) -> UInt32 {
        let hashes = writers.indices.map { i in
            writers[i].reset()
            node.encode(into: &writers[i])
            return Fingerprint(writers[i].bytes, kind: 1)
        }
        if let known = nodeNumbers[hashes[0]] { return known }
        let number = UInt32(nodes.count)
        nodeNumbers[hashes[0]] = number
        nodeHashes += hashes
        nodes.append(node)
        facts.append(LocalFacts(node))
        moves.append(makeMoves(of: node))
        return number
    }

    mutating func number(of packet: ModelPacket) -> UInt32 {
        let hashes = writers.indices.map { i in
            writers[i].reset()
            packet.encode(into: &writers[i])
            return Fingerprint(writers[i].bytes, kind: 2)
        }
        if let known = packetNumbers[hashes[0]] { return known }
        let number = UInt32(packets.count)
        packetNumbers[hashes[0]] = number
        packetHashes += hashes
        packets.append(packet)
        packetFacts.append(
            PacketFacts(
                from: UInt8(packet.message.from.rawValue), to: UInt8(packet.message.to.rawValue),
                term: UInt8(packet.message.term.rawValue),
                isVainWhenOutdated: packet.isVainWhenOutdated))
        return number
    }

    /// The number of a packet that is known already.
    func knownNumber(of packet: ModelPacket) -> UInt32? {
        var writer = writers[0]
        writer.reset()
        packet.encode(into: &writer)
        return packetNumbers[Fingerprint(writer.bytes, kind: 2)]
    }

    private mutating func number(of event: LocalEvent) -> UInt32 {
        if let known = eventNumbers[event] { return known }
        let number = UInt32(events.count)
        eventNumbers[event] = number
        events.append(event)
        return number
    }

    // MARK: What a node may do

    private mutating func makeMoves(of node: ModelNode) -> [LocalMove] {
        var moves: [LocalMove] = []
        let id = node.id
        func add(_ actions: ModelAction..., spending: ExplorationPreset.Spending? = nil) {
            if let spending, preset.spending[spending] ?? 0 == 0 { return }
            moves.append(
                LocalMove(
                    event: number(of: LocalEvent(actions: actions)), spending: spending))
        }
        guard node.isUp else {
            add(.restart(id))
            add(.wipe(id), spending: .wipes)
            return moves
        }
        guard node.core.fault == nil else { return [] }
        for armed in node.timers { addTimer(armed.timer, of: node, to: &moves) }
        if node.core.roleName == .leader {
            add(.propose(id, count: 1), spending: .proposals)
            for change in preset.changes { add(.change(id, change), spending: .changes) }
            for peer in node.core.peers { add(.transfer(id, to: peer.node), spending: .transfers) }
        }
        if let reads = preset.spending[.reads], reads > 0, node.core.leader != nil {
            // One event for each number that a read may get: what remains of the reads is its number.
            let first = events.count
            for left in 1...UInt64(reads) {
                events.append(LocalEvent(actions: [.read(id)], read: left))
            }
            moves.append(LocalMove(event: UInt32(first), spending: .reads))
        }
        let pending = node.disk.pending.count
        for count in Set([1, pending]).sorted() where count <= pending {
            add(.sync(id, count: count))
        }
        if node.unstoredSnapshot != nil { add(.storeSnapshot(id)) }
        if node.appliedIndex > node.core.snapshot?.lastIncluded.index ?? .zero {
            add(.compact(id, keeping: 0), spending: .compactions)
        }
        add(.stall(id, true), spending: .stalls)
        add(.stall(id, false), spending: .stalls)
        for surviving in 0...pending { add(.crash(id, surviving: surviving), spending: .crashes) }
        for other in 1..<UInt64(renamings[0].count) where NodeID(other) != id {
            add(.close(id, peer: NodeID(other)), spending: .closes)
        }
        return moves
    }

    private mutating func addTimer(
        _ timer: TimerID, of node: ModelNode, to moves: inout [LocalMove]
    ) {
        let id = node.id
        let mayCampaign = node.core.term.rawValue < preset.maxTerm
        var actions = [ModelAction.fire(id, timer)]
        var spending: ExplorationPreset.Spending?
        switch timer {
        case .election:
            guard mayCampaign || !preset.campaignsAtOnce else { return }
            if preset.campaignsAtOnce {
                actions.append(.fire(id, .campaign))
                spending = .campaigns
            }
        case .campaign, .earlyCampaign:
            guard mayCampaign else { return }
            spending = .campaigns
        case .heartbeat: spending = .heartbeats
        case .quorumCheck: spending = .quorumChecks
        case .transfer: break  // as often as a transfer was asked for
        }
        if let spending, preset.spending[spending] ?? 0 == 0 { return }
        let event = number(of: LocalEvent(actions: actions))
        moves.append(LocalMove(event: event, spending: spending))
    }
}
