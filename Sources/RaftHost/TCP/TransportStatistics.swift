package import Platform

/// What has passed between this node and one peer since the peer became known.
package struct PeerStatistics: Hashable, Sendable {
    /// Whether what is sent leaves at once.
    package var isOutgoingConnected = false
    /// Whether the peer has a connection to here.
    package var isIncomingConnected = false
    /// Envelopes given to a connection.
    package var sentEnvelopes: UInt64 = 0
    /// Their bytes.
    package var sentBytes: UInt64 = 0
    /// Envelopes that came.
    package var receivedEnvelopes: UInt64 = 0
    /// Their bytes.
    package var receivedBytes: UInt64 = 0
    /// Envelopes that never left: no connection in time, the queue full, or a limit broken.
    package var droppedEnvelopes: UInt64 = 0
    /// Bytes that wait to leave.
    package var queuedBytes = 0
    /// How often a connection to the peer was established.
    package var connects: UInt64 = 0
    /// Attempts that failed or were refused.
    package var failedConnects: UInt64 = 0
    /// Established connections, either way, that broke.
    package var brokenConnections: UInt64 = 0
    /// When something was last heard from the peer.
    package var lastContact: MonotonicTime?

    /// Nothing yet.
    package init() {}
}

/// What those cost who are no peers, or not yet.
package struct StrangerStatistics: Hashable, Sendable {
    /// Connections that were taken in.
    package var accepted: UInt64 = 0
    /// Handshakes that were refused here.
    package var refused: UInt64 = 0
    /// Connections on which no whole handshake came in time.
    package var timedOut: UInt64 = 0
    /// Connections that were closed at once, since too many were open without a name.
    package var turnedAway: UInt64 = 0
    /// Connections of peers that were closed because of what they sent.
    package var damaged: UInt64 = 0
    /// Connections that are open without a name.
    package var open = 0
}
