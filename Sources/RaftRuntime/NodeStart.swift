public import Raft

/// What a node is started with.
public struct NodeStart: Hashable, Sendable {
    /// What a node does that finds something damaged that was durable once.
    public enum Repair: Hashable, Sendable {
        /// It does not start, and says what is damaged. Nothing is changed.
        case refuse
        /// It puts its files aside and begins anew, under its name and with another incarnation; it is no voter
        /// until the others have readmitted it (`MembershipChange.readmit`), for which it asks by itself.
        ///
        /// Only where the membership knows all members by their incarnations, as it does when founders meet
        /// (`meetsFounders`) or the initial membership names them; where it does not, and where the node knows
        /// nobody else, it refuses.
        case rejoin
    }

    /// The data directory, as an absolute path.
    public var directory: String
    /// The name of the cluster.
    public var cluster: String
    /// This node's name.
    public var node: NodeID
    /// The membership for a directory that holds nothing yet: the founding one, or one without voters for
    /// a node that joins. It is kept with the log, and a directory that holds a log goes by that alone.
    public var initialConfiguration: Configuration
    /// Whether founders get to know each other's incarnations before they take part, as `NodeLoop.meet` and
    /// `wasMet` tell; then none of them can come back without its disk unnoticed. Default no: whoever makes
    /// the initial membership vouches that no founder has lost one.
    public var meetsFounders = false
    /// What a node does whose log or snapshots are damaged. Default `.refuse`.
    public var repair = Repair.refuse
    /// The nodes that one that begins anew asks to be readmitted, besides those of the initial membership.
    public var peers: [NodeID] = []
    /// Seeds what is random: election timeouts, request numbers, a new node's incarnation. Must differ
    /// between the nodes and between the lives of a node.
    public var seed: UInt64

    /// Joins all that.
    public init(
        directory: String, cluster: String, node: NodeID, initialConfiguration: Configuration,
        seed: UInt64
    ) {
        self.directory = directory
        self.cluster = cluster
        self.node = node
        self.initialConfiguration = initialConfiguration
        self.seed = seed
    }
}
