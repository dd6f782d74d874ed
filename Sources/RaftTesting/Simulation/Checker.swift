internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTransport

/// Stands outside the nodes and remembers what they cannot forget: what was sent, led, committed,
/// applied and promised, over all lives of all nodes. After every step it holds the node that moved
/// against that.
///
/// It learns from what a node sends, from its core's getters and from what its machine has applied.
/// Nothing here iterates a hashed collection.
final class Checker {
    /// What is known of a node: as it was after its last step, also while it is down.
    struct Witness {
        var life = -1
        /// Counts the disks that the node has lost.
        var generation = 0
        var configuration = Configuration(voters: [])
        var role = RoleName.follower
        var hardState = HardState()
        var durableHardState = HardState()
        var log = LogOutline()
        var durableIndex = LogIndex.zero
        var commitIndex = LogIndex.zero
        var applied = LogIndex.zero
        /// Over all lives: the newest term in which it has spoken, and the last entry that it has
        /// acknowledged and not been made to replace since.
        var spokenTerm = Term.zero
        var acknowledged = EntryID.zero

        var isAllCommitted: Bool { commitIndex == log.lastIndex }
    }

    /// What is known of an entry, once anybody was seen to hold it.
    struct EntryFacts {
        var previousTerm: Term
        /// What its bytes are, once they were seen on the wire.
        var contents: Contents?

        struct Contents: Equatable {
            var operation: UInt64
            var checksum: UInt32
        }
    }

    struct Committed {
        var term: Term
        /// The term of the leader that committed it.
        var byTerm: Term
    }

    /// The state after an entry.
    struct Applied: Equatable {
        var operation: UInt64
        var timeMilliseconds: UInt64
        var hash: UInt64
        var count: UInt64
    }

    struct Office {
        var node: Int
        var life: Int
    }

    /// The membership at the foundation. Where founders meet, it tells the incarnations once they have.
    var initial: Configuration
    /// Of each founder the incarnation that has taken part, where founders meet.
    var participants: [UInt64?]
    var meetsFounders = false
    var witnesses: [Witness]
    /// By node: the incarnations of its disks, and what was known of it when one was wiped.
    var incarnations: [[UInt64]]
    var archives: [[Witness]]
    /// All memberships that were seen in a log, by their place.
    var configurations: [PlacedMembership] = []
    /// By term, by node and term, and by entry.
    var leaders: [Term: Office] = [:]
    var votes: [EntryID: NodeID] = [:]
    var entries: [EntryID: EntryFacts] = [:]
    /// By index, from 1 on.
    var committed: [Committed] = []
    var applied: [Applied] = []
    var operations: [Operation] = []
    var reads: [Read] = []
    /// The ends of the candidates' logs, by term and node, as they said last; the terms whose votes were split;
    /// and the snapshots on their way.
    var candidacies: [EntryID: EntryID] = [:]
    var splitTerms: Set<Term> = []
    var streams: [Int: SnapshotStream] = [:]
    /// The newest entry that some client knows to be committed.
    var knownIndex = LogIndex.zero
    var marks = SimulationMarks()
    /// The first thing that was found to be wrong.
    private(set) var finding: String?

    let workload: any AnyWorkloadRun

    init(nodes: Int, initial: Configuration, workload: any AnyWorkloadRun) {
        self.workload = workload
        self.initial = initial
        witnesses = Array(repeating: Witness(), count: nodes)
        participants = Array(repeating: nil, count: nodes)
        incarnations = Array(repeating: [], count: nodes)
        archives = Array(repeating: [], count: nodes)
    }

    func expect(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds, finding == nil { finding = text() }
    }

    func term(of index: LogIndex) -> Term? {
        guard index > .zero, index.rawValue <= UInt64(committed.count) else { return nil }
        return committed[Int(index.rawValue) - 1].term
    }

    /// A process has opened its files, and said nothing yet.
    func started(_ node: SimulatedNode) {
        guard let core = node.process?.loop.core, let state = node.process?.loop.machine.state,
            let applied = node.process?.loop.applied
        else { return }
        var witness = witnesses[node.place]
        checkRecovery(of: node.id, core, witness)
        if !holds(core.log, witness.acknowledged) { witness.acknowledged = core.log.base }
        noteRecoveredVote(core, witness)
        if core.log.lastIndex < witness.log.lastIndex { marks.hit(.entriesLost) }
        _ = node.process?.loop.withMachine { $0.takeJournal() }
        witness.life = node.life
        witness.role = core.roleName
        witness.hardState = core.hardState
        witness.durableHardState = core.durableHardState
        // What unsynced entries were replaced by, or came back, is checked like new entries.
        witness.log = LogOutline(base: core.log.base)
        witness.durableIndex = core.durableIndex
        witness.commitIndex = core.commitIndex
        witness.applied = applied.index
        witness.configuration = core.configuration
        witnesses[node.place] = witness
        observeLog(node.place, core)
        observeConfiguration(node, core)
        checkState(node.id, applied, state)
    }

