public import Wire

/// What the bytes between nodes may ask of their reader; writers keep to the same limits.
public enum TransportLimits {
    /// The largest payload of a frame in bytes that a setting can allow.
    public static let maxPayloadBytes = 64 << 20
    /// The largest number of entries, commands or runs of terms in one frame.
    public static let maxItems = 1 << 20
    /// The largest term, log index or snapshot offset. Far beyond what a cluster reaches, and far
    /// enough below the end of the integers that sums of them cannot overflow.
    public static let maxNumber: UInt64 = 1 << 62
    /// The largest payload in bytes before a connection is established.
    public static let maxHandshakeBytes = 1 << 10
    /// The most incarnations that a node may take the place of.
    public static let maxReplaced = 64
    /// The largest length in bytes of the text that explains a refusal.
    public static let maxRefusalTextBytes = 256
}

/// Why a value was not written: it breaks a limit that every reader would hold it to.
public struct EncodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is too large or out of its range.
    public var field: StaticName

    init(_ field: StaticName) { self.field = field }

    /// One line for a log.
    public var description: String { "\(field) is outside its limits" }
}
