/// A situation that a campaign of simulations should meet; one that is never met tests nothing.
public enum SimulationMark: UInt8, CaseIterable, Sendable {
    /// A node became leader.
    case leaderElected
    /// Two live nodes led at once, in different terms.
    case twoLeadersAlive
    /// The votes of a term were split: none of its candidates could win any more.
    case voteSplit
    /// A candidate with the longer log was refused, because it ended in an older term.
    case olderTermRefused
    /// A leader lost its office before anything of its term was committed.
    case deposedBeforeCommit
    /// A vote arrived after the voter's process had ended.
    case voteOutlivedVoter
    /// Uncommitted entries were replaced.
    case truncated
    /// An entry of an earlier term was committed through one of a later term.
    case oldTermCommitted
    /// A leader could not hear a quorum and stepped down.
    case quorumLost
    /// A vote was refused because the leader is well.
    case disturbanceIgnored
    /// A follower's log did not agree with an append.
    case appendRejected
    /// An append came once more after all its entries had been acknowledged.
    case appendRepeated
    /// An append came that begins before the start of the receiver's log, which a snapshot covers.
    case appendBehindSnapshot
    /// A snapshot of the own state became durable.
    case snapshotTaken
    /// A follower needed entries that were gone.
    case snapshotNeeded
    /// A snapshot from a leader took the place of the state.
    case snapshotInstalled
    /// It replaced entries that others never had.
    case snapshotOverDivergence
    /// A leader forgot entries that a follower still needed.
    case compactedBeforeFollower
    /// A piece of a snapshot was sent that was not its first.
    case snapshotContinued
    /// Sending began anew, after another leader or a lost connection, and went on behind what had arrived before.
    case snapshotResumed
    /// A snapshot could not be written or kept.
    case snapshotFailed
    /// A node came back with an older term, or without a vote that it had.
    case hardStateLost
    /// A node came back in the term in which it had decided its vote, and without it: it had said nothing yet.
    case voteLost
    /// A node came back with its vote in a term in which nobody had led yet.
    case voteKept
    /// A node came back without entries that it had.
    case entriesLost
    /// An unfinished write was cut off the log.
    case tornTailCut
    /// A process was killed; the machine went on.
    case processKilled
    /// A machine lost its power.
    case powerLost
    /// A machine lost its power between two calls of the disk within one step.
    case powerLostWithinStep
    /// A machine lost its power while a node was opening its files.
    case powerLostWhileOpening
    /// All nodes went down together.
    case allDown
    /// A process stood still for a while.
    case paused
    /// A leader found that it had been held up.
    case heldUp
    /// Links were cut.
    case partitioned
    /// A link was cut in one direction only.
    case cutOneWay
    /// Two groups could talk only with one node between them.
    case bridge
    /// Each node could talk with two neighbours only.
    case ring
    /// The same, with a gap in the ring.
    case chain
    /// All could talk with one node only.
    case star
    /// Any directed links were cut.
    case anyGraph
    /// A link went and came many times.
    case flapped
    /// A leader was elected, kept its office and committed although links stayed cut.
    case ledWithoutHealing
    /// The same, while some node could hear or be heard in one direction only.
    case ledBesideOneWayLinks
    /// The same, with other members than those of the foundation.
    case ledByOthersWithoutHealing
    /// Nothing of that could be asked for, or nothing at all, as it was not clear at that moment who votes.
    case votersUnclear
    /// One kind of message was lost on a link.
    case kindLost
    /// A big message was lost where small ones passed.
    case bigMessageLost
    /// A message came once more after seconds.
    case veryOldMessage
    /// A message was lost because too many waited for a slow link.
    case queueOverflowed
    /// A machine was suspended, and its clock with it.
    case suspended
    /// A machine's clock began to run faster or slower.
    case clockDrifted
    /// A node led whose wall clock was behind the cluster's time.
    case slowerClockLed
    /// A wall clock jumped.
    case wallClockJumped
    /// A node's turns came late and bunched.
    case turnsBunched
    /// A connection was reset.
    case connectionReset
    /// A message was lost.
    case messageLost
    /// A message arrived twice.
    case messageDoubled
    /// A message overtook another one.
    case messageOvertaken
    /// Proposals were forwarded to the leader.
    case proposalForwarded
    /// Forwarded proposals were refused.
    case forwardedRefused
    /// A proposal was done.
    case done
    /// A proposal ended because another leader's entry took its place.
    case superseded
    /// A proposal was surely not done for another reason.
    case notDone
    /// A proposal's time was over before its outcome was known.
    case unknownByTimeout
    /// The leader that a proposal had been forwarded to was gone.
    case unknownByLostLeader
    /// A snapshot took the place of a proposal's entry.
    case unknownBySnapshot
    /// A command was applied whose proposer had been told nothing, or that its outcome is unknown.
    case appliedUnawares
    /// A read was served by the leader.
    case readServedByLeader
    /// A read was served by a follower.
    case readServedByFollower
    /// A read that waited at a leader ended because the leader lost its office.
    case readLostWithOffice
    /// A client of a session got an answer for the second time, from the session's memory.
    case sessionReplyRepeated
    /// A client heard that its session is over.
    case sessionExpired
    /// The founders of a cluster got to know each other, and took part.
    case founded
    /// One of them had ended in between, and come back.
    case foundedAfterCrash
    /// One of them had lost its disk before anybody had put it down, and began anew.
    case foundedAfterWipe
    /// A founder came without the disk that another one had put down, and was not answered.
    case founderRefused
    /// A founding could not be completed any more, as a founder had lost its disk in it.
    case foundingStuck
    /// A membership was put into a log.
    case membershipChanged
    /// A joint one was.
    case jointEntered
    /// Another leader than the one that entered it left a joint membership.
    case jointLeftByAnother
    /// A learner was made a voter.
    case learnerPromoted
    /// The same, while it lacked entries that were committed.
    case learnerPromotedLagging
    /// A voter was made a learner.
    case voterDemoted
    /// A member was removed.
    case memberRemoved
    /// A leader removed itself.
    case leaderRemoved
    /// A leader that had been removed or demoted gave up its office.
    case leaderRetired
    /// The entry of a membership was cut off.
    case membershipRolledBack
    /// A change was done.
    case changeDone
    /// A change was refused.
    case changeRefused
    /// A disk was wiped.
    case wiped
    /// A node was not heard, because it came without the disk that its name stands for.
    case strangerIgnored
    /// A node whose disk had been wiped was taken in anew.
    case wipedReadmitted
    /// A node has put its damaged files aside and begun anew.
    case begunAnew
    /// The same, before the cluster knew of the time before.
    case begunAnewAgain
    /// A leader has taken a step on the way of such a node.
    case readmitting
    /// A node that has begun anew is known as what it is.
    case rejoined
    /// A read was served by a leader that asked nobody, from what the others had promised.
    case leaseRead
    /// A read came when the leader's lease was over: by a pause, by drift, or as nobody had answered.
    case leaseFoundOver
    /// Leadership was handed over by wish.
    case handedOver
    /// The one that was to lead did not take over in time.
    case transferAborted
    /// A hand-over was refused.
    case transferRefused
    /// A node gave up leadership, and then its process ended.
    case resigned
    /// A leader whose disk hung was followed by another one.
    case escapedFromDisk
    /// A read was not served.
    case readRefused
    /// A disk failed and its node stopped.
    case diskFailed
    /// A sync failed, and its node stopped.
    case syncFailed
    /// A disk was full, and its node went on without taking proposals.
    case diskFull
    /// A proposal was refused because a disk was full.
    case refusedByFullDisk
    /// There was space again, and the node took proposals again.
    case wentOnAfterFullDisk
    /// A disk was too full for a node to begin on it.
    case tooFullToBegin
    /// A disk hung for seconds, or for ever.
    case diskStalled
    /// Bytes at rest changed on a disk.
    case bytesRotted
    /// A node found that, and refused to run.
    case damageFound
    /// A node found damage in its log, before records that were sound.
    case damagedMiddle
    /// A node found a damaged snapshot, and could go on without it.
    case snapshotPassedOver
    /// The cluster went on without nodes that had lost their disks.
    case ledWithoutLostNodes
    /// More disks were lost than the cluster can do without, and it stood still.
    case stoodStill
}

/// How often each situation was met.
public struct SimulationMarks: Hashable, Sendable {
    private var counts = [UInt64](repeating: 0, count: SimulationMark.allCases.count)

    /// No situation met.
    public init() {}

    /// How often one was met.
    public subscript(mark: SimulationMark) -> UInt64 { counts[Int(mark.rawValue)] }

    mutating func hit(_ mark: SimulationMark) { counts[Int(mark.rawValue)] += 1 }

    /// Adds what another run has met.
    public mutating func add(_ other: SimulationMarks) {
        for i in counts.indices { counts[i] += other.counts[i] }
    }

    /// The situations that were never met.
    public var missing: [SimulationMark] { SimulationMark.allCases.filter { self[$0] == 0 } }
}
