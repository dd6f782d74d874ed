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
        switch random.below(16) {
        case 0: return .preVoteRequest(lastEntry: known)
        case 1:
            return .preVoteResponse(
                granted: !random.oneIn(4),
                requestTerm: random.oneIn(2) ? core.term : Term(number(&random)))
        case 2: return .voteRequest(lastEntry: known, isTransfer: random.oneIn(2))
        case 3: return .voteResponse(granted: !random.oneIn(4))
        case 4, 5, 6:
            var request = AppendRequest(
                previous: known, entries: runs(&random), commitIndex: LogIndex(number(&random)))
            if random.oneIn(3) { request.configurations = configurations(&random, after: known) }
            return .append(request)
        case 7: return .appendResponse(.accepted(matchIndex: LogIndex(number(&random))))
        case 8:
            return .appendResponse(
                .rejected(
                    previousIndex: random.oneIn(2) ? core.log.lastIndex : LogIndex(number(&random)),
                    hint: entry(&random)))
        case 9: return .heartbeat(committed: known, round: number(&random))
        case 10:
            return .heartbeatResponse(
                round: random.oneIn(2) ? 1 : number(&random), promiseMilliseconds: number(&random))
        case 11: return .commitNotice(committed: known)
        case 12:
            return .snapshotPart(
                SnapshotPart(
                    lastIncluded: known, configuration: core.configuration,
                    offset: random.oneIn(2) ? 0 : number(&random), isLast: random.oneIn(2)))
        case 13:
            return .snapshotResponse(
                SnapshotResponse(lastIncluded: known, received: number(&random)))
        case 14: return .timeoutNow
        default:
            return random.oneIn(2)
                ? .readIndexRequest(ReadID(number(&random)))
                : .readIndexResponse(ReadID(number(&random)), index: LogIndex(number(&random)))
        }
    }

    private func membership(_ random: inout SplitMix64) -> Configuration {
        func some() -> [NodeID] { (1...4).filter { _ in random.oneIn(2) }.map { NodeID($0) } }
        return Configuration(
            voters: some(), leaving: random.oneIn(2) ? some() : [], learners: some(),
            promoting: some())
    }

    private func configurations(
        _ random: inout SplitMix64, after known: EntryID
    ) -> [PlacedConfiguration] {
        let next = known.index.rawValue < 1 << 60 ? known.index.next : known.index
        let index = random.oneIn(4) ? LogIndex(number(&random)) : next
        return [PlacedConfiguration(index: index, configuration: membership(&random))]
    }

    private func change(_ random: inout SplitMix64) -> MembershipChange {
        let node = NodeID(UInt64(random.below(6)))
        switch random.below(6) {
        case 0: return .add(Member(node), asVoter: random.oneIn(2))
        case 1: return .promote(node)
        case 2: return .demote(node)
        case 3: return .remove(node)
        case 4: return .setVoters([NodeID(1), node])
        default: return .update(Member(node, incarnation: number(&random)))
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
        switch random.below(25) {
        case 20: return .changeMembership(change(&random))
        case 21:
            let target = NodeID(UInt64(random.below(6)))
            return .transferLeadership(to: random.oneIn(2) ? nil : target)
        case 22: return .diskHealth(isStalled: random.oneIn(2))
        case 23: return .clock(nanoseconds: number(&random))
        case 24:
            return .appendSent(
                peer: NodeID(2), last: LogIndex(number(&random)), bytes: random.below(100))
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
                    lastIncluded: end, configuration: core.configuration(at: end.index)))
        default: return .message(message(&random, like: core))
        }
    }

    @Test(arguments: 0..<60) func `no message makes a core trap`(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var settings = CoreSettings()
        settings.usesPreVote = seed & 1 == 0
        settings.checksQuorum = seed & 2 == 0
        if seed & 6 == 4 {
            try settings.allowLeases(electionTimeoutMilliseconds: 1000, maxDriftPermille: 10)
        }
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
