internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import Testing

/// Nodes on real sockets, threads and files that come and go.
@Suite struct MembershipTests {
    /// Some nodes of one cluster, each with a directory of its own.
    private actor Town {
        let directory: String
        var addresses: [NodeID: String] = [:]
        var nodes: [NodeID: RaftNode<Counters>] = [:]

        init(_ directory: String) { self.directory = directory }

        func found(_ count: UInt64) async throws {
            for node in 1...count { addresses[NodeID(node)] = "127.0.0.1:\(try freePort())" }
            let members = addresses
            for node in 1...count { try await start(NodeID(node), members: members) }
        }

        func start(_ node: NodeID, members: [NodeID: String], isJoining: Bool = false) async throws
        {
            var settings = RaftNodeSettings(
                cluster: "counters", node: node, members: members,
                directory: directory + "/\(node)")
            settings.isJoining = isJoining
            nodes[node] = try await RaftNode.start(Counters(), settings)
        }

        /// Starts one more node, which is told where all are.
        func join(_ node: NodeID) async throws {
            addresses[node] = "127.0.0.1:\(try freePort())"
            try await start(node, members: addresses, isJoining: true)
        }

        /// Stops a node and starts it again, with an empty directory if it is to be wiped.
        func restart(_ node: NodeID, wiping: Bool = false, isJoining: Bool = false) async throws {
            await nodes[node]?.shutdown()
            if wiping { try Directory.removeTree(directory + "/\(node)") }
            try await start(node, members: addresses, isJoining: isJoining)
        }

        /// Stops a node, flips a bit in the middle of its log, and starts it again.
        func damage(_ node: NodeID) async throws {
            await nodes[node]?.shutdown()
            let log = directory + "/\(node)/log"
            let segment = try #require(
                try Directory.list(log).first { $0.hasSuffix(".log") })
            let file = try File(log + "/" + segment, .readWrite, create: .never)
            let bytes = try file.read(2000, at: 0)
            let end = (bytes.lastIndex { $0 != 0 } ?? 0) / 2
            try file.write([bytes[end] ^ 4].span, at: UInt64(end))
            try await start(node, members: addresses)
        }

        func stop(_ node: NodeID) async { await nodes[node]?.shutdown() }

        func stopAll() async { for node in nodes.values { await node.shutdown() } }

