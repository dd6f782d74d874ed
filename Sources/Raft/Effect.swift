/// One thing that the host must do, in the order given.
///
/// Nothing here has to wait for the disk: what must wait is held by the core until it has heard that
/// the write is durable (thesis §3.8, §10.2.1).
public enum Effect: Hashable, Sendable {
    /// Send this. For an append the host adds the entries' contents, for a snapshot part the bytes.
    case send(Message)
    /// The proposal is in the log at this node, the leader: its commands are the `count` entries from
    /// `first` on. The host puts the contents into its log.
    case proposalAppended(first: EntryID, count: Int)
    /// The proposal is surely not in the log and never will be.
    case proposalRefused(ProposalRefusal)
    /// A new leader's empty entry is in the log; the host puts it into its own (thesis §6.4).
    case emptyEntryAppended(EntryID)
    /// A new membership is in the log at this node, the leader; the host puts an entry with these contents
    /// into its own.
    case configurationAppended(EntryID, Configuration)
    /// The membership that counts is another one now: appended, cut off again, or come with a snapshot.
    case configurationChanged(Configuration)
    /// The membership is not changed.
    case changeRefused(MembershipRefusal)
    /// Leadership is not handed over.
    case transferRefused(TransferRefusal)
    /// Of the append just received take the entries from number `skip` on (the first is 0) and put them
    /// into the host's log from `first` on, in the place of whatever was there and after.
    case entriesReceived(first: LogIndex, skip: Int, entries: [TermRun])
    /// Write, then say `Event.persisted`. Writes are in order.
    case persist(Persist)
    /// All entries up to here are committed and may be applied.
    case commit(upTo: LogIndex)
    /// Set (or set anew) a timer.
    case setTimer(TimerID)
    /// Stop a timer.
    case cancelTimer(TimerID)
    /// The read may be answered from a state that has applied at least up to here.
    case readReady(ReadID, index: LogIndex)
    /// The read cannot be answered here and now.
    case readRefused(ReadID, ReadRefusal)
    /// Put this piece, whose bytes came beside the message, at its place in the snapshot being received;
    /// say `snapshotReceived`, or after the last piece and its checks `snapshotStored` or `snapshotRejected`.
    case receiveSnapshot(SnapshotPart)
    /// Load the machine from this stored snapshot; the log begins anew after it.
    case restoreSnapshot(EntryID)
    /// This node's part has changed.
    case roleChanged(RoleChange)
    /// Something rare that those who test and those who watch want to know.
    case trace(TraceEvent)
    /// An invariant of the protocol is broken. The core does nothing any more, and neither may the host.
    case stop(Fault)
}

/// What to write, in this order, in one go.
public struct Persist: Hashable, Sendable {
    /// The number to say when it is durable.
    public var id: PersistID
    /// Term and vote, when they have changed.
    public var hardState: HardState?
    /// The entries to write, with their terms, in the place of whatever is there and after.
    public var entries: Entries?

    /// A range of the host's log.
    public struct Entries: Hashable, Sendable {
        /// The position of the first.
        public var first: LogIndex
        /// The position of the last.
        public var last: LogIndex

        /// Makes a range.
        public init(first: LogIndex, last: LogIndex) {
            self.first = first
            self.last = last
        }
    }

    /// Makes a write.
    public init(id: PersistID, hardState: HardState?, entries: Entries?) {
        self.id = id
        self.hardState = hardState
        self.entries = entries
    }
}

/// Why a proposal is not in the log.
public enum ProposalRefusal: Hashable, Sendable {
    /// Another node leads, if one is known.
    case notLeader(leader: NodeID?)
    /// Too many bytes wait to be committed.
    case overloaded
    /// Leadership is being handed over; a new leader, or this one again, takes proposals shortly.
    case transferring(to: NodeID)
    /// The leader's disk is full; another node shall lead. Only hosts say so.
    case diskFull
}

/// Why leadership is not handed over.
public enum TransferRefusal: Error, Hashable, Sendable {
    /// Another node leads, if one is known: ask there.
    case notLeader(leader: NodeID?)
    /// It is being handed over already.
    case underWay(to: NodeID)
    /// The node leads already.
    case leadsAlready
    /// The node is no voter, or will not be one for long.
    case notVoter(NodeID)
    /// There is nobody else who could lead.
    case nobodyElse
}

/// Why a read has no answer.
public enum ReadRefusal: Hashable, Sendable {
    /// No leader is known, or it was lost while the read waited.
    case noLeader
    /// Too many reads wait.
    case overloaded
}

/// A node's part in its cluster, as told to those who watch.
public struct RoleChange: Hashable, Sendable {
    /// The term in which it holds.
    public var term: Term
    /// The part.
    public var role: RoleName
    /// The leader of the term, when it is known.
    public var leader: NodeID?

    /// Makes a change.
    public init(term: Term, role: RoleName, leader: NodeID?) {
        self.term = term
        self.role = role
        self.leader = leader
    }
}

/// The names of the parts.
public enum RoleName: String, Hashable, Sendable {
    /// Takes entries from a leader.
    case follower
    /// Asks whether it could win an election.
    case preCandidate
    /// Asks for votes.
    case candidate
    /// Orders the log.
    case leader
}

/// Rare things that happen inside a core.
public enum TraceEvent: Hashable, Sendable {
    /// Entries that were never committed were replaced from here on.
    case truncated(from: LogIndex)
    /// A vote was granted.
    case voteGranted(to: NodeID, term: Term)
    /// A leader could not hear a quorum for an election timeout and gave up.
    case quorumLost(term: Term)
    /// A vote was refused because the present leader is well.
    case disturbanceIgnored(from: NodeID, term: Term)
    /// A follower needs entries that this leader no longer has.
    case snapshotNeeded(peer: NodeID, lastIncluded: EntryID)
    /// A follower's log did not agree at this place.
    case appendRejected(peer: NodeID, previousIndex: LogIndex, hint: EntryID)
    /// A snapshot took the place of the log.
    case snapshotInstalled(EntryID)
    /// Leadership is being handed over.
    case transferStarted(to: NodeID)
    /// The one that was to lead did not take over within an election timeout.
    case transferAborted(to: NodeID)
    /// The entry of a membership was cut off; the one at this place counts again, or the oldest known.
    case configurationRolledBack(to: LogIndex)
    /// This node leads and is no voter any more: it gives up its office.
    case retired(term: Term)
    /// A message was of no use: for another node, or one that breaks the rules.
    case messageDropped(from: NodeID, reason: DropReason)

    /// Why a message was dropped.
    public enum DropReason: Hashable, Sendable {
        /// It is addressed to another node.
        case wrongAddressee
        /// Its contents contradict each other or the protocol.
        case malformed
    }
}

/// A broken invariant of the protocol: the node must not go on.
public enum Fault: Error, Hashable, Sendable {
    /// Two nodes lead in one term.
    case twoLeaders(term: Term, known: NodeID, other: NodeID)
    /// A leader wants to replace an entry that is committed here.
    case committedEntryContradicted(index: LogIndex, commitIndex: LogIndex)
    /// A snapshot ends in another entry than the one that is committed here.
    case snapshotContradictsLog(EntryID)
}
