package import Raft

/// What of the endless possibilities an exploration takes in: how a cluster begins, what may happen to
/// it, and how often.
package struct ExplorationPreset: Sendable {
    /// What may happen only so often; what remains of each is a part of the state.
    package enum Spending: Int, CaseIterable, Sendable {
        /// A node's random wait ends: it campaigns.
        case campaigns
        /// A leader's heartbeat timer runs out.
        case heartbeats
        /// A leader looks whether it hears a quorum.
        case quorumChecks
        case proposals
        case reads
        case crashes
        /// A message is lost; those that find their link full, or their receiver down, are not counted.
        case losses
        /// A message arrives and stays on its way.
        case duplicates
        case compactions
        /// A node hears that another one's process has closed their connection.
        case closes
        /// A leader is asked for one of `changes`.
        case changes
        /// A leader is asked to hand over to somebody.
        case transfers
        /// A node that is down comes back without its disk, as another one.
        case wipes
        /// A disk begins to hang, or works again.
        case stalls
    }

    /// What a network does with messages.
    package enum Network: Sendable {
        /// Those of one link arrive in the order in which they were sent, as over TCP.
        case ordered
        /// They arrive in any order.
        case unordered
    }

    package var name: String
    /// What it is for, in a line or two.
    package var summary: String
    /// The story's first line, as in a scenario: how many nodes, and the settings.
    package var nodes: String
    /// The commands of a scenario that come before everything that is explored.
    package var opening: [String] = []
    /// How often what may happen; what is not named never does.
    package var spending: [Spending: Int]
    /// No node campaigns that has reached this term.
    package var maxTerm: UInt64
    /// The memberships that leaders may be asked for.
    package var changes: [MembershipChange] = []
    package var network = Network.ordered
    /// A link holds so many messages; what does not fit is lost.
    package var linkCapacity = 2
    /// Whether every write is durable at once. Otherwise it is when somebody says so, and crashes lose
    /// what was not.
    package var syncsAtOnce = true
    /// Whether the loss of the leader and the campaign are one event: enough where nobody asks whether
    /// a voter still hears a leader.
    package var campaignsAtOnce = false
    /// Groups of nodes that are alike: states that differ only in their names are one. Nothing may choose
    /// by name between them.
    package var alike: [[UInt64]]
    /// Whether it is one of those that every change has to pass.
    package var isForEveryChange = true

    /// Describes an exploration.
    package init(
        name: String, summary: String, nodes: String, spending: [Spending: Int], maxTerm: UInt64,
        alike: [[UInt64]] = [[1, 2, 3]]
    ) {
        self.name = name
        self.summary = summary
        self.nodes = nodes
        self.spending = spending
        self.maxTerm = maxTerm
        self.alike = alike
    }

    /// Takes another bound, as `proposals=2`, `link=1` or `terms=3`.
    ///
    /// - Returns: Whether it makes sense.
    package mutating func setBound(_ text: String) -> Bool {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let number = Int(parts[1]), (0...15).contains(number) else {
            return false
        }
        switch parts[0] {
        case "link": linkCapacity = number
        case "terms": maxTerm = UInt64(number)
        default:
            let kind = Spending.allCases.first { "\($0)" == parts[0] }
            guard let kind else { return false }
            spending[kind] = number
        }
        return true
    }

    /// The bounds in one line.
    package var bounds: String {
        var words = ["terms ≤ \(maxTerm)"]
        for kind in Spending.allCases {
            if let count = spending[kind], count > 0 { words.append("\(kind) \(count)") }
        }
        words.append("\(linkCapacity) messages a link, \(network)")
        words.append(syncsAtOnce ? "disks at once" : "disks late")
        return words.joined(separator: ", ")
    }
}

/// How much of each may still happen, in four bits each.
struct Allowance: Hashable {
    var rawValue: UInt64 = 0

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ spending: [ExplorationPreset.Spending: Int]) {
        for kind in ExplorationPreset.Spending.allCases {
            let count = min(15, max(0, spending[kind] ?? 0))
            rawValue |= UInt64(count) << UInt64(4 * kind.rawValue)
        }
    }

    subscript(kind: ExplorationPreset.Spending) -> UInt64 {
        rawValue >> UInt64(4 * kind.rawValue) & 15
    }

    /// What is left after one of these has happened.
    func spending(_ kind: ExplorationPreset.Spending?) -> Allowance {
        guard let kind else { return self }
        return Allowance(rawValue: rawValue - (1 << UInt64(4 * kind.rawValue)))
    }

    func allows(_ kind: ExplorationPreset.Spending?) -> Bool {
        guard let kind else { return true }
        return self[kind] > 0
    }
}
