@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// Whatever changes are asked for, two memberships that follow on each other never decide apart:
/// every quorum of the one has a node in common with every quorum of the other (thesis §4.3).
@Suite struct MembershipStepTests {
    private let all = (1...5).map { NodeID(UInt64($0)) }

    /// All sets of nodes, as masks.
    private func quorums(_ configuration: Configuration) -> [Int] {
        (0..<32).filter { mask in
            configuration.hasNaiveQuorum { mask >> Int($0.rawValue - 1) & 1 == 1 }
        }
    }

    private func change(_ random: inout SplitMix64) -> MembershipChange {
        let node = random.pick(all)
        switch random.below(6) {
        case 0: return .add(Member(node), asVoter: random.oneIn(2))
        case 1: return .promote(node)
        case 2: return .demote(node)
        case 3: return .remove(node)
        case 4: return .setVoters(all.filter { _ in random.oneIn(2) })
        default: return .update(Member(node, incarnation: 7, address: "a"))
        }
    }

    @Test(arguments: 0..<100) func `neighbouring memberships never decide apart`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var configuration = Configuration(voters: Array(all.prefix(1 + random.below(5))))
        for _ in 0..<40 {
            let next: Configuration
            if configuration.isJoint {
                next = configuration.leavingJoint()
                #expect(next.incoming == configuration.incoming && !next.isJoint)
            } else if !configuration.promoting.isEmpty, random.oneIn(2) {
                next = configuration.promotingNow(configuration.promoting)
            } else {
                let change = change(&random)
                guard
                    let changed = try? configuration.applying(change, isCaughtUp: { _ in true })
                else { continue }
                next = changed
            }
            let others = quorums(next)
            #expect(!others.isEmpty, "\(next.told) can decide nothing")
            for quorum in quorums(configuration) {
                #expect(
                    others.allSatisfy { $0 & quorum != 0 }, "\(configuration.told) to \(next.told)")
            }
            // Nobody vanishes from the one list without being asked, nor is in two.
            #expect(next.learners.allSatisfy { !next.incoming.contains($0) })
            #expect(next.promoting.allSatisfy(next.learners.contains))
            #expect(next.roster.allSatisfy { next.isMember($0.id) })
            configuration = next
        }
    }

    @Test func `what is refused says why`() {
        let configuration = Configuration(
            voters: [NodeID(1), NodeID(2)], learners: [NodeID(3)],
            roster: [Member(NodeID(1), incarnation: 9)])
        func refusal(_ change: MembershipChange, isCaughtUp: Bool = true) -> MembershipRefusal? {
            do throws(MembershipRefusal) {
                _ = try configuration.applying(change) { _ in isCaughtUp }
                return nil
            } catch { return error }
        }
        let long = String(repeating: "x", count: Member.maxAddressBytes + 1)
        #expect(refusal(.add(Member(NodeID(3)), asVoter: true)) == .alreadyMember(NodeID(3)))
        #expect(refusal(.add(Member(NodeID(0)), asVoter: true)) == .malformed(NodeID(0)))
        #expect(
            refusal(.add(Member(NodeID(4), address: long), asVoter: false)) == .malformed(NodeID(4))
        )
        #expect(refusal(.remove(NodeID(7))) == .unknownMember(NodeID(7)))
        #expect(refusal(.promote(NodeID(1))) == .wrongKind(NodeID(1)))
        #expect(refusal(.demote(NodeID(3))) == .wrongKind(NodeID(3)))
        #expect(refusal(.setVoters([])) == .lastVoter)
        #expect(refusal(.setVoters([NodeID(5)])) == .unknownMember(NodeID(5)))
        #expect(refusal(.setVoters([NodeID(3)]), isCaughtUp: false) == .notCaughtUp(NodeID(3)))
        #expect(
            refusal(.update(Member(NodeID(1), incarnation: 8))) == .otherIncarnation(NodeID(1)))
        #expect(refusal(.update(Member(NodeID(1), incarnation: 9, priority: 3))) == nil)
        let single = Configuration(voters: [NodeID(1)])
        #expect(throws: MembershipRefusal.lastVoter) {
            try single.applying(.remove(NodeID(1))) { _ in true }
        }
    }
}
