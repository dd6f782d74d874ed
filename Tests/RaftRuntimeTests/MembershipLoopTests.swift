internal import Raft
internal import RaftRuntime
internal import RaftTransport
internal import Testing
internal import Wire

/// Changes of the membership and of the leader, through whole nodes.
@Suite struct `A cluster of whole nodes` {
    private typealias Cluster = LoopCluster<Book>

    private func cluster(of voters: Int, snapshotEntries: Int = 1000) throws -> Cluster {
        var settings = NodeSettings()
        settings.snapshotEntries = snapshotEntries
        settings.trailingEntries = 1
        return try LoopCluster(voters: voters, settings: settings) { Book() }
    }

    private func members(_ nodes: UInt64...) -> [NodeID] { nodes.map { NodeID($0) } }

    private func isDone(_ outcome: MembershipOutcome?, voters: [NodeID]) -> Bool {
        guard case .done(let configuration) = outcome else { return false }
        return configuration.incoming == voters && !configuration.isJoint
    }

    @Test(arguments: [1000, 3])
    func `takes in a fourth node that ends with everything the others have`(
        snapshotEntries: Int
    ) throws {
        var cluster = try cluster(of: 3, snapshotEntries: snapshotEntries)
        let leader = try found(cluster.elect())
        for number in 0..<9 as Range<UInt8> { _ = cluster.propose([number], at: leader) }
        let new = try cluster.join(machine: Book())
        for _ in 0..<500 { cluster.step() }
        #expect(cluster[new].core.roleName == .follower)
        #expect(cluster[new].core.term == .zero, "who has no members never campaigns")

        let incarnation = cluster[new].identity.incarnation
        let member = Member(new, incarnation: incarnation, address: "four:1", priority: 0)
        let outcome = cluster.change(.add(member, asVoter: true), at: leader)
        #expect(isDone(outcome, voters: members(1, 2, 3, 4)), "\(String(describing: outcome))")
        _ = cluster.propose([99], at: new)
        let arrived = cluster.run { cluster in
            cluster.members.allSatisfy {
                $0.node.machine.lines.count == 10 && $0.node.configuration.members.count == 4
            }
        }
        #expect(arrived)
        #expect(cluster[NodeID(2)].configuration.member(new) == member)
    }

