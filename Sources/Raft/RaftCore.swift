/// The consensus core of one node: a value that takes in events and says in effects what to do.
///
/// It has no clock, no random numbers and no threads, and it never waits. The host's duties:
/// 1. Hand in events one after the other; carry out the effects of each, in order, before the next.
/// 2. Say `.flush` when it has no more events for now: messages and writes leave only then, so that
///    a group of proposals costs one append a peer and one write.
/// 3. Say `.persisted` only for what is on the disk. Votes and acknowledgements that must wait for
///    the disk are held here until then; no effect is ever too early to carry out.
/// 4. Keep the entries' contents: those of effects that append belong at the given places, and
///    `.persist` names the range to write.
/// 5. After `.stop`, end the node.
public struct RaftCore: Hashable, Sendable {
    /// This node.
    public let id: NodeID
    /// The number drawn when its data directory was made; 0 when nobody goes by it.
    public let incarnation: UInt64
    /// The membership that counts: the newest in the log, committed or not (thesis §4.1).
    public internal(set) var configuration: Configuration
    /// The protocol's choices.
    public let settings: CoreSettings
    /// The newest term and the vote in it.
    public internal(set) var hardState: HardState
    /// Where terms begin in the log.
    public internal(set) var log: LogOutline
    /// Entries up to here are committed.
    public internal(set) var commitIndex: LogIndex
    /// The newest snapshot of this node, sent to those who need entries before the log's start.
    public internal(set) var snapshot: SnapshotPoint?
    /// Why the node stopped, once it has.
    public internal(set) var fault: Fault?

    var history: ConfigurationHistory
    var role: Role
    var durability: Durability
    /// Messages that wait for term and vote to be durable.
    var held: [Message] = []
    /// The term and vote of the newest write.
    var writtenHardState: HardState
    /// Entries from here on are not yet part of a write.
    var firstUnwritten: LogIndex?
    /// The commit index that the host was told last.
    var announcedCommit: LogIndex
    /// Whether the leader was heard since the last flush; the timer is set once for all of it.
    var timerIsStale = false
    /// The host's clock, when it tells it.
    var clock: UInt64?
    /// How many more campaigns follow on each other quickly: the leader's process is known to be gone, and
    /// those who lost it at the same moment may split their votes.
    var hurriedCampaigns = 0
    /// Whether the own disk hangs.
    var isDiskStalled = false
    /// What others were told last of this node's part.
    var announcedRole: RoleChange

    /// What a snapshot ends with.
    public struct SnapshotPoint: Hashable, Sendable {
        /// The last entry that it covers.
        public var lastIncluded: EntryID
        /// The membership at that entry.
        public var configuration: Configuration

        /// Joins the two.
        public init(lastIncluded: EntryID, configuration: Configuration) {
            self.lastIncluded = lastIncluded
            self.configuration = configuration
        }
    }

    /// Creates the core of a node from what its disk holds.
    ///
    /// - Parameters:
    ///   - id: This node.
    ///   - incarnation: The number of its data directory, as in `Member`; 0 when nobody goes by it.
    ///   - configuration: The membership at the snapshot's end, or the founding one when there is no
    ///     snapshot; one without voters for a node that joins.
    ///   - changes: The memberships among the log's entries after the snapshot's end, in order.
    ///   - hardState: The durable term and vote.
    ///   - log: The durable log. A log that starts after `zero` goes with a snapshot.
    ///   - snapshot: The newest durable snapshot; its last entry is within the log or at its base.
    ///   - settings: The protocol's choices.
    public init(
        id: NodeID, incarnation: UInt64 = 0, configuration: Configuration,
        changes: [PlacedConfiguration] = [], hardState: HardState = HardState(),
        log: LogOutline = LogOutline(), snapshot: SnapshotPoint? = nil,
        settings: CoreSettings = CoreSettings()
    ) {
        let applied = snapshot?.lastIncluded ?? .zero
        invariant(log.contains(applied), "the snapshot ends at \(applied), the log is \(log)")
        invariant(
            log.last.term <= hardState.term, "log ends in \(log.last), term is \(hardState.term)")
        self.id = id
        self.incarnation = incarnation
        invariant(
            changes.allSatisfy { $0.index > applied.index && $0.index <= log.lastIndex },
            "a membership outside of the log \(log)")
        history = ConfigurationHistory(base: configuration, changes: changes)
        self.configuration = history.current
        self.settings = settings
        self.hardState = hardState
        self.log = log
        self.snapshot = snapshot
        commitIndex = applied.index
        announcedCommit = applied.index
        role = .follower(Role.Follower(leader: nil, verifiedIndex: applied.index))
        writtenHardState = hardState
        durability = Durability(index: log.lastIndex, hardState: hardState)
        announcedRole = RoleChange(term: hardState.term, role: .follower, leader: nil)
    }

    /// The newest term this node has heard of.
    public var term: Term { hardState.term }

    /// Whether this node may vote for itself and lead: it is the voter that the membership means by its name.
    ///
    /// One that has begun anew under the name of a voter is not; counting itself, it could lead beside another.
    var isVoter: Bool {
        let pinned = configuration.incarnation(of: id) ?? 0
        return configuration.isVoter(id)
            && (pinned == 0 || incarnation == 0 || pinned == incarnation)
    }

