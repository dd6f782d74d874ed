/// What one node says to another. Payloads (entries, snapshot bytes) travel beside it.
///
/// Messages may be lost, doubled, late and out of order; none of that can harm.
public struct Message: Hashable, Sendable {
    /// The sender.
    public var from: NodeID
    /// The receiver.
    public var to: NodeID
    /// The sender's term when it spoke.
    public var term: Term
    /// What is said.
    public var body: Body

    /// Makes a message.
    public init(from: NodeID, to: NodeID, term: Term, body: Body) {
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    /// The kinds of message.
    public enum Body: Hashable, Sendable {
        /// "Would you vote for me in the term after mine?" Changes nothing at the receiver (thesis §9.6).
        case preVoteRequest(lastEntry: EntryID)
        /// The answer; `term` of the message is the answerer's own, the request's term is repeated here.
        case preVoteResponse(granted: Bool, requestTerm: Term)
        /// "Vote for me in this term" (§3.4). `isTransfer` when the leader itself asked for the election (§3.10).
        case voteRequest(lastEntry: EntryID, isTransfer: Bool)
        /// The answer, sent once the vote is durable.
        case voteResponse(granted: Bool)
        /// Entries, or none for a probe (§3.5).
        case append(AppendRequest)
        /// How far the receiver's log is known to agree, or where it does not.
        case appendResponse(AppendResponse)
        /// "I still lead." `round` numbers the leader's heartbeats for ReadIndex (§6.4). Whoever has the
        /// entry `committed`, the last one that is committed, has all before it too and may commit them.
        case heartbeat(committed: EntryID, round: UInt64)
        /// Repeats the round. For so long after the heartbeat was sent the answerer helps nobody to depose
        /// this leader; 0 when it promises nothing (§6.4.1).
        case heartbeatResponse(round: UInt64, promiseMilliseconds: UInt64)
        /// The commit index has moved to this entry; no answer is wanted.
        case commitNotice(committed: EntryID)
        /// A piece of a snapshot; the host puts the bytes beside it (§5.1).
        case snapshotPart(SnapshotPart)
        /// How far a snapshot has been received.
        case snapshotResponse(SnapshotResponse)
        /// A follower asks for an index at which it may read (§6.4).
        case readIndexRequest(ReadID)
        /// The index, or nothing when the leader cannot tell.
        case readIndexResponse(ReadID, index: LogIndex?)
        /// The leader hands over: "campaign at once, you have all that I have" (§3.10).
        case timeoutNow
    }
}

/// Entries that follow on `previous` (thesis §3.5).
public struct AppendRequest: Hashable, Sendable {
    /// The entry right before the first one here.
    public var previous: EntryID
    /// The terms of the entries, in order. Their contents travel beside the message.
    public var entries: [TermRun]
    /// The leader's commit index.
    public var commitIndex: LogIndex
    /// The memberships among the entries, in order.
    ///
    /// They stand in the entries' contents, of which the core knows nothing: the receiver's host reads
    /// them there before it hands the message in. They do not travel beside, so the two cannot differ.
    public var configurations: [PlacedConfiguration] = []

    /// Makes a request.
    public init(previous: EntryID, entries: [TermRun], commitIndex: LogIndex) {
        self.previous = previous
        self.entries = entries
        self.commitIndex = commitIndex
    }

    /// The number of entries.
    public var count: Int { entries.reduce(0) { $0 + $1.count } }
    /// The position of the last entry, or of `previous` when there is none.
    public var lastIndex: LogIndex { previous.index.advanced(by: count) }

    /// Drops all but the first `count` entries.
    public mutating func truncate(toCount count: Int) {
        var left = count
        for i in entries.indices {
            if left <= 0 {
                entries.removeSubrange(i...)
                return
            }
            entries[i].count = min(entries[i].count, left)
            left -= entries[i].count
        }
    }
}

/// The answer to an append.
public enum AppendResponse: Hashable, Sendable {
    /// Up to `matchIndex` the follower's log agrees with the leader's and is durable at the follower.
    case accepted(matchIndex: LogIndex)
    /// The follower has no entry like the request's `previous`. `hint` is the follower's last entry,
    /// not after `previous`, whose term is not above that of `previous`.
    case rejected(previousIndex: LogIndex, hint: EntryID)
}

/// One piece of a snapshot.
public struct SnapshotPart: Hashable, Sendable {
    /// The last entry that the snapshot covers.
    public var lastIncluded: EntryID
    /// The membership at that entry.
    public var configuration: Configuration
    /// The number of bytes before this piece.
    public var offset: UInt64
    /// Whether the snapshot ends with this piece. The sender's host sets it.
    public var isLast: Bool

    /// Makes a piece.
    public init(
        lastIncluded: EntryID, configuration: Configuration, offset: UInt64, isLast: Bool = false
    ) {
        self.lastIncluded = lastIncluded
        self.configuration = configuration
        self.offset = offset
        self.isLast = isLast
    }
}

/// The answer to a piece of a snapshot: the next piece that is wanted.
///
/// When the whole snapshot is durable the follower answers with `AppendResponse.accepted` instead.
public struct SnapshotResponse: Hashable, Sendable {
    /// Which snapshot.
    public var lastIncluded: EntryID
    /// How many bytes, from the start, the receiver has.
    public var received: UInt64

    /// Makes an answer.
    public init(lastIncluded: EntryID, received: UInt64) {
        self.lastIncluded = lastIncluded
        self.received = received
    }
}
