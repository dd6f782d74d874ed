internal import Raft

/// Which node can send to which: a graph over the directed links of a cluster.
struct LinkGraph: Hashable {
    let count: Int
    /// By link, `from * count + to`.
    private var open: [Bool]

    /// All can send to all.
    init(nodes count: Int) {
        self.count = count
        open = Array(repeating: true, count: count * count)
    }

    /// The graph with the given number: bit by bit, whether a link is cut. For three nodes there are 64.
    init(nodes count: Int, number: UInt64) {
        self.init(nodes: count)
        var bits = number
        for link in open.indices where link / count != link % count {
            open[link] = bits & 1 == 0
            bits >>= 1
        }
    }

    /// Only the given pairs can talk, both ways.
    init(nodes count: Int, pairs: [(Int, Int)]) {
        self.init(nodes: count)
        for link in open.indices { open[link] = link / count == link % count }
        for (one, other) in pairs {
            open[one * count + other] = true
            open[other * count + one] = true
        }
    }

    /// Each node talks with two neighbours.
    static func ring(_ order: [Int]) -> LinkGraph {
        let pairs = order.indices.map { (order[$0], order[($0 + 1) % order.count]) }
        return LinkGraph(nodes: order.count, pairs: pairs)
    }

    /// A ring with a gap.
    static func chain(_ order: [Int]) -> LinkGraph {
        LinkGraph(nodes: order.count, pairs: Array(zip(order, order.dropFirst())))
    }

    /// All talk with the first alone.
    static func star(_ order: [Int]) -> LinkGraph {
        LinkGraph(nodes: order.count, pairs: order.dropFirst().map { (order[0], $0) })
    }

    /// Two groups, and the first node, which can talk with both.
    static func bridge(_ order: [Int], border: Int) -> LinkGraph {
        var pairs: [(Int, Int)] = []
        for group in [order[..<border], order[border...]] {
            let members = [order[0]] + group.filter { $0 != order[0] }
            for (i, one) in members.enumerated() {
                pairs += members[(i + 1)...].map { (one, $0) }
            }
        }
        return LinkGraph(nodes: order.count, pairs: pairs)
    }

    func isOpen(_ from: Int, _ to: Int) -> Bool { open[from * count + to] }

    /// Whether both can send to the other.
    func talk(_ one: Int, _ other: Int) -> Bool { isOpen(one, other) && isOpen(other, one) }

    /// The links that are cut.
    var cuts: [Int] { open.indices.filter { !open[$0] } }

    mutating func cut(_ from: Int, _ to: Int) { open[from * count + to] = from == to }

    /// Whether some quorum of the nodes all talk with one another.
    ///
    /// Then a leader is certain without healing, whatever the other links do: within that quorum the node with
    /// the newest log can win, and whoever leads with check-quorum and pre-votes cannot be deposed by those
    /// who do not hear it. Of the 64 graphs of three nodes that are 37: all in which one pair talks. Bridges
    /// between two halves of five are among them; rings, chains and stars of four and more nodes are not: there
    /// the node that could be heard by a quorum may lack an entry, and the one that has it may be a leaf.
    var hasTalkingQuorum: Bool {
        Self.hasTalkingQuorum(among: Array(0..<count), of: count / 2 + 1) { talk($0, $1) }
    }

    /// Whether so many of the nodes all talk with one another.
    static func hasTalkingQuorum(
        among nodes: [Int], of quorum: Int, talk: (Int, Int) -> Bool
    ) -> Bool {
        (0..<1 << nodes.count).contains { set in
            let members = nodes.indices.filter { set & 1 << $0 != 0 }.map { nodes[$0] }
            guard members.count == quorum else { return false }
            return members.allSatisfy { one in
                members.allSatisfy { $0 == one || talk(one, $0) }
            }
        }
    }
}