    /// The name of this node's part.
    public var roleName: RoleName { role.name }

    /// The leader of the term, when it is known.
    public var leader: NodeID? {
        switch role {
        case .follower(let follower): follower.leader
        case .preCandidate, .candidate: nil
        case .leader: id
        }
    }

    /// Entries up to here are durable at this node.
    public var durableIndex: LogIndex { durability.index }

    /// The term and vote that are durable at this node.
    public var durableHardState: HardState { durability.hardState }

    /// The leader's view of its peers; empty on any other node.
    public var peers: [Progress] {
        if case .leader(let leadership) = role { leadership.peers } else { [] }
    }

    /// The node that this leader is handing over to; nothing when it is not.
    public var successor: NodeID? {
        if case .leader(let leadership) = role { leadership.transfer?.target } else { nil }
    }

    /// The candidates' supporters, this node among them; empty on any other node.
    public var supporters: [NodeID] {
        switch role {
        case .preCandidate(let campaign), .candidate(let campaign): campaign.granted
        case .follower, .leader: []
        }
    }

    /// Takes in one event and appends to `effects` what must now be done, in order.
    ///
    /// - Complexity: O(1) in the length of the log; O(*n*²) in the number of voters on a flush.
    public mutating func handle(_ event: Event, into effects: inout [Effect]) {
        guard fault == nil else { return }
        switch event {
        case .start: start(into: &effects)
        case .message(let message): receive(message, into: &effects)
        case .propose(let count, let bytes): propose(count: count, bytes: bytes, into: &effects)
        case .read(let read): receiveRead(read, from: nil, into: &effects)
        case .timerFired(let timer): timerFired(timer, into: &effects)
        case .connectionClosed(let peer): connectionClosed(peer, into: &effects)
        case .persisted(let write): persisted(write, into: &effects)
        case .appendSent(let peer, let last, let bytes):
            appendSent(last, bytes: bytes, to: peer, into: &effects)
        case .compacted(let base, let snapshot): compact(base: base, snapshot: snapshot)
        case .snapshotReceived(let lastIncluded, let bytes):
            snapshotReceived(lastIncluded, bytes: bytes, into: &effects)
        case .snapshotStored(let lastIncluded, let configuration):
            snapshotStored(
                SnapshotPoint(lastIncluded: lastIncluded, configuration: configuration),
                into: &effects)
        case .snapshotRejected(let lastIncluded): snapshotRejected(lastIncluded)
        case .snapshotUnavailable(let peer): snapshotUnavailable(peer: peer, into: &effects)
        case .changeMembership(let change): changeMembership(change, into: &effects)
        case .transferLeadership(let target): transferLeadership(to: target, into: &effects)
        case .diskHealth(let isStalled): tell(diskStalled: isStalled, into: &effects)
        case .clock(let nanoseconds): tell(clock: nanoseconds)
        case .flush: flush(into: &effects)
        }
        announceRole(into: &effects)
    }

    private mutating func start(into effects: inout [Effect]) {
        standByForgottenPromise()
        if isVoter || settings.lease != nil {
            effects.append(.setTimer(.election))
        }
    }

    /// Ends the node: an invariant of the protocol is broken.
    mutating func stop(_ fault: Fault, into effects: inout [Effect]) {
        self.fault = fault
        effects.append(.stop(fault))
    }

    /// Sends a message, or holds it until this node's term and vote are durable (thesis §3.8).
    ///
    /// Only so many are held: a message may always be lost, and the disk may hang.
    mutating func send(_ body: Message.Body, to peer: NodeID, into effects: inout [Effect]) {
        let message = Message(from: id, to: peer, term: term, body: body)
        if durability.hardState == hardState {
            effects.append(.send(message))
        } else if held.count < Self.maxHeldMessages {
            held.append(message)
        }
    }

    static let maxHeldMessages = 256

    private mutating func announceRole(into effects: inout [Effect]) {
        let now = RoleChange(term: term, role: role.name, leader: leader)
        guard now != announcedRole else { return }
        announcedRole = now
        effects.append(.roleChanged(now))
    }

    private mutating func timerFired(_ timer: TimerID, into effects: inout [Effect]) {
        switch timer {
        case .election: electionTimeout(into: &effects)
        case .campaign, .earlyCampaign: campaign(into: &effects)
        case .heartbeat: heartbeatTimeout(into: &effects)
        case .quorumCheck: checkQuorum(into: &effects)
        case .transfer: transferTimeout(into: &effects)
        }
    }

    /// A peer's process has ended: what was on its way to it is lost, and if it led, it leads no more.
    private mutating func connectionClosed(_ peer: NodeID, into effects: inout [Effect]) {
        switch role {
        case .follower(let follower) where follower.leader == peer:
            // A closed connection is a strong hint, and no proof: a promise is kept all the same.
            guard !follower.isBound else { return }
            loseLeader(then: .earlyCampaign, into: &effects)
        case .leader(let leadership):
            guard let i = leadership.position(of: peer) else { return }
            restartReplication(i, into: &effects)
        case .follower, .preCandidate, .candidate:
            break  // a peer that this node does not depend on
        }
    }
}
