/// How all nodes of a cluster are, as somebody outside has found them.
package struct ClusterStatus: Codable, Equatable, Sendable {
    /// What is known of one member.
    package struct Node: Codable, Equatable, Sendable {
        /// Its name.
        package var node: UInt64
        /// Where it was asked.
        package var http: String
        /// Why it gave no status; nil when it did.
        package var error: String?
        /// `leader`, `follower`, `candidate` or `pre-candidate`.
        package var role: String?
        /// The newest term it has heard of.
        package var term: UInt64?
        /// The last entry it knows to be on a quorum.
        package var commitIndex: UInt64?
        /// The last entry in its registry.
        package var appliedIndex: UInt64?
        /// The last entry in its log.
        package var lastIndex: UInt64?

        /// A member that did not answer.
        package init(node: UInt64, http: String, error: String) {
            self.node = node
            self.http = http
            self.error = error
        }

        /// A member that answered.
        package init(http: String, status: NodeStatus) {
            node = status.node
            self.http = http
            role = status.role
            term = status.term
            commitIndex = status.commitIndex
            appliedIndex = status.appliedIndex
            lastIndex = status.lastIndex
        }
    }

    /// The name of the cluster.
    package var cluster: String
    /// The members, sorted by name.
    package var nodes: [Node]

    package init(cluster: String, nodes: [Node]) {
        self.cluster = cluster
        self.nodes = nodes.sorted { $0.node < $1.node }
    }

    /// The node that leads in the newest term anybody has heard of, if it answered.
    package var leader: UInt64? {
        let newest = nodes.compactMap(\.term).max()
        return nodes.first { $0.role == "leader" && $0.term == newest }?.node
    }

    /// A table for people, one line a node.
    package var table: String {
        var table = TextTable(["NODE", "HTTP", "ROLE", "TERM", "COMMIT", "APPLIED", "LAST"])
        for node in nodes {
            let numbers = [node.term, node.commitIndex, node.appliedIndex, node.lastIndex]
            if let role = node.role {
                let cells = numbers.map { $0.map { "\($0)" } ?? "-" }
                table.append(["\(node.node)", node.http, role] + cells)
            } else {
                table.append(["\(node.node)", node.http, "unreachable"])
            }
        }
        var lines = table.lines
        for node in nodes {
            if let error = node.error { lines.append("node \(node.node): \(error)") }
        }
        return lines.joined(separator: "\n")
    }
}
