internal import Platform
public import Raft
public import RaftRuntime

/// Who a node is and where it finds the others.
public struct RaftNodeSettings: Sendable {
    /// The cluster's name, at most 64 bytes; nodes of other clusters are refused.
    public var cluster: String
    /// This node's name.
    public var node: NodeID
    /// Where every member is reached, this node included, as `host:port`.
    ///
    /// This is the first membership of a new cluster; every node must be started with the same. It is kept in the
    /// data directory, and from then on members change only by `RaftNode.addVoter` and its like: what stands here
    /// later are only addresses.
    public var members: [NodeID: String]
    /// Whether this node joins a cluster that is there already: it has no part in it until a leader adds it. Has no
    /// meaning for a data directory that was in use. Default no.
    public var isJoining = false
    /// Where this node listens, when that is not its own address in `members`: `0.0.0.0:7848`, say.
    public var listen: String?
    /// The data directory; made when it is not there. It must be this node's alone.
    public var directory: String
    /// What the node does when it finds its log or its snapshots damaged. Default: it puts its files aside, begins
    /// anew and asks the others to readmit it, which they do as long as they are a quorum without it.
    public var repair = NodeStart.Repair.rejoin
    /// The protocol's and the runtime's choices.
    public var runtime = NodeSettings()

    /// Names a node, its peers and its directory.
    public init(cluster: String, node: NodeID, members: [NodeID: String], directory: String) {
        self.cluster = cluster
        self.node = node
        self.members = members
        self.directory = directory
    }

    func nodeOptions() throws(RaftNodeError) -> NodeOptions {
        guard let own = members[node] else { throw .notAMember(node) }
        guard (1...NodeIdentity.maxClusterNameBytes).contains(cluster.utf8.count) else {
            throw .clusterName(limit: NodeIdentity.maxClusterNameBytes)
        }
        var peers: [(NodeID, Address)] = []
        for member in members.keys.sorted() {
            peers.append((member, try Self.parse(members[member] ?? "")))
        }
        var random = SystemRandom()
        var start = NodeStart(
            directory: directory, cluster: cluster, node: node,
            initialConfiguration: Configuration(voters: isJoining ? [] : members.keys.sorted()),
            seed: random.next())
        start.meetsFounders = true
        start.repair = repair
        start.peers = members.keys.sorted()
        return NodeOptions(
            start: start, listen: try Self.parse(listen ?? own), peers: peers, settings: runtime)
    }

    private static func parse(_ text: String) throws(RaftNodeError) -> Address {
        do throws(AddressError) {
            return try Address(parsing: text)
        } catch { throw .address("\(error)") }
    }
}

/// Why a node did not start.
@nonexhaustive
public enum RaftNodeError: Error, Hashable, Sendable {
    /// `members` does not hold this node.
    case notAMember(NodeID)
    /// The cluster's name is empty or longer than so many bytes.
    case clusterName(limit: Int)
    /// An address is not `host:port`; the text says which and why.
    case address(String)
    /// The directory or the port cannot be used; the text says why.
    case cannotStart(String)
}

/// Why a read has no result.
@nonexhaustive
public enum ReadError: Error, Hashable, Sendable {
    /// No leader is known, or none answered in time. Try again.
    case noLeader
    /// Too many reads wait at this node.
    case overloaded
    /// The node is stopping or has stopped.
    case stopped
}

/// A node's part in its cluster, and how far it is.
public struct NodeStatus: Hashable, Sendable {
    /// Who the node is.
    public var identity: NodeIdentity
    /// Its part, the term, the leader when one is known.
    public var role: RoleChange
    /// Entries up to here are in the log.
    public var lastIndex: LogIndex
    /// Entries up to here are committed.
    public var commitIndex: LogIndex
    /// Entries up to here are applied.
    public var appliedIndex: LogIndex
    /// The cluster time in milliseconds.
    public var clusterTimeMilliseconds: UInt64
    /// The membership that counts at this node, and whether it is known to be committed.
    public var configuration: Configuration
    /// See `configuration`.
    public var isConfigurationCommitted: Bool
    /// Whether this node has found its directory damaged and begun anew, and the cluster does not know it yet.
    public var isRejoining: Bool
    /// The founders that this node waits for before it takes part: none, except in the first moments of a
    /// cluster, or when this node's directory was lost.
    public var awaitedFounders: [NodeID]
    /// Why the node has stopped, if it has.
    public var failure: String?
}