    @Test func `goes by the membership in its logs after all have lost power`() throws {
        for snapshotEntries in [1000, 2] {
            var cluster = try cluster(of: 3, snapshotEntries: snapshotEntries)
            let leader = try found(cluster.elect())
            let gone = try found(
                cluster.members.map { $0.node.identity.node }.first { $0 != leader })
            #expect(
                isDone(
                    cluster.change(.remove(gone), at: leader),
                    voters: members(1, 2, 3).filter { $0 != gone }))
            for number in 0..<7 as Range<UInt8> { _ = cluster.propose([number], at: leader) }
            let before = cluster[leader].configuration
            for node in members(1, 2, 3) { try cluster.restart(node, machine: Book()) }
            #expect(cluster[leader].configuration == before)
            cluster.cutOff = [gone]
            let next = try found(cluster.elect())
            _ = cluster.propose([200], at: next)
            #expect(cluster[next].machine.lines.count == 8)
        }
    }

    @Test func `removes its leader and has another one soon`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let others = members(1, 2, 3).filter { $0 != leader }
        #expect(isDone(cluster.change(.remove(leader), at: leader), voters: others))
        let isTaken = cluster.run { cluster in
            cluster.leader.map { $0 != leader } ?? false
        }
        #expect(isTaken)
        #expect(cluster[leader].core.roleName == .follower)
        _ = cluster.propose([1], at: others[0])
        #expect(cluster[others[1]].configuration.members == others)
    }

    @Test func `refuses a change with its reason and leaves nothing behind`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let other = try found(members(1, 2, 3).first { $0 != leader })
        let before = cluster[leader].core.log.lastIndex
        #expect(
            cluster.change(.remove(NodeID(9)), at: leader)
                == .refused(.unknownMember(NodeID(9))))
        #expect(
            cluster.change(.remove(leader), at: other) == .refused(.notLeader(leader: leader)))
        #expect(cluster.transfer(from: other, to: nil) == .refused(.notLeader(leader: leader)))
        #expect(cluster.transfer(from: leader, to: leader) == .refused(.leadsAlready))
        #expect(cluster[leader].core.log.lastIndex == before)
        for id in 4...128 as ClosedRange<UInt64> {
            let outcome = cluster.change(.add(Member(NodeID(id)), asVoter: false), at: leader)
            guard case .done = outcome else {
                Issue.record("\(id): \(String(describing: outcome))")
                return
            }
        }
        #expect(
            cluster.change(.add(Member(NodeID(129)), asVoter: false), at: leader)
                == .tooManyMembers(limit: 128))
    }

    @Test func `says that a change goes on while its new voter cannot be reached`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let new = try cluster.join(machine: Book())
        cluster.cutOff = [new]
        guard
            case .catchingUp(let configuration) = cluster.change(
                .add(Member(new), asVoter: true), at: leader)
        else {
            Issue.record("ended otherwise")
            return
        }
        #expect(configuration.promoting == [new])
        cluster.cutOff = []
        #expect(cluster.run { $0[leader].configuration.incoming.contains(new) })
    }

    @Test func `a change of a leader that is cut off is unknown or superseded, never done`() throws
    {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        cluster.cutOff = [leader]
        let outcome = cluster.change(.add(Member(NodeID(4)), asVoter: false), at: leader)
        #expect(outcome == .unknown(.timeout))
        #expect(cluster[leader].configuration.learners == [NodeID(4)])
        let next = try found(cluster.elect())
        _ = cluster.propose([1], at: next)
        cluster.cutOff = []
        #expect(cluster.run { $0[leader].machine.lines == [[1]] })
        #expect(cluster[leader].configuration.learners == [], "rolled back")
    }

    @Test func `hands over to whom it is told, and to the highest priority`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let others = members(1, 2, 3).filter { $0 != leader }
        #expect(cluster.transfer(from: leader, to: others[1]) == .done(leader: others[1]))
        #expect(cluster.elect() == others[1])
        let outcome = cluster.change(.update(Member(others[0], priority: 9)), at: others[1])
        #expect(isDone(outcome, voters: members(1, 2, 3)))
        #expect(cluster.transfer(from: others[1], to: nil) == .done(leader: others[0]))
        // And the others wait longer than it does.
        cluster.cutOff = [others[0]]
        let low = try found(cluster.elect())
        #expect(low != others[0])
        cluster.cutOff = []
        #expect(cluster.elect() == low)
        for _ in 0..<100 { cluster.step() }
        #expect(cluster.transfer(from: low, to: nil) == .done(leader: others[0]))
    }

    @Test func `after a loss the node of the highest priority is the first to campaign`() throws {
        var cluster = try cluster(of: 3)
        let first = try found(cluster.elect())
        let high = Member(NodeID(2), priority: 9)
        #expect(isDone(cluster.change(.update(high), at: first), voters: members(1, 2, 3)))
        for low in members(1, 3, 1, 3, 1, 3) {
            let leader = try found(cluster.elect())
            if leader != low {
                #expect(cluster.transfer(from: leader, to: low) == .done(leader: low))
            }
            #expect(cluster.elect() == low)
            for _ in 0..<20 { cluster.step() }
            cluster.cutOff = [low]
            #expect(cluster.elect() == high.id)
            cluster.cutOff = []
            for _ in 0..<100 { cluster.step() }
        }
    }

    @Test func `a leader that can hand over to nobody who answers leads on`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let target = try found(members(1, 2, 3).first { $0 != leader })
        cluster.cutOff = [target]
        #expect(cluster.transfer(from: leader, to: target) == .aborted)
        #expect(cluster[leader].core.roleName == .leader)
    }

    @Test func `a leader whose disk hangs hands over and comes back as a follower`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let settled = cluster[leader].core.log.lastIndex
        #expect(cluster.run { $0.members.allSatisfy { $0.node.core.durableIndex == settled } })
        cluster.hanging = [leader]
        _ = cluster[leader].propose([7].span)
        let isTaken = cluster.run { $0.leader.map { $0 != leader } ?? false }
        #expect(isTaken)
        #expect(cluster[leader].core.roleName != .leader)
        cluster.hanging = []
        #expect(cluster.run { $0[leader].machine.lines == [[7]] })
        let isTold = cluster.run { cluster in
            let told = (cluster.notices[leader] ?? []).map { "\($0)" }
            return told.contains("diskStalled") && told.contains("diskRecovered")
        }
        #expect(isTold)
    }

    @Test func `does not hear a node that has lost its disk until it is added anew`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        for node in members(1, 2, 3) {
            let member = Member(node, incarnation: cluster[node].identity.incarnation)
            #expect(isDone(cluster.change(.update(member), at: leader), voters: members(1, 2, 3)))
        }
        _ = cluster.propose([1], at: leader)
        let wiped = try found(members(1, 2, 3).first { $0 != leader })
        let founding = Configuration(voters: members(1, 2, 3))
        // The worst that can happen: it takes itself for a founder and campaigns.
        try cluster.wipe(wiped, believing: founding, machine: Book())
        let last = cluster[leader].core.log.lastIndex
        for _ in 0..<3000 { cluster.step() }
        _ = cluster.propose([2], at: leader)
        #expect(cluster[leader].core.roleName == .leader)
        let match = cluster[leader].core.peers.first { $0.node == wiped }?.matchIndex
        #expect(match ?? last <= last)
        let ignored = (cluster.notices[leader] ?? []).contains {
            if case .strangerIgnored(wiped, _) = $0 { true } else { false }
        }
        #expect(ignored)

        try cluster.wipe(wiped, believing: Configuration(voters: []), machine: Book())
        let rest = members(1, 2, 3).filter { $0 != wiped }
        #expect(isDone(cluster.change(.remove(wiped), at: leader), voters: rest))
        let again = Member(wiped, incarnation: cluster[wiped].identity.incarnation)
        #expect(
            isDone(
                cluster.change(.add(again, asVoter: true), at: leader), voters: members(1, 2, 3)))
        #expect(cluster.run { $0[wiped].machine.lines == [[1], [2]] })
    }

    @Test func `who was away while a node was replaced follows it when it leads`() throws {
        var cluster = try cluster(of: 5)
        let all = members(1, 2, 3, 4, 5)
        let leader = try found(cluster.elect())
        for node in all {
            let member = Member(node, incarnation: cluster[node].identity.incarnation)
            #expect(isDone(cluster.change(.update(member), at: leader), voters: all))
        }
        #expect(cluster.run { $0.members.allSatisfy { $0.node.configuration.roster.count == 5 } })
        let others = all.filter { $0 != leader }
        let (away, replaced) = (others[0], others[1])
        cluster.cutOff = [away]
        try cluster.wipe(replaced, believing: Configuration(voters: []), machine: Book())
        let rest = all.filter { $0 != replaced }
        #expect(isDone(cluster.change(.remove(replaced), at: leader), voters: rest))
        let new = Member(replaced, incarnation: cluster[replaced].identity.incarnation)
        #expect(isDone(cluster.change(.add(new, asVoter: true), at: leader), voters: all))
        #expect(cluster.transfer(from: leader, to: replaced) == .done(leader: replaced))
        // `#expect` cannot hold a node, which is not copyable.
        let isHeardBefore = cluster[away].admits(replaced, incarnation: new.incarnation)
        #expect(!isHeardBefore)
        cluster.cutOff = []
        _ = cluster.propose([1], at: leader)
        #expect(cluster.run { $0[away].machine.lines == [[1]] })
        let isHeardAfter = cluster[away].admits(replaced, incarnation: new.incarnation)
        #expect(isHeardAfter)
        #expect(cluster[replaced].core.roleName == .leader)
    }

    @Test func `puts into a snapshot the membership at its end, not a later one`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        _ = cluster.propose([1], at: leader)
        let committed = cluster[leader].configuration
        cluster.cutOff = [leader]
        _ = cluster[leader].changeMembership(.add(Member(NodeID(4)), asVoter: false))
        cluster.step()
        #expect(cluster[leader].configuration.learners == [NodeID(4)])
        cluster[leader].takeSnapshot()
        #expect(cluster.run { $0[leader].core.snapshot != nil })
        #expect(cluster[leader].core.snapshot?.configuration == committed)
        try cluster.restart(leader, machine: Book())
        #expect(cluster[leader].core.snapshot?.configuration == committed)
        #expect(cluster[leader].configuration.learners == [NodeID(4)], "it is still in the log")
    }

    @Test(arguments: [false, true])
    func `a leader asks its clock again for every read from its lease`(isOwn: Bool) throws {
        var settings = NodeSettings()
        try settings.core.allowLeases(
            electionTimeoutMilliseconds: UInt64(settings.electionTimeoutMilliseconds),
            maxDriftPermille: 10)
        var cluster = try LoopCluster(voters: 3, settings: settings) { Book() }
        let leader = try found(cluster.elect())
        let follower = try found(members(1, 2, 3).first { $0 != leader })
        for _ in 0..<50 { cluster.step() }

        func answersItself(after milliseconds: Int) -> Bool {
            let ticket = cluster[leader].read()
            cluster.turnAlone(leader, after: milliseconds)
            return cluster[leader].takeCompletions().contains { completion in
                if case .read(ticket, .ready) = completion { true } else { false }
            }
        }
        /// Asks for a read, perhaps in another node's name, and lets the loop turn so many milliseconds
        /// later; what is answered in this turn can only come from the lease.
        func answers(after milliseconds: Int, _ number: UInt64) -> Bool {
            if isOwn { return answersItself(after: milliseconds) }
            cluster.takeSent(of: leader)
            let question = Message(
                from: follower, to: leader, term: cluster[leader].core.term,
                body: .readIndexRequest(ReadID(number)))
            cluster[leader].receive(
                .raft(question, PackedBytes()), from: follower,
                incarnation: cluster[follower].identity.incarnation)
            cluster.turnAlone(leader, after: milliseconds)
            return cluster.takeSent(of: leader).contains { envelope in
                guard case .raft(let message, _) = envelope,
                    case .readIndexResponse(ReadID(number), index: .some) = message.body
                else { return false }
                return true
            }
        }
        #expect(answers(after: 1, 1_000))
        #expect(!answers(after: 1_000, 1_001), "the pause has outlived every promise")
    }

    @Test func `drops an append with a membership that cannot be read`() throws {
        var cluster = try cluster(of: 3)
        let leader = try found(cluster.elect())
        let follower = try found(members(1, 2, 3).first { $0 != leader })
        let last = cluster[follower].core.log.last
        let request = AppendRequest(
            previous: last, entries: [TermRun(term: last.term, count: 1)], commitIndex: .zero)
        let message = Message(
            from: leader, to: follower, term: last.term, body: .append(request))
        cluster[follower].receive(
            .raft(message, PackedBytes([[3, 0, 9]])), from: leader,
            incarnation: cluster[leader].identity.incarnation)
        #expect(cluster[follower].core.log.last == last)
        #expect(cluster[follower].failure == nil)
        let dropped = cluster[follower].takeNotices().map { "\($0)" }
        #expect(dropped.contains { $0.contains("malformed") })
    }
}
