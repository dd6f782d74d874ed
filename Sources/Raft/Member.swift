/// What the cluster knows of one of its members besides its part in decisions.
///
/// Replicated with the membership, so that every node knows it alike.
public struct Member: Hashable, Sendable {
    /// The longest address in bytes.
    public static let maxAddressBytes = 256

    /// The node.
    public var id: NodeID
    /// The number drawn when the node's data directory was made; 0 when it is not known.
    ///
    /// Once known, a node that comes with another one has lost its disk, and with it the votes and
    /// acknowledgements that it gave: it must not act under its old name.
    public var incarnation: UInt64
    /// Where the other nodes reach it; empty when they know from elsewhere.
    public var address: String
    /// A hint who should lead: leadership is handed to the highest first. Default 0.
    public var priority: UInt8

    /// Describes a member.
    public init(_ id: NodeID, incarnation: UInt64 = 0, address: String = "", priority: UInt8 = 0) {
        self.id = id
        self.incarnation = incarnation
        self.address = address
        self.priority = priority
    }

    /// Whether anything but the name is known.
    var isDescribed: Bool { incarnation != 0 || !address.isEmpty || priority != 0 }
}
