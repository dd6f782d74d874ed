/// How large things may be. All nodes must agree on them, hence they are constants and no settings.
package enum Limits {
    /// The longest namespace id in bytes.
    package static let maxNamespaceBytes = 64
    /// The longest group in bytes.
    package static let maxGroupBytes = 128
    /// The longest bare service name in bytes.
    package static let maxServiceNameBytes = 512
    /// The longest Nacos cluster name in bytes.
    package static let maxClusterNameBytes = 64
    /// The longest address in bytes.
    package static let maxIPBytes = 128
    /// The longest application name in bytes.
    package static let maxAppBytes = 256
    /// The bytes of all keys and values of one metadata map together.
    package static let maxMetadataBytes = 1_024
    /// The longest selector in bytes.
    package static let maxSelectorBytes = 1_024
    /// The largest protection threshold: the whole.
    package static let maxProtectThresholdThousandths = 1_000
    /// The longest timer, 24 days.
    package static let maxTimerMilliseconds = Int(Int32.max)
    /// The most instances at one time.
    package static let maxInstances = 1 << 24
    /// The most services at one time.
    package static let maxServices = 1 << 22
    /// The most beats in one command.
    package static let maxBeats = 1 << 20
    /// The end of cluster time, some two thousand years off: a time beyond it counts as this one, so
    /// that sums of times cannot overflow.
    package static let maxTimeMilliseconds: UInt64 = 1 << 46
    /// How long a service that came by registration outlives its last instance.
    package static let emptyServiceMilliseconds: UInt64 = 60_000

    /// What decoding takes into memory before the limits above are looked at.
    static let maxDecodedTextBytes = 65_535
    static let maxDecodedPairs = 4_096
}

/// The part of a command that a refusal is about.
package enum Field: String, Hashable, Sendable {
    /// Parts of a service's key.
    case namespaceID = "namespaceId"
    case groupName, serviceName
    /// Parts of an instance's key.
    case ip, port, clusterName
    /// What else is said about instances and services.
    case app, metadata, selector, protectThreshold, weight
    /// Timers, named as their metadata keys.
    case heartBeatInterval = "preserved.heart.beat.interval"
    case heartBeatTimeout = "preserved.heart.beat.timeout"
    case deleteTimeout = "preserved.ip.delete.timeout"
    /// Numbers of things.
    case instances, services, beats
}

/// Why a command is refused whatever the registry holds.
package enum Refusal: Error, Hashable, Sendable {
    /// The field is over its limit (bytes, number or milliseconds, as the field has it).
    case limit(Field, Int)
    /// The field must not be empty.
    case missing(Field)
    /// A timeout is shorter than the interval between beats.
    case timersOutOfOrder
}
