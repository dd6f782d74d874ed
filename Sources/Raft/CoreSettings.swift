/// What an operator may choose about the protocol. Every combination is safe.
public struct CoreSettings: Hashable, Sendable {
    /// Whether a campaign first asks if it could win, and disturbs nobody if not (thesis §9.6). Default true.
    ///
    /// Without it a node whose requests arrive, but whom no answer reaches, can keep the others from electing
    /// anybody for as long as that lasts: each vote that it is given starts the voter's wait anew.
    public var usesPreVote = true
    /// Whether a leader gives up that has not heard a quorum for an election timeout (§6.2), and whether
    /// voters that hear a leader refuse to depose it (§4.2.3). Default true.
    ///
    /// One switch for both: without the first the second could keep a leader that serves nobody. Without it
    /// there are no leases: turning it off drops `lease`.
    public var checksQuorum = true {
        didSet { if !checksQuorum { lease = nil } }
    }
    /// The most entries in one append; 1 or more. Default 1,024.
    public var maxEntriesPerAppend: Int {
        didSet { maxEntriesPerAppend = max(1, maxEntriesPerAppend) }
    }
    /// The most appends on their way to one follower; 1 or more. Default 16.
    public var maxInflightAppends: Int {
        didSet { maxInflightAppends = max(1, maxInflightAppends) }
    }
    /// The most bytes of entries on their way to one follower; 1 or more. Default 16 MiB.
    ///
    /// The append that crosses the line is still sent, so that an entry larger than this gets through.
    public var maxInflightBytes: Int {
        didSet { maxInflightBytes = max(1, maxInflightBytes) }
    }
    /// The most bytes of proposals that wait to be committed. Default 64 MiB.
    ///
    /// A single proposal is taken whatever its size when nothing else waits, so that none is refused for ever.
    public var maxUncommittedBytes: Int
    /// The most reads that wait at this node. Default 1,024.
    public var maxPendingReads: Int
    /// What this node promises to a leader that it hears, and how far clocks may err. Nothing by default:
    /// then it makes no promise, and as a leader uses none.
    public private(set) var lease: Lease?

    /// A promise to stand by a leader for some time, on which lease reads rest (thesis §6.4.1).
    public struct Lease: Hashable, Sendable {
        /// How long this node helps nobody to depose a leader after its heartbeat, in milliseconds: the
        /// fixed part of the election timeout.
        public let promiseMilliseconds: UInt64
        /// How far any clock may deviate from true time, in thousandths.
        public let maxDriftPermille: UInt64
    }

    /// The same choices for a host whose `election` timer runs for so long, whatever was said before.
    package func promising(milliseconds: UInt64) -> CoreSettings {
        guard let lease else { return self }
        var settings = self
        settings.lease = Lease(
            promiseMilliseconds: milliseconds, maxDriftPermille: lease.maxDriftPermille)
        return settings
    }

    /// The defaults.
    public init() {
        maxEntriesPerAppend = 1024
        maxInflightAppends = 16
        maxInflightBytes = 16 << 20
        maxUncommittedBytes = 64 << 20
        maxPendingReads = 1024
    }

    /// Lets this node give promises and serve reads from those of others.
    ///
    /// Linearizable as long as no clock of a voter or leader goes faster or slower than true time by more
    /// than the stated drift; a leader that was paused notices, for it looks at its clock after each read
    /// has come. The price: the end of a leader's process no longer starts an election at once, and a node
    /// that starts votes only after an election timeout, for it may have made promises before. So a node that
    /// comes back without leases, or with a shorter election timeout, must have been down for as long as the
    /// old one.
    ///
    /// - Parameters:
    ///   - electionTimeoutMilliseconds: The time for which the host's `election` timer runs.
    ///   - maxDriftPermille: The drift bound in thousandths; below 500.
    /// - Throws: `CoreSettingsError` when voters would not keep the promise, or nothing would be left of it.
    public mutating func allowLeases(
        electionTimeoutMilliseconds: UInt64, maxDriftPermille: UInt64
    ) throws(CoreSettingsError) {
        guard checksQuorum else { throw .leaseWithoutQuorumCheck }
        guard maxDriftPermille < 500 else { throw .driftTooLarge(permille: maxDriftPermille) }
        lease = Lease(
            promiseMilliseconds: electionTimeoutMilliseconds, maxDriftPermille: maxDriftPermille)
    }
}

/// A choice that would not be safe.
public enum CoreSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Leases rest on voters that refuse to depose a leader, which `checksQuorum` turns on.
    case leaseWithoutQuorumCheck
    /// With clocks as wrong as this no lease would last.
    case driftTooLarge(permille: UInt64)

    /// One line for an operator.
    public var description: String {
        switch self {
        case .leaseWithoutQuorumCheck: "lease reads need checksQuorum"
        case .driftTooLarge(let permille): "a clock drift of \(permille) in 1000 leaves no lease"
        }
    }
}
