/// What an operator may choose about the protocol. Every combination is safe.
public struct CoreSettings: Hashable, Sendable {
    /// Whether a campaign first asks if it could win, and disturbs nobody if not (thesis §9.6). Default true.
    public var usesPreVote = true
    /// Whether a leader gives up that has not heard a quorum for an election timeout (§6.2), and whether
    /// voters that hear a leader refuse to depose it (§4.2.3). Default true.
    ///
    /// One switch for both: without the first the second could keep a leader that serves nobody.
    public var checksQuorum = true
    /// The most entries in one append; 1 or more. Default 1,024.
    public var maxEntriesPerAppend: Int {
        didSet { maxEntriesPerAppend = max(1, maxEntriesPerAppend) }
    }
    /// The most appends on their way to one follower; 1 or more. Default 16.
    public var maxInflightAppends: Int {
        didSet { maxInflightAppends = max(1, maxInflightAppends) }
    }
    /// The most bytes of proposals that wait to be committed. Default 64 MiB.
    ///
    /// A single proposal is taken whatever its size when nothing else waits, so that none is refused for ever.
    public var maxUncommittedBytes: Int
    /// The most reads that wait at this node. Default 1,024.
    public var maxPendingReads: Int

    /// The defaults.
    public init() {
        maxEntriesPerAppend = 1024
        maxInflightAppends = 16
        maxUncommittedBytes = 64 << 20
        maxPendingReads = 1024
    }
}