    /// What was durable, or acted upon as durable, has survived.
    private func checkRecovery(of node: NodeID, _ core: RaftCore, _ before: Witness) {
        expect(
            core.term >= before.spokenTerm,
            "node \(node) spoke in term \(before.spokenTerm) and came back in \(core.term)")
        let durable = before.durableHardState
        expect(
            core.term > durable.term
                || core.term == durable.term
                    && (durable.vote == nil || core.hardState.vote == durable.vote),
            "node \(node) came back with \(core.hardState), durable was \(durable)")
        // A snapshot that was kept while its receiver campaigned takes the place of the log on restart. What
        // it contradicts was never committed, nor what followed there.
        let base = core.log.base
        if let term = before.log.term(at: base.index), term != base.term { return }
        if let term = before.log.term(at: before.durableIndex) {
            let entry = EntryID(term: term, index: before.durableIndex)
            expect(
                holds(core.log, entry),
                "node \(node) came back without entry \(entry), which was durable")
        }
        expect(
            holds(core.log, before.acknowledged),
            "node \(node) came back without entry \(before.acknowledged), which it had acknowledged"
        )
    }

    /// Whether a log has an entry, or begins after it.
    func holds(_ log: LogOutline, _ entry: EntryID) -> Bool {
        log.base.index > entry.index || log.contains(entry)
    }

    /// A process has ended a turn; it may have died in it.
    func observe(_ node: SimulatedNode) {
        if let process = node.process { observe(node, process.loop) }
    }

    private func observe(_ node: SimulatedNode, _ loop: borrowing SimulatedLoop) {
        observe(node, loop.core)
    }

    private func observe(_ node: SimulatedNode, _ core: RaftCore) {
        let place = node.place
        let before = witnesses[place]
        observeTerm(place, core)
        observeRole(node, core)
        observeLog(place, core)
        noteLeadership(core, before)
        observeCommit(place, core)
        observeConfiguration(node, core)
        observeProgress(place, core)
        witnesses[place].role = core.roleName
        witnesses[place].hardState = core.hardState
    }

    private func observeTerm(_ place: Int, _ core: RaftCore) {
        let before = witnesses[place].hardState
        let now = core.hardState
        if now != before {
            expect(
                now.term > before.term
                    || now.term == before.term && before.vote == nil && now.vote != nil,
                "node \(core.id) went from \(before) to \(now)")
        }
        witnesses[place].durableHardState = core.durableHardState
        witnesses[place].durableIndex = core.durableIndex
    }

    /// One leader a term, elected by a quorum, with everything that earlier terms have committed.
    private func observeRole(_ node: SimulatedNode, _ core: RaftCore) {
        guard core.roleName == .leader,
            witnesses[node.place].role != .leader
                || witnesses[node.place].hardState.term != core.term
        else { return }
        marks.hit(.leaderElected)
        claimOffice(node, core.term)
        let supported = core.configuration.hasQuorum {
            let generation = withWitness(of: $0, in: core.configuration) { $0.generation }
            return $0 == core.id || votes[Self.voteKey($0, core.term, generation)] == core.id
        }
        expect(supported, "node \(core.id) leads term \(core.term) without a quorum's votes")
        var index = committed.count
        while index > 0, committed[index - 1].byTerm >= core.term { index -= 1 }
        if index > 0 {
            let entry = EntryID(term: committed[index - 1].term, index: LogIndex(UInt64(index)))
            expect(
                holds(core.log, entry),
                "node \(core.id) leads term \(core.term) without the committed entry \(entry)")
        }
        for other in witnesses.indices
        where other != node.place && witnesses[other].role == .leader {
            marks.hit(.twoLeadersAlive)
        }
    }

    func claimOffice(_ node: SimulatedNode, _ term: Term) {
        guard let office = leaders[term] else {
            leaders[term] = Office(node: node.place, life: node.life)
            return
        }
        expect(
            office.node == node.place && office.life == node.life,
            "term \(term) has two leaders, \(office.node + 1) and \(node.id)")
    }

    static func voteKey(_ node: NodeID, _ term: Term, _ generation: Int) -> EntryID {
        EntryID(term: term, index: LogIndex(node.rawValue << 32 | UInt64(generation)))
    }

    /// A process has ended.
    func ended(_ node: SimulatedNode) { witnesses[node.place].role = .follower }
}
