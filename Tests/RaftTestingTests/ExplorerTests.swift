internal import Raft
@testable internal import RaftTesting
internal import Testing

/// The explorer against an obvious one, against itself, and against invariants that do not hold.
@Suite struct ExplorerTests {
    private static let nodes = "nodes 3 pre-vote=no check-quorum=no"
    private static let two = "nodes 2 pre-vote=no check-quorum=no"

    private static func preset(
        _ name: String, _ nodes: String,
        _ spending: [ExplorationPreset.Spending: Int], maxTerm: UInt64 = 2,
        _ change: (inout ExplorationPreset) -> Void = { _ in }
    ) -> ExplorationPreset {
        var preset = ExplorationPreset(
            name: name, summary: "", nodes: nodes, spending: spending, maxTerm: maxTerm)
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        if nodes.hasPrefix("nodes 2") { preset.alike = [[1, 2]] }
        change(&preset)
        return preset
    }

    /// Small ones that reach every kind of event.
    static let small = [
        preset("one campaign", nodes, [.campaigns: 1, .heartbeats: 1], maxTerm: 1),
        preset("a crash", two, [.campaigns: 2, .crashes: 1]) { $0.syncsAtOnce = false },
        preset(
            "any order", two, [.campaigns: 2, .losses: 1, .duplicates: 1]
        ) {
            $0.network = .unordered
        },
        preset("pre-vote", "nodes 2", [.campaigns: 2, .closes: 1, .quorumChecks: 1]) {
            $0.campaignsAtOnce = false
        },
        preset(
            "snapshot", nodes + " leader=1 snapshot=1", [.compactions: 1, .heartbeats: 1],
            maxTerm: 1
        ) { $0.opening = ["cut 3; propose 1 a; heal"] },
        preset(
            "membership", "nodes 2 leader=1 pre-vote=no check-quorum=no joining=1",
            [.changes: 1]
        ) {
            $0.changes = [.add(Member(NodeID(3)), asVoter: true)]
        },
        preset("transfer", "nodes 3 leader=1", [.transfers: 1, .heartbeats: 1]),
        preset(
            "readmission", nodes + " leader=1 incarnations=yes",
            [.changes: 2, .heartbeats: 1], maxTerm: 1
        ) {
            $0.opening = ["crash 3; wipe 3"]
            $0.changes = [.readmit(NodeID(3), incarnation: 1003)]
            $0.alike = []
        },
    ]

    @Test(arguments: small.indices)
    func `what is looked up is what whole clusters do`(i: Int) throws {
        let preset = Self.small[i]
        var explorer = try Explorer(preset)
        let report = explorer.run()
        #expect(report.violation == nil && report.isComplete)
        var twin = try ExplorerTwin(preset)
        twin.run()
        #expect(twin.violation == nil)
        #expect(report.states == twin.states && report.transitions == twin.transitions)
        #expect(report.states > 100, "\(preset.name) reaches too little")
    }

    @Test(arguments: [0, 1, 2, 3])
    func `states that differ in names only are one, and no others are`(i: Int) throws {
        let preset = Self.small[i]
        var plain = try Explorer(preset, usesSymmetry: false)
        let all = plain.run()
        var folded = try Explorer(preset)
        let some = folded.run()
        #expect(all.violation == nil && some.violation == nil)
        let ways = preset.alike.reduce(1) { $0 * (1...$1.count).reduce(1, *) }
        #expect(some.states < all.states && all.states <= ways * some.states)
        // The twin keeps every state apart and counts the classes among them.
        let classes = try plain.classes(of: preset)
        #expect(classes == some.states)
    }

    @Test func `the same exploration twice gives the same figures and the same story`() throws {
        let isCalm: @Sendable ([ModelNode]) -> String? = { nodes in
            nodes.contains { $0.core.commitIndex.rawValue > 0 } ? "something is committed" : nil
        }
        var reports: [ExplorationReport] = []
        for _ in 0..<2 {
            var explorer = try Explorer(Self.small[0], invariant: isCalm)
            reports.append(explorer.run())
        }
        #expect(reports[0].states == reports[1].states)
        #expect(reports[0].transitions == reports[1].transitions)
        #expect(reports[0].story == reports[1].story && reports[0].story != nil)
    }

