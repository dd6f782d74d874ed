package import Raft

/// A cluster under a script: links can be cut, messages held back, disks stopped. What is neither cut,
/// held nor stopped happens at once, so that a script says only what matters.
package struct ScriptWorld {
    /// A direction between two nodes.
    package struct Link: Hashable {
        package var from: NodeID
        package var to: NodeID
    }

    package var cluster: ModelCluster
    package var cutLinks: Set<Link> = []
    package var heldLinks: Set<Link> = []
    package var stoppedDisks: Set<NodeID> = []
    package var names: [UInt64: String] = [:]

    package init(cluster: ModelCluster) {
        self.cluster = cluster
        self.cluster.notes.isOn = true
    }

    /// Lets happen what nothing holds back.
    package mutating func settle() {
        for _ in 0..<2_000 where cluster.violation == nil {
            if let place = cluster.packets.firstIndex(where: { !isHeld($0.message) }) {
                let message = cluster.packets[place].message
                let isCut = cutLinks.contains(Link(from: message.from, to: message.to))
                cluster.perform(isCut ? .drop(place) : .deliver(place))
            } else if let node = cluster.nodes.first(where: canSync) {
                cluster.perform(.sync(node.id, count: node.disk.pending.count))
            } else if let node = cluster.nodes.first(where: canStore) {
                cluster.perform(.storeSnapshot(node.id))
            } else {
                return
            }
        }
        cluster.verdict.report("the messages never come to an end")
    }

    private func isHeld(_ message: Message) -> Bool {
        heldLinks.contains(Link(from: message.from, to: message.to))
    }

    private func canSync(_ node: ModelNode) -> Bool {
        node.isUp && !node.disk.pending.isEmpty && !stoppedDisks.contains(node.id)
    }

    private func canStore(_ node: ModelNode) -> Bool {
        node.isUp && node.unstoredSnapshot != nil && !stoppedDisks.contains(node.id)
    }

    /// Both directions between a node and all others.
    package func links(of node: NodeID) -> [Link] {
        cluster.nodes.map(\.id).filter { $0 != node }.flatMap {
            [Link(from: node, to: $0), Link(from: $0, to: node)]
        }
    }

    /// The places of the packets of one direction, and of one kind when that is given.
    package func places(on link: Link, kind: String?) -> [Int] {
        cluster.packets.indices.filter { place in
            let message = cluster.packets[place].message
            return message.from == link.from && message.to == link.to
                && (kind == nil || message.body.kind == kind)
        }
    }

    /// The log of a node with the names that the script gave to its commands.
    package func toldLog(of node: ModelNode) -> String {
        let entries = node.log.entries.map { entry in
            "\(entry.term):" + (entry.payload == 0 ? "-" : names[entry.payload] ?? "?")
        }
        let start = node.log.base == .zero ? [] : ["[\(node.log.base)]"]
        return (["\(node.id): log"] + start + entries).joined(separator: " ")
    }
}
