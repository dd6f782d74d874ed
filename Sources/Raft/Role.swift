/// A node's part, with exactly what is true while it plays it.
///
/// ```
///            campaign            quorum would            quorum votes
/// follower ───────────▶ pre-candidate ──────▶ candidate ─────────────▶ leader
///    ▲                       │                    │                      │
///    └───────────────────────┴────────────────────┴──────────────────────┘
///          a newer term, a leader of this term, or no quorum heard
/// ```
enum Role: Hashable, Sendable {
    /// Takes entries from a leader, or waits for one.
    case follower(Follower)
    /// Asks whether it could win; its term is not raised (thesis §9.6).
    case preCandidate(Campaign)
    /// Asks for votes in its term (§3.4).
    case candidate(Campaign)
    /// Orders the log.
    case leader(Leadership)

    /// What a follower knows.
    struct Follower: Hashable, Sendable {
        /// The leader of the term, when it is known.
        var leader: NodeID?
        /// Whether that leader has been heard within the election timeout: then nobody else gets a vote.
        var hearsLeader = false
        /// Up to here the log is known to agree with the leader's.
        var verifiedIndex: LogIndex
        /// Whether the leader waits to hear how far the log agrees and is durable.
        var owesAnswer = false
        /// What the leader was told last; an answer is worth sending when it says more.
        var answeredIndex: LogIndex?
        /// A snapshot that is coming in.
        var incoming: IncomingSnapshot?
        /// Reads that wait for the leader's word.
        var reads: [Question] = []
        /// Whether this node has promised a leader, of whatever term, to help nobody depose it until the
        /// election timeout has passed.
        var isBound = false

        init(leader: NodeID?, verifiedIndex: LogIndex) {
            self.leader = leader
            self.verifiedIndex = verifiedIndex
        }
    }

    /// A read for which the leader was asked.
    struct Question: Hashable, Sendable {
        var id: ReadID
        /// The heartbeats that may still come without an answer before the question is asked again.
        private(set) var patience = firstPatience
        private(set) var nextPatience = 2 * firstPatience

        private static let firstPatience = 2
        private static let maxPatience = 64

        init(id: ReadID) { self.id = id }

        /// A heartbeat has come and no answer; whether it is time to ask again.
        mutating func isOverdueNow() -> Bool {
            patience -= 1
            guard patience == 0 else { return false }
            patience = nextPatience
            nextPatience = min(2 * nextPatience, Self.maxPatience)
            return true
        }
    }

    /// A snapshot that is coming in.
    struct IncomingSnapshot: Hashable, Sendable {
        var lastIncluded: EntryID
        /// The bytes that the host holds.
        var received: UInt64 = 0
        /// Whether a piece is with the host.
        var isWriting = false
    }

    /// The votes, or promises of votes, that a candidate has.
    struct Campaign: Hashable, Sendable {
        var granted: [NodeID] = []

        mutating func receiveGrant(from node: NodeID) {
            if !granted.contains(node) { granted.append(node) }
        }
    }

    /// The name of the part.
    var name: RoleName {
        switch self {
        case .follower: .follower
        case .preCandidate: .preCandidate
        case .candidate: .candidate
        case .leader: .leader
        }
    }

    /// The follower's knowledge, changed in place. Must be asked of a follower only.
    var follower: Follower {
        get {
            guard case .follower(let follower) = self else { fatalError("Raft: not a follower") }
            return follower
        }
        _modify {
            guard case .follower(var follower) = consume self else {
                fatalError("Raft: not a follower")
            }
            self = .candidate(Campaign())
            defer { self = .follower(follower) }
            yield &follower
        }
    }

    /// The leader's knowledge, changed in place. Must be asked of a leader only.
    var leadership: Leadership {
        get {
            guard case .leader(let leadership) = self else { fatalError("Raft: not a leader") }
            return leadership
        }
        _modify {
            guard case .leader(var leadership) = consume self else {
                fatalError("Raft: not a leader")
            }
            self = .candidate(Campaign())
            defer { self = .leader(leadership) }
            yield &leadership
        }
    }

    var isLeader: Bool {
        if case .leader = self { true } else { false }
    }

    var isFollower: Bool {
        if case .follower = self { true } else { false }
    }
}

/// What a leader knows.
struct Leadership: Hashable, Sendable {
    /// The other members, sorted.
    var peers: [Progress]
    /// The empty entry that opened the term; reads wait for its commit (thesis §6.4).
    let firstIndex: LogIndex
    /// Proposals of this term that are not committed, oldest first, with their bytes.
    var uncommitted: [Batch] = []
    /// The sum of those bytes.
    var uncommittedBytes = 0
    /// The number of the newest heartbeat. Only this leader makes these numbers.
    var round: UInt64 = 0
    /// Reads, in the order in which they came.
    var reads: [PendingRead] = []
    /// Whether some read waits for a heartbeat that was not sent yet.
    var needsRound = false
    /// Whether an answer or a finished write may have moved the commit index.
    var mayCommit = false
    /// The hand-over to another leader that is under way.
    var transfer: Transfer?
    /// What a quorum has promised.
    var lease = LeaseState()

    /// A hand-over of leadership (thesis §3.10).
    struct Transfer: Hashable, Sendable {
        /// The one that shall lead.
        let target: NodeID
        /// Whether it has been told to campaign since the last heartbeat.
        var isOrdered = false
    }

    struct Batch: Hashable, Sendable {
        var last: LogIndex
        var bytes: Int
    }

    /// A read that waits until a quorum has answered a heartbeat sent after it came.
    struct PendingRead: Hashable, Sendable {
        var id: ReadID
        /// Who asked; nothing for this node itself.
        var origin: NodeID?
        /// The commit index when it came; nothing until the term's first entry is committed.
        var index: LogIndex?
        /// The round that must be answered; nothing until it is sent.
        var round: UInt64?
    }

    init(firstIndex: LogIndex) {
        peers = []
        self.firstIndex = firstIndex
    }

    /// The place of a peer in `peers`.
    func position(of node: NodeID) -> Int? { peers.firstIndex { $0.node == node } }

    /// Forgets the sizes of proposals that are committed.
    mutating func forgetUncommitted(through index: LogIndex) {
        var done = 0
        for batch in uncommitted {
            guard batch.last <= index else { break }
            uncommittedBytes -= batch.bytes
            done += 1
        }
        uncommitted.removeFirst(done)
    }
}