    @Test func `a broken invariant comes with the shortest story, which can be told again`() throws
    {
        // Nobody promised this: it stands for a mistake.
        let isEmpty: @Sendable ([ModelNode]) -> String? = { nodes in
            let count = nodes.count { $0.core.commitIndex.rawValue > 0 }
            return count > 1 ? "two nodes have committed" : nil
        }
        var explorer = try Explorer(Self.small[0], invariant: isEmpty)
        let report = explorer.run()
        #expect(report.violation == "two nodes have committed" && !report.isComplete)
        let story = try #require(report.story)
        #expect(try Script.redraw(story) == story)
        #expect(try Script.finding(in: story) == nil)
        let steps = story.split(separator: "\n\n")
        // One block opens the story; the levels before the last were visited whole.
        #expect(report.depth == steps.count - 2 && report.depth >= 7, "\(story)")
        for count in 1...steps.count {
            let nodes = try Script.nodes(after: steps.prefix(count).joined(separator: "\n\n"))
            #expect((isEmpty(nodes) != nil) == (count == steps.count))
        }
    }

    @Test func `one that has begun anew becomes a voter again, and is heard`() throws {
        let isStillAway: @Sendable ([ModelNode]) -> String? = { nodes in
            let isBack = nodes.contains { node in
                let configuration = node.core.configuration
                return configuration
                    == Configuration(
                        voters: [1, 2, 3].map { NodeID($0) }, roster: configuration.roster)
                    && configuration.member(NodeID(3))?.incarnation == 1003
                    && node.core.commitIndex == node.core.log.lastIndex
            }
            return isBack ? "it is back" : nil
        }
        let preset = try #require(Self.small.last)
        var explorer = try Explorer(preset, invariant: isStillAway)
        #expect(explorer.run().violation == "it is back")
    }

    @Test func `one that has begun anew gets the vote of one that knows only the earlier one`()
        throws
    {
        let isUnheard: @Sendable ([ModelNode]) -> String? = { nodes in
            let (three, four) = (nodes[2].core, NodeID(4))
            let hasVoted = three.hardState == HardState(term: Term(3), vote: four)
            return hasVoted && three.configuration.member(four)?.incarnation == 4 ? "heard" : nil
        }
        var preset = try #require(ExplorationPreset.named("strange-voter"))
        preset.maxTerm = 3
        var explorer = try Explorer(preset, limit: 50_000, invariant: isUnheard)
        #expect(explorer.run().violation == "heard")
    }

    @Test func `a limit cuts an exploration and says so`() throws {
        var explorer = try Explorer(Self.small[0], limit: 50)
        let report = explorer.run()
        #expect(!report.isComplete && report.violation == nil && report.states >= 50)
    }

    @Test func `every preset begins, and its first states hold`() throws {
        for preset in ExplorationPreset.all {
            var explorer = try Explorer(preset, limit: 2000)
            let report = explorer.run()
            #expect(report.violation == nil && report.states >= 200, "\(preset.name)")
        }
        #expect(Set(ExplorationPreset.all.map(\.name)).count == ExplorationPreset.all.count)
    }

    @Test func `a replay names the line of the broken invariant`() throws {
        let story = """
            # Two leaders of one term, by a forged vote.
            nodes 3 pre-vote=no check-quorum=no; hold 1; hold 2; hold 3
            ----
            whatever was drawn here is passed over

            campaign 1; forge 2>1 voteResponse term=1
            deliver 2>1 voteResponse
            """
        let finding = try #require(try Script.finding(in: story))
        #expect(finding.line == 7 && finding.violation.contains("without a quorum"))
        #expect(throws: ScriptError.self) { try Script.finding(in: "nodes 3\n\nleap 1") }
    }
}
