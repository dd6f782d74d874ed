package import Platform
package import Raft
package import RaftRuntime

/// What a node on an event loop is started with.
package struct NodeOptions {
    /// Directory, cluster, name, membership.
    package var start: NodeStart
    /// Where peers reach this node.
    package var listen: Address
    /// Where this node reaches its peers; itself may be among them.
    package var peers: [(NodeID, Address)]
    /// The node's choices.
    package var settings: NodeSettings

    package init(
        start: NodeStart, listen: Address, peers: [(NodeID, Address)], settings: NodeSettings
    ) {
        self.start = start
        self.listen = listen
        self.peers = peers
        self.settings = settings
    }
}

/// Why a node did not start.
package enum NodeHostError: Error, CustomStringConvertible {
    /// The system refused: a directory that cannot be read or is in use.
    case system(SystemError)
    /// Peers could not reach this node: its address is in use, say.
    case transport(TCPTransportError)
    /// The data directory is damaged or of another node.
    case node(NodeFailure)

    /// One line for an operator.
    package var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .transport(let error): "\(error)"
        case .node(let failure): "\(failure)"
        }
    }
}
