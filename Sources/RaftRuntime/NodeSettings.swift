public import Raft

/// What an operator may choose about a node.
public struct NodeSettings: Hashable, Sendable {
    /// The time without word from a leader after which a node takes it for lost, in milliseconds.
    ///
    /// Those who lose a leader then campaign in turn, a heartbeat's time apart. Where that leads to none, and where
    /// none was known, a node waits a random time of up to as much again (thesis §3.4).
    /// Default 1,000; at least three heartbeats.
    public private(set) var electionTimeoutMilliseconds = 1000
    /// The time between a leader's heartbeats in milliseconds. Default 100.
    public private(set) var heartbeatMilliseconds = 100
    /// When a leader's process is known to be gone: the longest random wait before a campaign. Default 50.
    public var earlyCampaignMilliseconds = 50
    /// A sync that runs longer counts as a hung disk: a leader hands over. Default the election timeout, which 0
    /// chooses again.
    public var diskStallMilliseconds: Int {
        get { chosenDiskStallMilliseconds ?? electionTimeoutMilliseconds }
        set { chosenDiskStallMilliseconds = newValue > 0 ? newValue : nil }
    }
    private var chosenDiskStallMilliseconds: Int?
    /// After this time a proposal or a read ends without a certain outcome. Default 5,000.
    public var requestTimeoutMilliseconds = 5000
    /// The most bytes of proposals and the most reads that wait for a leader at this node.
    /// Default 16 MiB and 65,536.
    public var maxWaitingBytes = 16 << 20
    /// See `maxWaitingBytes`.
    public var maxWaitingReads = 65_536
    /// The largest command in bytes. Default 1 MiB; no more than `largestCommandBytes` is kept.
    public var maxCommandBytes = 1 << 20 {
        didSet { maxCommandBytes = min(max(0, maxCommandBytes), Self.largestCommandBytes) }
    }
    /// What `maxCommandBytes` may be at most: 8 MiB. An entry of this size fits the log and a frame.
    public static let largestCommandBytes = 8 << 20
    /// How long a log has nothing to write before it is at rest, and says on disk what is durable.
    static let restMilliseconds = 10
    /// The most bytes of entries in one append; a larger entry travels alone. Default 1 MiB.
    public var maxAppendBytes = 1 << 20
    /// The bytes of one piece of a snapshot on its way to a peer. Default 1 MiB.
    public var snapshotPartBytes = 1 << 20
    /// A snapshot is taken after so many applied entries. Default 100,000.
    public var snapshotEntries = 100_000
    /// A snapshot is also taken when the entries applied since the last one have so many bytes. Default 64 MiB.
    ///
    /// It also bounds what is kept in the log behind a snapshot, where entries are large.
    public var snapshotLogBytes = 64 << 20
    /// The entries kept in the log behind a snapshot, so that a short absence needs none. Default 10,000.
    public var trailingEntries = 10_000
    /// The most entries applied in one turn; the rest waits for the next, so that heartbeats leave in
    /// time. Default 4,096.
    public var maxEntriesPerTurn = 4096
    /// The protocol's choices. What a lease in them promises is always this node's election timeout.
    public var core = CoreSettings()

    /// What the core is made with.
    var coreForLoop: CoreSettings {
        core.promising(milliseconds: UInt64(electionTimeoutMilliseconds))
    }

    /// The defaults.
    public init() {}

    /// Lets this node serve reads from leases, and give the promises that others' leases rest on.
    ///
    /// A read at the leader then costs no message. All nodes should choose it: a leader counts only the
    /// promises of those that do, and asks like before when they are no quorum. What it costs, and what it
    /// rests on, is said at `CoreSettings.allowLeases`.
    ///
    /// - Parameter maxClockDriftPermille: How far the rate of any node's clock may be off, in thousandths;
    ///   below 500. 10 is far more than any clock that is looked after.
    /// - Throws: `CoreSettingsError` without `core.checksQuorum`, and for a drift that leaves no lease.
    public mutating func allowLeaseReads(
        maxClockDriftPermille: UInt64
    ) throws(CoreSettingsError) {
        try core.allowLeases(
            electionTimeoutMilliseconds: UInt64(electionTimeoutMilliseconds),
            maxDriftPermille: maxClockDriftPermille)
    }

    /// Chooses the timeouts.
    ///
    /// - Throws: `SettingsError` when a leader's heartbeats could not keep its followers from campaigning.
    public mutating func setTimeouts(
        electionMilliseconds: Int, heartbeatMilliseconds: Int
    ) throws(SettingsError) {
        guard heartbeatMilliseconds >= 1 else {
            throw .outOfRange(name: "heartbeat", value: heartbeatMilliseconds, minimum: 1)
        }
        guard electionMilliseconds / 3 >= heartbeatMilliseconds else {
            throw .outOfRange(
                name: "election timeout", value: electionMilliseconds,
                minimum: 3 * heartbeatMilliseconds)
        }
        electionTimeoutMilliseconds = electionMilliseconds
        self.heartbeatMilliseconds = heartbeatMilliseconds
    }
}

/// A setting that cannot work.
public enum SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The named setting, in milliseconds, is below what it must be.
    case outOfRange(name: String, value: Int, minimum: Int)

    /// One line for an operator.
    public var description: String {
        switch self {
        case .outOfRange(let name, let value, let minimum):
            "\(name) of \(value) ms is below its minimum of \(minimum) ms"
        }
    }
}
