package import Raft
package import RaftTransport

/// The transport as `NodeLoop` sees it. It is made before the transport, whose handshake needs the
/// identity that the node finds on its disk; until then everything is dropped.
package final class TCPLinks: Network {
    var transport: TCPTransport?

    /// Takes an envelope for a peer.
    package func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
        transport?.send(envelope, to: peer) ?? false
    }
}
