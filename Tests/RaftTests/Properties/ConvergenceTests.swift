@testable internal import Raft
internal import Testing

/// A new leader and a follower whose logs differ in every way that Raft allows (row 23).
@Suite struct ConvergenceTests {
    /// Two cores and the messages between them; disks are instant, and a snapshot is one piece.
    private struct Pair {
        var leader: RaftCore
        var follower: RaftCore
        var toLeader: [Message] = []
        var toFollower: [Message] = []
        var appends = 0
        /// Refusals that moved the leader; one that comes twice is of no account.
        var rejections = 0
        var snapshots = 0

        init(leader: RaftCore, follower: RaftCore) {
            self.leader = leader
            self.follower = follower
        }

        mutating func tell(_ core: WritableKeyPath<Self, RaftCore>, _ event: Event) {
            var events = [event, .flush]
            while !events.isEmpty {
                var effects: [Effect] = []
                self[keyPath: core].handle(events.removeFirst(), into: &effects)
                for effect in effects { events += answers(to: effect) }
            }
        }

        private mutating func answers(to effect: Effect) -> [Event] {
            switch effect {
            case .trace(.appendRejected): rejections += 1
            case .persist(let persist): return [.persisted(persist.id), .flush]
            case .receiveSnapshot(let part):
                return [
                    .snapshotStored(
                        lastIncluded: part.lastIncluded, configuration: part.configuration), .flush,
                ]
            case .send(let message):
                count(message)
                if message.to == follower.id { toFollower.append(message) }
                if message.to == leader.id { toLeader.append(message) }
            default: break
            }
            return []
        }

        private mutating func count(_ message: Message) {
            guard message.from == follower.id || message.to == follower.id else { return }
            switch message.body {
            case .append: appends += 1
            case .snapshotPart: snapshots += 1
            default: break
            }
        }

        /// Delivers what there is, in order.
        mutating func settle() {
            for _ in 0..<200 {
                if !toFollower.isEmpty {
                    tell(\.follower, .message(toFollower.removeFirst()))
                } else if !toLeader.isEmpty {
                    tell(\.leader, .message(toLeader.removeFirst()))
                } else {
                    return
                }
            }
            Issue.record("the messages never come to an end")
        }
    }

    private static let voters = Configuration(voters: [1, 2, 3].map { NodeID($0) })

    /// All logs of at most five entries whose terms are at most three and never fall.
    private static let logs: [[UInt64]] = (0..<5).reduce(into: [[]]) { logs, _ in
        let longest = logs.map(\.count).max()
        for log in logs where log.count == longest {
            for term in (log.last ?? 1)...3 { logs.append(log + [term]) }
        }
    }

    /// How many entries two logs share; nothing when no run of Raft could have made both.
    private func shared(_ left: [UInt64], _ right: [UInt64]) -> Int? {
        let shared = zip(left, right).prefix { $0 == $1 }.count
        let later = zip(left, right).dropFirst(shared).contains { $0 == $1 }
        return later ? nil : shared
    }

    private func core(_ id: UInt64, _ log: [UInt64], base: Int) -> RaftCore {
        let end = EntryID(
            term: Term(base == 0 ? 0 : log[base - 1]), index: LogIndex(UInt64(base)))
        return RaftCore(
            id: NodeID(id), configuration: Self.voters, hardState: HardState(term: Term(3)),
            log: LogOutline(
                base: end, runs: log.dropFirst(base).map { TermRun(term: Term($0), count: 1) }),
            snapshot: base == 0
                ? nil : RaftCore.SnapshotPoint(lastIncluded: end, configuration: Self.voters))
    }

    /// Elects node 1 by the vote of node 3, then lets it talk to node 2.
    private func replicate(
        _ leaderLog: [UInt64], base: Int, to followerLog: [UInt64], base followerBase: Int
    ) -> Pair {
        var pair = Pair(
            leader: core(1, leaderLog, base: base),
            follower: core(2, followerLog, base: followerBase))
        pair.tell(\.leader, .start)
        pair.tell(\.follower, .start)
        pair.tell(\.leader, .timerFired(.election))
        pair.tell(\.leader, .timerFired(.campaign))
        let from = NodeID(3)
        let promise = Message.Body.preVoteResponse(granted: true, requestTerm: Term(3))
        pair.tell(
            \.leader, .message(Message(from: from, to: NodeID(1), term: Term(3), body: promise)))
        let vote = Message.Body.voteResponse(granted: true)
        pair.tell(\.leader, .message(Message(from: from, to: NodeID(1), term: Term(4), body: vote)))
        pair.settle()
        return pair
    }

    @Test func `any two logs become one within a rejection for each term`() {
        #expect(Self.logs.count == 56)
        var cases = 0
        var worst = 0
        for left in Self.logs {
            for right in Self.logs {
                guard let shared = shared(left, right) else { continue }
                for base in Set([0, left.count]).sorted() {
                    for followerBase in Set([0, shared]).sorted() {
                        let pair = replicate(left, base: base, to: right, base: followerBase)
                        check(pair, "\(left) from \(base), \(right) from \(followerBase)")
                        cases += 1
                        worst = max(worst, pair.rejections)
                    }
                }
            }
        }
        #expect(cases > 4_000)
        #expect(worst == Self.mostRejections, "the bound is reached and not exceeded")
    }

    /// One for each of the three terms that may be in the follower's log.
    private static let mostRejections = 3

    /// Beside one append a rejection and the one that is taken, two may be sent in vain: when a heartbeat is
    /// answered before the first append, and when only a part of the taken one is durable at first.
    private func check(_ pair: Pair, _ story: String) {
        let leader = pair.leader
        let follower = pair.follower
        let peer = leader.peers.first { $0.node == follower.id }
        let isWhole =
            leader.roleName == .leader && follower.log.last == leader.log.last
            && peer?.matchIndex == leader.log.lastIndex && peer?.state == .replicate
            && follower.fault == nil
        let start = max(leader.log.firstIndex, follower.log.firstIndex)
        let end = leader.log.lastIndex
        let isEqual =
            isWhole
            && leader.log.runs(from: start, through: end)
                == follower.log.runs(from: start, through: end)
        if !isEqual { Issue.record("\(story): \(leader.log), \(follower.log)") }
        if pair.rejections > Self.mostRejections || pair.appends > pair.rejections + 3
            || pair.snapshots > 1
        {
            Issue.record(
                "\(story): \(pair.appends) appends, \(pair.rejections) rejections, \(pair.snapshots)"
            )
        }
    }
}
