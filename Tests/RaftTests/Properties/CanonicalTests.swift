@testable internal import Raft
internal import RaftTesting
internal import Testing

/// The canonical bytes of a core: all of it is in them, and names are not.
@Suite struct CanonicalTests {
    private func names(of value: Any) -> [String] {
        Mirror(reflecting: value).children.compactMap(\.label)
    }

    /// A leader of three with entries, a read and a transfer; its followers; and one that was cut off.
    private func cluster(leader: Int) throws -> ModelCluster {
        let others = [1, 2, 3].filter { $0 != leader }
        let story = """
            nodes 3 pre-vote=no check-quorum=no
            campaign \(leader); propose \(leader) a; cut \(others[1]); propose \(leader) b c
            read \(leader); campaign \(others[1]); stop-disk \(others[0]); propose \(leader) d
            """
        var world: ScriptWorld?
        for line in story.split(separator: "\n") { world = try Script.run(line, from: world) }
        return try #require(world).cluster
    }

    private func bytes(_ core: RaftCore, names: [UInt8] = [0, 1, 2, 3]) -> [UInt8] {
        var writer = CanonicalWriter(names: names)
        core.encode(into: &writer)
        return writer.bytes
    }

    /// Who adds a property must write it in `RaftCore+Canonical.swift`, or say there why not; then here.
    @Test func `every stored property of a core is written or known to follow from the rest`() {
        let core = RaftCore(id: NodeID(1), configuration: Configuration(voters: [NodeID(1)]))
        #expect(
            names(of: core) == [
                "id", "incarnation", "configuration", "settings", "hardState", "log", "commitIndex",
                "snapshot",
                "fault", "history", "role", "durability", "held", "writtenHardState",
                "firstUnwritten", "announcedCommit", "timerIsStale", "clock", "hurriedCampaigns",
                "isDiskStalled", "announcedRole",
            ])
        #expect(
            names(of: Role.Follower(leader: nil, verifiedIndex: .zero)) == [
                "leader", "hearsLeader", "verifiedIndex", "owesAnswer", "answeredIndex",
                "incoming", "reads", "isBound",
            ])
        #expect(
            names(of: Leadership(firstIndex: .zero)) == [
                "peers", "firstIndex", "uncommitted", "uncommittedBytes", "round", "reads",
                "needsRound", "mayCommit", "transfer", "lease",
            ])
        #expect(
            names(of: Progress(node: NodeID(1), nextIndex: .zero)) == [
                "node", "matchIndex", "nextIndex", "state", "inflight", "isActive",
                "isDueForRepeat", "answeredRound", "promiseMilliseconds", "catchUp", "toldCommit",
            ])
        #expect(names(of: Role.Question(id: ReadID(1))) == ["id", "patience", "nextPatience"])
        #expect(names(of: InflightWindow()) == ["appends", "bytes", "isOpen"])
        #expect(names(of: CatchUp(lastIndex: .zero)) == ["roundEnd", "hasTicked", "isDone"])
        #expect(names(of: LeaseState()) == ["end", "isVoid", "rounds"])
        let durability = Durability(index: .zero, hardState: HardState())
        #expect(names(of: durability) == ["index", "hardState", "newest", "unfinished"])
        #expect(
            names(of: core.configuration) == [
                "incoming", "outgoing", "learners", "promoting", "roster",
            ])
    }

    @Test func `cores that differ in names only give the same bytes`() throws {
        let first = try cluster(leader: 1)
        let second = try cluster(leader: 2)
        // In the second story 1 and 2 have changed places.
        let places = [1, 0, 2]
        for (i, node) in first.nodes.enumerated() {
            let twin = second.nodes[places[i]].core
            #expect(bytes(node.core) == bytes(twin, names: [0, 2, 1, 3]))
            if i < 2 { #expect(bytes(node.core) != bytes(twin)) }
        }
    }

    @Test func `whatever a core does shows in its bytes`() throws {
        let core = try cluster(leader: 1).nodes[0].core
        var seen: Set<[UInt8]> = [bytes(core)]
        let events: [Event] = [
            .propose(count: 1, bytes: 1), .read(ReadID(9)), .transferLeadership(to: NodeID(2)),
            .diskHealth(isStalled: true), .timerFired(.heartbeat), .connectionClosed(NodeID(2)),
        ]
        for event in events {
            var changed = core
            var effects: [Effect] = []
            changed.handle(event, into: &effects)
            #expect(seen.insert(bytes(changed)).inserted, "\(event)")
        }
    }
}
