/// The leader's view of a peer.
public struct Progress: Hashable, Sendable {
    /// How entries reach the peer.
    public enum State: Hashable, Sendable {
        /// One append at a time, until the place is found where the logs agree.
        case probe(isWaiting: Bool)
        /// Appends follow each other without waiting for answers.
        case replicate
        /// The peer needs entries that are gone here; it gets a snapshot first.
        case snapshot(SnapshotProgress)
    }

    /// The peer.
    public let node: NodeID
    /// Up to here the peer's log agrees with ours and is durable there.
    public internal(set) var matchIndex = LogIndex.zero
    /// The next entry to send.
    public internal(set) var nextIndex: LogIndex
    /// How entries reach the peer.
    public internal(set) var state = State.probe(isWaiting: false)
    /// The appends on their way.
    package internal(set) var inflight = InflightWindow()
    /// Whether the peer has been heard since the last look at the quorum.
    var isActive = false
    /// Whether the peer has answered no heartbeat since the timer for them ran out last. The next answer
    /// shows that it lives, and that what it has not answered may be lost.
    var isDueForRepeat = false
    /// The newest heartbeat round that the peer has answered.
    public internal(set) var answeredRound: UInt64 = 0
    /// What the peer promised with that answer.
    var promiseMilliseconds: UInt64 = 0
    /// How far a learner is that shall be a voter.
    var catchUp: CatchUp?
    /// The commit index that the peer was last told.
    var toldCommit = LogIndex.zero

    init(node: NodeID, nextIndex: LogIndex) {
        self.node = node
        self.nextIndex = nextIndex
    }

    /// Takes in how far the peer's log agrees; whether that is news.
    mutating func receiveMatch(_ index: LogIndex) -> Bool {
        inflight.acknowledge(through: index)
        guard index > matchIndex else {
            if case .probe = state, index == matchIndex { startReplicating() }
            return false
        }
        matchIndex = index
        switch state {
        case .probe: startReplicating()
        case .replicate: nextIndex = max(nextIndex, index.next)
        case .snapshot(let sending):
            nextIndex = max(nextIndex, index.next)
            if index >= sending.lastIncluded.index { startReplicating() }
        }
        return true
    }

    private mutating func startReplicating() {
        state = .replicate
        inflight.removeAll()
        nextIndex = matchIndex.next
    }

    /// Looks anew for the place where the logs agree, from `next` backwards.
    mutating func probe(from next: LogIndex) {
        state = .probe(isWaiting: false)
        inflight.removeAll()
        nextIndex = max(next, matchIndex.next)
    }

    /// Whether entries flow to the peer.
    var isTakingEntries: Bool {
        if case .replicate = state { true } else { false }
    }

    /// Whether an append may leave now.
    func canSend(_ settings: CoreSettings) -> Bool {
        switch state {
        case .probe(let isWaiting): !isWaiting
        case .replicate:
            !inflight.isOpen && inflight.count < settings.maxInflightAppends
                && inflight.bytes < settings.maxInflightBytes
        case .snapshot: false
        }
    }
}

/// A snapshot on its way to a peer, one piece at a time.
public struct SnapshotProgress: Hashable, Sendable {
    /// The entry that the snapshot ends with.
    public var lastIncluded: EntryID
    /// The membership at that entry.
    public var configuration: Configuration
    /// The bytes that the peer has.
    public var offset: UInt64 = 0
    /// Heartbeats answered since the last piece was sent: it may have been lost.
    var patience = 0

    init(_ snapshot: RaftCore.SnapshotPoint) {
        lastIncluded = snapshot.lastIncluded
        configuration = snapshot.configuration
    }

    /// After this many answered heartbeats without word a piece is sent again.
    static let maxPatience = 5
}
