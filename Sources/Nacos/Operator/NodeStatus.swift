/// How one node is: what it answers to `GET /muster/v1/status`.
package struct NodeStatus: Codable, Equatable, Sendable {
    /// The path under which a node gives its status, as JSON.
    package static let path = "/muster/v1/status"

    /// A member of the cluster and its addresses.
    package struct Member: Codable, Equatable, Sendable {
        /// Its name.
        package var node: UInt64
        /// Where its peers dial it, as `host:port`.
        package var raft: String
        /// Where clients dial it, as `host:port`.
        package var http: String

        package init(node: UInt64, raft: String, http: String) {
            self.node = node
            self.raft = raft
            self.http = http
        }
    }

    /// The node that answers.
    package var node: UInt64
    /// `leader`, `follower`, `candidate` or `pre-candidate`.
    package var role: String
    /// The newest term the node has heard of.
    package var term: UInt64
    /// The leader of that term, as far as the node knows one.
    package var leader: UInt64?
    /// The last entry known to be on a quorum.
    package var commitIndex: UInt64
    /// The last entry that is in the registry.
    package var appliedIndex: UInt64
    /// The last entry in the node's log.
    package var lastIndex: UInt64
    /// All members, sorted by name.
    package var members: [Member]
    /// The name of the cluster.
    package var cluster: String
    /// The version of the executable.
    package var version: String

    package init(
        node: UInt64, role: String, term: UInt64, leader: UInt64?, commitIndex: UInt64,
        appliedIndex: UInt64, lastIndex: UInt64, members: [Member], cluster: String, version: String
    ) {
        self.node = node
        self.role = role
        self.term = term
        self.leader = leader
        self.commitIndex = commitIndex
        self.appliedIndex = appliedIndex
        self.lastIndex = lastIndex
        self.members = members
        self.cluster = cluster
        self.version = version
    }
}
