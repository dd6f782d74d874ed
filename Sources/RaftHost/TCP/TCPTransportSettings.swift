/// The limits and times of the TCP connections between nodes. The values given here are the defaults.
public struct TCPTransportSettings: Sendable {
    /// The largest payload of a frame in bytes, both ways; the same on all nodes. At most 64 MiB.
    public var maxFrameBytes = 64 << 20

    /// The bytes that may wait for one peer; what exceeds them is dropped. A frame larger than that
    /// still passes when nothing else waits.
    public var maxQueuedBytes = 16 << 20
    /// The envelopes that may wait for one peer while there is no connection to it.
    public var maxQueuedEnvelopes = 1024

    /// How long connecting may take.
    public var connectTimeoutMilliseconds = 1_000
    /// How long either side waits for the other's part of the handshake.
    public var handshakeTimeoutMilliseconds = 2_000
    /// How long written bytes may stay unacknowledged before the connection counts as dead. Short, so
    /// that a healed partition does not have to wait for TCP's own slow repetitions.
    public var unacknowledgedTimeoutMilliseconds = 3_000
    /// The silence in seconds after which the kernel asks whether the other machine is still there.
    public var keepAliveSeconds = 10

    /// The wait after the first failed attempt to connect; it doubles with each further one. The
    /// real wait is drawn from its upper half, so that nodes do not move in step.
    public var firstRetryMilliseconds = 20
    /// The longest wait between two attempts.
    public var lastRetryMilliseconds = 1_000
    /// Seeds the drawing of waits; nothing takes a seed from the kernel.
    public var retrySeed: UInt64?

    /// How many connections may be open that have not yet said who they are, or have been refused.
    public var maxStrangers = 64

    /// Creates the defaults.
    public init() {}
}
