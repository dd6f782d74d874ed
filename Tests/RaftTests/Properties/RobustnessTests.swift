@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// Messages that no honest core would send: a core may drop them, believe them or stop, and never traps.
@Suite struct RobustnessTests {
    /// Numbers that are likely to hit, and some at the ends of ranges.
    private func number(_ random: inout SplitMix64) -> UInt64 {
        switch random.below(12) {
        case 0: random.pick([UInt64.max, .max - 1, 1 << 63, (1 << 63) - 1, 1 << 62])
        case 1: random.pick([1 << 60, (1 << 60) - 1, (1 << 60) + 1, 1 << 61])
        default: UInt64(random.below(7))
        }
    }

    private func entry(_ random: inout SplitMix64) -> EntryID {
        EntryID(term: Term(number(&random)), index: LogIndex(number(&random)))
    }

    private func runs(_ random: inout SplitMix64) -> [TermRun] {
        (0..<random.below(4)).map { _ in
            let count = random.oneIn(9) ? random.pick([Int.max, .min, -1, 0, 1 << 60]) : 1
            return TermRun(term: Term(number(&random)), count: count)
        }
    }

    private func body(_ random: inout SplitMix64, like core: RaftCore) -> Message.Body {
        let known = random.oneIn(2) ? core.log.last : entry(&random)
        switch random.below(15) {
        case 0: return .preVoteRequest(lastEntry: known)
        case 1:
            return .preVoteResponse(
                granted: !random.oneIn(4),
                requestTerm: random.oneIn(2) ? core.term : Term(number(&random)))
        case 2: return .voteRequest(lastEntry: known, isTransfer: random.oneIn(2))
        case 3: return .voteResponse(granted: !random.oneIn(4))
        case 4, 5, 6:
            return .append(
                AppendRequest(
                    previous: known, entries: runs(&random), commitIndex: LogIndex(number(&random)))
            )
        case 7: return .appendResponse(.accepted(matchIndex: LogIndex(number(&random))))
        case 8:
            return .appendResponse(
                .rejected(
                    previousIndex: random.oneIn(2) ? core.log.lastIndex : LogIndex(number(&random)),
                    hint: entry(&random)))
        case 9: return .heartbeat(committed: known, round: number(&random))
        case 10: return .heartbeatResponse(round: number(&random))
        case 11: return .commitNotice(committed: known)
        case 12:
            return .snapshotPart(
                SnapshotPart(
                    lastIncluded: known, configuration: core.configuration,
                    offset: random.oneIn(2) ? 0 : number(&random), isLast: random.oneIn(2)))
        case 13:
            return .snapshotResponse(
                SnapshotResponse(lastIncluded: known, received: number(&random)))
        default:
            return random.oneIn(2)
                ? .readIndexRequest(ReadID(number(&random)))
                : .readIndexResponse(ReadID(number(&random)), index: LogIndex(number(&random)))
        }
    }

    private func message(_ random: inout SplitMix64, like core: RaftCore) -> Message {
        let term = random.pick([core.term, core.term, core.term.next, Term(number(&random))])
        let from = NodeID(1 + UInt64(random.below(4)))
        if core.roleName == .candidate, random.oneIn(2) {
            return Message(
                from: from, to: core.id, term: core.term, body: .voteResponse(granted: true))
        }
        return Message(
            from: from, to: random.oneIn(20) ? NodeID(9) : core.id, term: term,
            body: body(&random, like: core))
    }

    /// An event that an honest host could hand in now.
    private func event(_ random: inout SplitMix64, _ core: RaftCore) -> Event {
        switch random.below(20) {
        case 0: return .propose(count: 1 + random.below(3), bytes: 1)
        case 1: return .read(ReadID(number(&random)))
        case 2, 3, 4: return .timerFired(random.pick(TimerID.allCases))
        case 5: return .connectionClosed(NodeID(1 + UInt64(random.below(4))))
        case 6, 7, 8: return .flush
        case 9: return .snapshotUnavailable(peer: NodeID(2))
        case 10:
            guard let term = core.log.term(at: core.commitIndex) else { return .flush }
            let end = EntryID(term: term, index: core.commitIndex)
            return .compacted(
                base: end,
                snapshot: RaftCore.SnapshotPoint(
                    lastIncluded: end, configuration: core.configuration))
        default: return .message(message(&random, like: core))
        }
    }

    @Test(arguments: 0..<60) func `no message makes a core trap`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var settings = CoreSettings()
        settings.usesPreVote = seed & 1 == 0
        settings.checksQuorum = seed & 2 == 0
        let voters = Configuration(voters: [1, 2, 3].map { NodeID($0) })
        var core = RaftCore(id: NodeID(1), configuration: voters, settings: settings)
        var parts: [EntryID] = []
        var writes: [PersistID] = []
        for _ in 0..<2_000 {
            var effects: [Effect] = []
            core.handle(event(&random, core), into: &effects)
            if random.oneIn(4), let write = writes.first {
                writes.removeFirst()
                core.handle(.persisted(write), into: &effects)
            }
            if random.oneIn(3), let part = parts.popLast() {
                core.handle(answer(to: part, &random, core), into: &effects)
            }
            for case .receiveSnapshot(let part) in effects { parts.append(part.lastIncluded) }
            for case .persist(let persist) in effects { writes.append(persist.id) }
            guard core.fault != nil else { continue }
            core = RaftCore(id: NodeID(1), configuration: voters, settings: settings)
            parts = []
            writes = []
        }
    }

    private func answer(
        to part: EntryID, _ random: inout SplitMix64, _ core: RaftCore
    ) -> Event {
        switch random.below(4) {
        case 0: .snapshotRejected(lastIncluded: part)
        case 1: .snapshotReceived(lastIncluded: part, bytes: number(&random))
        default: .snapshotStored(lastIncluded: part, configuration: core.configuration)
        }
    }
}
