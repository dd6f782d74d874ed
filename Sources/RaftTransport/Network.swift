public import Raft

/// A way to the other nodes, as a node's loop sees it.
///
/// The contract for those who write one, which the consensus relies upon:
///
/// 1. **At most once.** An envelope arrives once or not at all. (The core bears doubled messages,
///    but forwarded proposals do not: a doubled proposal would be two entries.)
/// 2. **Whole and unchanged.** What arrives is what was sent, or it does not arrive. Damage is
///    noticed and never handed up.
/// 3. **In order while a connection lasts.** Of two envelopes to the same peer the first arrives
///    first, or one of them is lost. Nothing is promised between peers, or across a reconnection.
/// 4. **May lose.** Anything may be dropped, at any moment, without a word; the protocol repeats
///    what it needs. So a queue towards a slow or absent peer must be bounded, and drop.
/// 5. **Never waits.** `send` returns at once and calls nobody back before it has returned.
/// 6. **Knows who speaks.** What arrives carries the name of a peer whose cluster, name and
///    incarnation were checked; a stranger's bytes are never handed up.
/// 7. **Tells of a death, when it can.** When a peer's process has closed its end the loop is told
///    so (`Event.connectionClosed`); silence alone is not a death. It is a hint: a false one costs
///    a pre-vote, a missing one costs an election timeout.
public protocol Network {
    /// Takes an envelope for a peer.
    ///
    /// - Returns: `false` when it was dropped on the spot: it will surely never arrive, so a caller
    ///   whose proposal it held may be told of a definite failure. `true` promises nothing.
    @discardableResult
    mutating func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool
}
