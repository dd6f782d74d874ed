internal import Raft

/// What a step has done that cannot be judged by looking at one node.
struct Deeds {
    var node: UInt8
    var term: UInt8
    /// Whether it has just won an election.
    var isElected = false
    /// Whether it leads.
    var isLeader: Bool
    /// Whether it has lost its disk, and is another one.
    var isWiped: Bool
    /// Whether it leads and its log is not the one that it led with before.
    var leads = false
    var log: PackedLog
    /// Votes that leave: the term and the candidate.
    var votes: [(term: UInt8, candidate: UInt8)] = []
    var commitFrom: UInt8 = 0
    var commitTo: UInt8 = 0
    /// Entries of which it says that they are committed.
    var claims: [EntryID] = []
    /// What it says that it has durably, of the log of the leader of a term.
    var acknowledgements: [(term: UInt8, index: UInt8)] = []
    /// The number of a read that came, or 0.
    var read: UInt8 = 0
    var readOutcomes: [ModelReadOutcome]
    var hasCrashed: Bool

    /// Whether there is nothing to judge.
    var isEmpty: Bool {
        !isElected && !leads && votes.isEmpty && commitTo == commitFrom && claims.isEmpty
            && acknowledgements.isEmpty && read == 0 && readOutcomes.isEmpty
            && !hasCrashed
    }

    init(
        before: ModelNode, after: ModelNode, sent: [Message], read: UInt64,
        readOutcomes: [ModelReadOutcome]
    ) {
        node = UInt8(after.id.rawValue)
        let core = after.core
        term = UInt8(core.term.rawValue)
        log = PackedLog(after.log)
        self.read = UInt8(read)
        self.readOutcomes = readOutcomes
        hasCrashed = before.isUp && !after.isUp
        isWiped = after.incarnation >= ModelNode.wipedIncarnation
        isLeader = after.isUp && core.roleName == .leader
        guard after.isUp else { return }
        let led = before.isUp && before.core.roleName == .leader && before.core.term == core.term
        isElected = isLeader && !led
        leads = isLeader && (!led || before.log != after.log)
        if before.isUp, core.commitIndex > before.core.commitIndex {
            commitFrom = UInt8(before.core.commitIndex.rawValue)
            commitTo = UInt8(core.commitIndex.rawValue)
        }
        for message in sent { note(message) }
    }

    private mutating func note(_ message: Message) {
        let term = UInt8(message.term.rawValue)
        switch message.body {
        case .voteRequest: votes.append((term, node))
        case .voteResponse(true): votes.append((term, UInt8(message.to.rawValue)))
        case .heartbeat(let committed, _), .commitNotice(let committed): claims.append(committed)
        case .snapshotPart(let part): claims.append(part.lastIncluded)
        case .appendResponse(.accepted(let match)):
            if match > .zero { acknowledgements.append((term, UInt8(match.rawValue))) }
        case .preVoteRequest, .preVoteResponse, .voteResponse, .append, .appendResponse,
            .heartbeatResponse, .snapshotResponse, .readIndexRequest, .readIndexResponse,
            .timeoutNow:
            break  // nothing that could be untrue by itself
        }
    }
}
