/// The membership: who votes, and who only listens (thesis chapter 4).
///
/// While `outgoing` is not empty the configuration is joint: a decision needs a quorum of `incoming`
/// and one of `outgoing` (§4.3). All lists are sorted and hold no node twice.
public struct Configuration: Hashable, Sendable {
    /// The voters; in a joint configuration those that will remain.
    public private(set) var incoming: [NodeID]
    /// The voters that a joint configuration is leaving behind; empty otherwise.
    public private(set) var outgoing: [NodeID]
    /// Those who get every entry and have no say (§4.2.1). One that is also `outgoing` still votes, and
    /// listens only once the joint configuration is left.
    public private(set) var learners: [NodeID]
    /// The learners that are made voters as soon as they have caught up.
    public private(set) var promoting: [NodeID]
    /// What else is known of members, sorted by node.
    public private(set) var roster: [Member]

    /// Creates a membership.
    ///
    /// Sorts the lists and drops repetitions, learners that remain voters, and descriptions of those
    /// who are no members.
    public init(
        voters: [NodeID], leaving outgoing: [NodeID] = [], learners: [NodeID] = [],
        promoting: [NodeID] = [], roster: [Member] = []
    ) {
        let incoming = Self.sorted(voters)
        let learners = Self.sorted(learners.filter { !incoming.contains($0) })
        self.incoming = incoming
        self.outgoing = Self.sorted(outgoing)
        self.learners = learners
        self.promoting = Self.sorted(promoting.filter(learners.contains))
        self.roster = []
        let members = self.members
        for member in roster.sorted(by: { $0.id < $1.id })
        where member.isDescribed && members.contains(member.id)
            && self.roster.last?.id != member.id
        {
            self.roster.append(member)
        }
    }

    private static func sorted(_ nodes: [NodeID]) -> [NodeID] {
        var result: [NodeID] = []
        for node in nodes.sorted() where node != result.last { result.append(node) }
        return result
    }

    /// Whether decisions need two quorums.
    public var isJoint: Bool { !outgoing.isEmpty }

    /// Whether `node` may vote and is counted.
    public func isVoter(_ node: NodeID) -> Bool {
        incoming.contains(node) || outgoing.contains(node)
    }

    /// Whether `node` gets every entry.
    public func isMember(_ node: NodeID) -> Bool { isVoter(node) || learners.contains(node) }

    /// Every member, voters and learners, sorted.
    public var members: [NodeID] { Self.sorted(incoming + outgoing + learners) }

    /// What is known of `node`; nothing when it is no member.
    public func member(_ node: NodeID) -> Member? {
        roster.first { $0.id == node } ?? (isMember(node) ? Member(node) : nil)
    }

    /// The incarnation by which a member is known, 0 when it is not; nothing when no more is known of `node`
    /// than that it is a member, or it is none. Cheaper than `member`, for every message asks.
    public func incarnation(of node: NodeID) -> UInt64? {
        for i in roster.indices where roster[i].id == node { return roster[i].incarnation }
        return nil
    }

    /// Whether the nodes for which `agrees` holds are a quorum (in each half, when joint).
    public func hasQuorum(where agrees: (NodeID) -> Bool) -> Bool {
        Self.isMajority(of: incoming, agrees)
            && (outgoing.isEmpty || Self.isMajority(of: outgoing, agrees))
    }

    private static func isMajority(of voters: [NodeID], _ agrees: (NodeID) -> Bool) -> Bool {
        var count = 0
        for voter in voters where agrees(voter) { count += 1 }
        return count >= voters.count / 2 + 1
    }

    /// The largest value that a quorum has reached, when `value` tells what each voter has reached.
    ///
    /// - Complexity: O(*n*²) for *n* voters without an allocation; *n* is small.
    public func quorumValue<Value: Comparable>(_ value: (NodeID) -> Value) -> Value? {
        guard let first = Self.majorityValue(of: incoming, value) else { return nil }
        guard !outgoing.isEmpty, let second = Self.majorityValue(of: outgoing, value) else {
            return first
        }
        return min(first, second)
    }

    private static func majorityValue<Value: Comparable>(
        of voters: [NodeID], _ value: (NodeID) -> Value
    ) -> Value? {
        let quorum = voters.count / 2 + 1
        var best: Value?
        for voter in voters {
            let candidate = value(voter)
            if let best, candidate <= best { continue }
            var count = 0
            for other in voters where value(other) >= candidate { count += 1 }
            if count >= quorum { best = candidate }
        }
        return best
    }
}
