internal import Raft
@testable internal import RaftTesting

extension Explorer {
    /// What the explorer takes a whole cluster for.
    mutating func fingerprint(of cluster: ModelCluster, _ allowance: Allowance) -> Fingerprint {
        var memory = Memory(cluster.history)
        let oldest = cluster.nodes.map(\.disk.durable.hardState.term).min() ?? .zero
        memory.forget(before: UInt8(oldest.rawValue))
        return fingerprint(
            of: State(
                nodes: cluster.nodes.map { table.number(of: $0) },
                memory: memories.number(of: memory), allowance: allowance,
                packets: cluster.packets.map { table.number(of: $0) }))
    }

    mutating func moves(of node: ModelNode) -> [LocalMove] {
        table.moves[Int(table.number(of: node))]
    }

    func isAlike(_ left: ModelPacket, _ right: ModelPacket) -> Bool {
        table.knownNumber(of: left) == table.knownNumber(of: right)
            && table.knownNumber(of: left) != nil
    }

    /// The number of classes of states that differ in names only, found by visiting all states.
    func classes(of preset: ExplorationPreset) throws -> Int {
        var twin = try ExplorerTwin(preset, usesSymmetry: false)
        twin.keepsClusters = true
        twin.run()
        var folded = try Explorer(preset)
        var classes: Set<Fingerprint> = []
        for node in twin.all {
            classes.insert(folded.fingerprint(of: node.cluster, node.allowance))
        }
        return classes.count
    }
}

extension Script {
    /// The nodes at the end of a story.
    static func nodes(after story: String) throws -> [ModelNode] {
        var script = Script()
        for block in story.split(separator: "\n\n") {
            for line in block.split(separator: "\n") {
                if line == "----" { break }
                if !line.hasPrefix("#") { try script.perform(String(line)) }
            }
        }
        return script.world?.cluster.nodes ?? []
    }
}
