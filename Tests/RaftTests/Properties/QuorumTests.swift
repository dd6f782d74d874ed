@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// Quorums against the words of their definition (row 10, row 18).
@Suite struct QuorumTests {
    private func nodes(_ count: Int, from first: UInt64 = 1) -> [NodeID] {
        (0..<UInt64(count)).map { NodeID(first + $0) }
    }

    /// The largest value that a majority has reached: the middle one of the sorted values.
    private func naiveValue(of voters: [NodeID], _ value: (NodeID) -> Int) -> Int? {
        let sorted = voters.map(value).sorted(by: >)
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    @Test(arguments: 1...9) func `every set of voters is a quorum or it is not`(count: Int) {
        let configuration = Configuration(voters: nodes(count))
        for set in 0..<1 << count {
            let agrees = { (node: NodeID) in set >> Int(node.rawValue - 1) & 1 == 1 }
            #expect(
                configuration.hasQuorum(where: agrees) == (2 * set.nonzeroBitCount > count),
                "\(set)")
        }
    }

    @Test(arguments: 1...4) func `a joint quorum is one in each half`(count: Int) {
        for shared in 0...count {
            let outgoing = nodes(count, from: UInt64(1 + count - shared))
            let joint = Configuration(voters: nodes(count), leaving: outgoing)
            for set in 0..<1 << (2 * count) {
                let agrees = { (node: NodeID) in set >> Int(node.rawValue - 1) & 1 == 1 }
                #expect(joint.hasQuorum(where: agrees) == joint.hasNaiveQuorum(agrees))
            }
        }
    }

    @Test(arguments: 1...9) func `a quorum value is the middle of the sorted values`(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        for _ in 0..<500 {
            let values = (0...20).map { _ in random.below(6) }
            let value = { (node: NodeID) in values[Int(node.rawValue)] }
            let plain = Configuration(voters: nodes(count))
            #expect(plain.quorumValue(value) == naiveValue(of: plain.incoming, value))
            let outgoing = nodes(1 + random.below(9), from: UInt64(1 + random.below(5)))
            let joint = Configuration(voters: nodes(count), leaving: outgoing)
            let halves = [joint.incoming, joint.outgoing].compactMap { naiveValue(of: $0, value) }
            #expect(joint.quorumValue(value) == halves.min())
        }
    }

    @Test func `learners have no say, and nobody is no quorum`() {
        let configuration = Configuration(voters: nodes(3), learners: nodes(3, from: 3))
        #expect(configuration.learners == nodes(2, from: 4))
        #expect(!configuration.hasQuorum { $0.rawValue > 2 })
        #expect(configuration.quorumValue { Int($0.rawValue) } == 2)
        #expect(!Configuration(voters: []).hasQuorum { _ in true })
        #expect(Configuration(voters: []).quorumValue { _ in 1 } == nil)
    }
}
