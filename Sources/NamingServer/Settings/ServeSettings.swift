internal import Raft
package import Platform

/// Everything a node has to know before it starts, as `muster serve` reads it.
package struct ServeSettings: Equatable, Sendable {
    /// One member of the cluster and where it can be reached.
    package struct Peer: Equatable, Sendable {
        /// Its name within the cluster.
        package var node: UInt64
        /// Where the other nodes dial it.
        package var raft: Address
        /// Where clients dial it.
        package var http: Address

        package init(node: UInt64, raft: Address, http: Address) {
            self.node = node
            self.raft = raft
            self.http = http
        }
    }

    /// The largest number of members; more voters make every write slower and nothing safer.
    package static let maxPeers = 15

    /// The flag behind `stopsWhenInputEnds`.
    package static let stopWhenInputEndsOption = "--stop-when-input-ends"

    /// The name of this node; it is among `peers`.
    package var node: UInt64
    /// Where the node keeps its log and its snapshots. Nobody else may use it.
    package var dataDirectory: String
    /// Where this node listens for clients.
    package var http: Address
    /// Where this node listens for its peers.
    package var raft: Address
    /// The voters of a new cluster, this node included, sorted by their names.
    package var peers: [Peer]
    /// Nodes of different clusters do not talk to each other.
    package var clusterName = "muster"
    /// How long a follower goes without word from a leader before it campaigns; each draws its own
    /// timeout from here up to twice as much.
    package var electionTimeoutMilliseconds = 1_000
    /// How often a leader that has nothing else to send tells the others that it lives.
    package var heartbeatMilliseconds = 100
    /// How many applied entries call for a new snapshot.
    package var snapshotEntries = 100_000
    /// Whether a node that finds its log or its snapshots damaged begins anew and asks to be readmitted.
    package var rejoinsWhenDamaged = true
    /// The least grave line that is written to the log.
    package var logLevel = LogLevel.info
    /// Whether the node stops when its standard input ends: how children notice that `muster demo`
    /// is gone, even if it had no time to say so.
    package var stopsWhenInputEnds = false

    package init(
        node: UInt64, dataDirectory: String, http: Address, raft: Address, peers: [Peer]
    ) {
        self.node = node
        self.dataDirectory = dataDirectory
        self.http = http
        self.raft = raft
        self.peers = peers.sorted { $0.node < $1.node }
    }

    /// This node as the others see it.
    package var ownPeer: Peer? { peers.first { $0.node == node } }
}