        /// Whoever leads; asked until somebody does.
        func leader(besides other: NodeID? = nil) async throws -> (NodeID, RaftNode<Counters>) {
            while true {
                for (id, node) in nodes where id != other {
                    guard let status = await node.status(), status.role.role == .leader,
                        status.commitIndex > LogIndex(0)
                    else { continue }
                    return (id, node)
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// Asks a node until its status is as wanted.
        func wait(for id: NodeID, _ condition: (NodeStatus) -> Bool) async throws {
            while true {
                if let status = await nodes[id]?.status(), condition(status) { return }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        func node(_ id: NodeID) -> RaftNode<Counters>? { nodes[id] }
    }

    private func withTown(
        of count: UInt64, _ body: (Town) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let town = Town(directory)
            do {
                try await town.found(count)
                try await body(town)
            } catch {
                await town.stopAll()
                throw error
            }
            await town.stopAll()
        }
    }

    private func count(_ name: String, at node: RaftNode<Counters>?) async -> Int? {
        guard case .done(let answer, _) = await node?.propose(Array(name.utf8)) else { return nil }
        return answer
    }

    private func voters(_ outcome: MembershipOutcome) -> [UInt64]? {
        guard case .done(let configuration) = outcome else { return nil }
        return configuration.incoming.map(\.rawValue)
    }

    /// A leader takes a change once it has committed in its own term.
    private func insist(_ change: () async -> MembershipOutcome) async -> MembershipOutcome {
        while true {
            let outcome = await change()
            guard outcome == .refused(.notYetCommitted) || outcome == .refused(.changeUnderWay)
            else { return outcome }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a fourth node is taken in, has everything, and stays after a restart`() async throws {
        try await withTown(of: 3) { town in
            let (_, leader) = try await town.leader()
            for number in 1...5 { #expect(await count("a", at: leader) == number) }
            let four = NodeID(4)
            try await town.join(four)
            let address = try #require(await town.addresses[four])
            let outcome = await insist { await leader.addVoter(four, at: address) }
            #expect(voters(outcome) == [1, 2, 3, 4])
            #expect(await count("a", at: town.node(four)) == 6)
            #expect(await town.node(four)?.status()?.configuration.incoming.count == 4)
            let own = try #require(await town.node(four)?.status()).identity
            let pinned = await leader.status()?.configuration.member(four)
            #expect(pinned == Member(four, incarnation: own.incarnation, address: address))

            try await town.restart(four)
            #expect(await count("a", at: town.node(four)) == 7)
            let seen = try await town.node(four)?.read { $0.value(of: "a") }
            #expect(seen == 7)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a node that does not run, or has no address, is not taken in`() async throws {
        try await withTown(of: 1) { town in
            let (_, leader) = try await town.leader()
            let nobody = "127.0.0.1:\(try freePort())"
            #expect(
                await insist { await leader.addVoter(NodeID(2), at: "x") }
                    == .refused(.malformed(NodeID(2))))
            #expect(await insist { await leader.addVoter(NodeID(2), at: nobody) } == .unreachable)
            #expect(
                await leader.addVoter(NodeID(1), at: nobody)
                    == .refused(.alreadyMember(NodeID(1))))
            #expect(await leader.removeMember(NodeID(1)) == .refused(.lastVoter))
            #expect(await leader.status()?.configuration.members == [NodeID(1)])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a leader that is removed hands over and the others go on`() async throws {
        try await withTown(of: 3) { town in
            let (id, leader) = try await town.leader()
            #expect(await count("a", at: leader) == 1)
            let outcome = await insist { await leader.removeMember(id) }
            #expect(voters(outcome) == [1, 2, 3].filter { $0 != id.rawValue })
            let (other, next) = try await town.leader(besides: id)
            #expect(await count("a", at: next) == 2)
            try await town.wait(for: other) { $0.configuration.members.count == 2 }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `leadership goes to whom it is given`() async throws {
        try await withTown(of: 3) { town in
            let (id, leader) = try await town.leader()
            let target = try #require((1...3).map { NodeID($0) }.first { $0 != id })
            #expect(await leader.transferLeadership(to: target) == .done(leader: target))
            #expect(await leader.transferLeadership() == .refused(.notLeader(leader: target)))
            #expect(await count("a", at: leader) == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a leader that is shut down has handed over before it goes`() async throws {
        try await withTown(of: 3) { town in
            let (id, leader) = try await town.leader()
            #expect(await count("a", at: leader) == 1)
            let term = try #require(await leader.status()).role.term
            await town.stop(id)
            let rest = (1...3).map { NodeID($0) }.filter { $0 != id }
            var leads: [NodeID] = []
            for node in rest {
                let status = try #require(await town.node(node)?.status())
                #expect(status.role.term == term.next, "one election, and at once")
                if status.role.role == .leader { leads.append(node) }
            }
            #expect(leads.count == 1)
            #expect(await count("a", at: town.node(rest[0])) == 2)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a founder that lost its directory takes no part until it is added anew`() async throws {
        try await withTown(of: 3) { town in
            let (id, leader) = try await town.leader()
            #expect(await count("a", at: leader) == 1)
            let pinned = try #require(await leader.status()).configuration.roster
            #expect(pinned.map(\.id.rawValue) == [1, 2, 3], "founders have met")
            let lost = try #require((1...3).map { NodeID($0) }.first { $0 != id })
            // It takes itself for a founder, as its settings say.
            try await town.restart(lost, wiping: true)
            #expect(await count("a", at: leader) == 2)
            let status = try #require(await town.node(lost)?.status())
            #expect(status.role.term == .zero && status.lastIndex == .zero)
            #expect(!status.awaitedFounders.isEmpty)

            let address = try #require(await town.addresses[lost])
            #expect(await leader.addVoter(lost, at: address) == .refused(.alreadyMember(lost)))
            let removed = await insist { await leader.removeMember(lost) }
            #expect(voters(removed)?.contains(lost.rawValue) == false)
            try await town.restart(lost, wiping: true, isJoining: true)
            let added = await insist { await leader.addVoter(lost, at: address) }
            #expect(voters(added) == [1, 2, 3])
            #expect(await count("a", at: town.node(lost)) == 3)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a node with a damaged log comes back by itself as a voter`() async throws {
        try await withTown(of: 3) { town in
            let (id, leader) = try await town.leader()
            for round in 1...20 { #expect(await count("a", at: leader) == round) }
            let node = try #require((1...3).map { NodeID($0) }.first { $0 != id })
            let before = try #require(await town.node(node)?.status()).identity.incarnation
            try await town.damage(node)
            try await town.wait(for: node) { status in
                let own = status.identity.incarnation
                return own != before && !status.isRejoining && !status.configuration.isJoint
                    && status.configuration.incoming.contains(node)
                    && status.configuration.member(node)?.incarnation == own
            }
            #expect(try await town.node(node)?.read { $0.value(of: "a") } == 20)
            // It votes again: without it there would be no quorum now.
            let third = try #require((1...3).map { NodeID($0) }.first { $0 != id && $0 != node })
            await town.stop(third)
            #expect(await count("a", at: town.node(node)) == 21)
            let kept = try Directory.list(town.directory + "/\(node)")
            #expect(kept.contains { $0.hasPrefix("damaged-") } && !kept.contains("rejoin"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `settings that name other members later change nothing but addresses`() async throws {
        try await withTown(of: 3) { town in
            let (id, leader) = try await town.leader()
            #expect(await count("a", at: leader) == 1)
            await town.stop(id)
            var members = await town.addresses
            members[NodeID(4)] = "127.0.0.1:\(try freePort())"
            try await town.start(id, members: members)
            try await town.wait(for: id) { $0.role.leader != nil }
            let configuration = try #require(await town.node(id)?.status()).configuration
            #expect(configuration.members.map(\.rawValue) == [1, 2, 3])
            #expect(await count("a", at: town.node(id)) == 2)
        }
    }
}
