internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting
internal import RaftTransport
internal import Testing

/// What is there; for values that mutating calls give, which `#require` cannot hold.
func found<Value>(_ value: Value?) throws -> Value { try #require(value) }

/// Whole nodes joined by hand: what is sent arrives in the next step, in order, unless a node is cut
/// off; disks are simulated, and time passes ten milliseconds a step.
struct LoopCluster<Machine: StateMachine> {
    typealias Node = NodeLoop<Machine, SimulatedFileSystem, Outside, Outside>

    /// Keeps what one node sends and the jobs that it starts.
    final class Outside: Network, Background {
        typealias Files = SimulatedFileSystem
        typealias Image = Machine.Image

        var sent: [(to: NodeID, envelope: Envelope)] = []
        var jobs: [BackgroundJob<SimulatedFileSystem, Machine.Image>] = []

        func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
            sent.append((peer, envelope))
            return true
        }

        func start(_ job: BackgroundJob<SimulatedFileSystem, Machine.Image>) { jobs.append(job) }
    }

    /// A node that runs.
    final class Member {
        var node: Node
        let outside: Outside
        let files: SimulatedFileSystem

        init(_ node: consuming Node, _ outside: Outside, _ files: SimulatedFileSystem) {
            self.node = node
            self.outside = outside
            self.files = files
        }
    }

    private(set) var members: [Member] = []
    /// Nodes whose messages, both ways, are lost.
    var cutOff: [NodeID] = []
    /// Nodes whose syncs do not end.
    var hanging: [NodeID] = []
    /// Nodes whose work on snapshots does not end.
    var holdingSnapshots: [NodeID] = []
    /// Where the pieces of snapshots began that have come to each node.
    var pieces: [NodeID: [UInt64]] = [:]
    private(set) var completions: [NodeID: [Completion<Machine.Answer>]] = [:]
    private(set) var notices: [NodeID: [NodeNotice]] = [:]
    private let settings: NodeSettings
    private var nanoseconds: UInt64 = 0
    /// The time of the last step.
    var now: Instant { Instant(nanoseconds: nanoseconds) }
    private var seed: UInt64 = 0
    private let repair: NodeStart.Repair

    /// Starts as many nodes, each with a machine of its own.
    ///
    /// - Parameter pins: Whether the founding membership names the incarnations of all.
    init(
        voters: Int, settings: NodeSettings = NodeSettings(), pins: Bool = false,
        repair: NodeStart.Repair = .refuse, _ machine: () -> Machine
    ) throws {
        self.settings = settings
        self.repair = repair
        let roster = (1...UInt64(voters)).map { id in
            // The first number from a node's seed becomes its incarnation.
            var random = SplitMix64(seed: id)
            return Raft.Member(NodeID(id), incarnation: random.next())
        }
        let configuration = Configuration(
            voters: roster.map(\.id), roster: pins ? roster : [])
        for id in 1...voters {
            let files = SimulatedFileSystem()
            members.append(
                try start(
                    NodeID(UInt64(id)), configuration, on: files, machine: machine()))
        }
    }

    /// Starts one more node, which knows of no members; its name is the next number.
    mutating func join(machine: consuming Machine) throws -> NodeID {
        let id = NodeID(UInt64(members.count + 1))
        let member = try start(
            id, Configuration(voters: []), on: SimulatedFileSystem(), machine: machine)
        members.append(member)
        return id
    }

    private mutating func start(
        _ id: NodeID, _ configuration: Configuration, on files: SimulatedFileSystem,
        machine: consuming Machine
    ) throws -> Member {
        let outside = Outside()
        seed += 1
        var start = NodeStart(
            directory: "/data", cluster: "test", node: id, initialConfiguration: configuration,
            seed: seed)
        start.repair = repair
        start.peers = members.map { $0.node.identity.node }
        var node = try Node(
            start, machine: machine, files: files, logSettings: LogSettings(segmentBytes: 64 << 10),
            network: outside, background: outside, settings: settings,
            at: Instant(nanoseconds: nanoseconds))
        node.start()
        return Member(node, outside, files)
    }

    subscript(id: NodeID) -> Node {
        _read { yield members[Int(id.rawValue) - 1].node }
        _modify { yield &members[Int(id.rawValue) - 1].node }
    }

    /// What a node has sent and started.
    func outside(_ id: NodeID) -> Outside { members[Int(id.rawValue) - 1].outside }

    /// Ends a node's process as a power failure would, and starts it again.
    ///
    /// - Parameter meddle: Does something to its disk in between.
    mutating func restart(
        _ id: NodeID, machine: consuming Machine,
        meddle: (SimulatedFileSystem) throws -> Void = { _ in }
    ) throws {
        let files = members[Int(id.rawValue) - 1].files
        files.crashKeepingNothing()
        try meddle(files)
        // Whatever it is told now, it goes by what its directory holds.
        members[Int(id.rawValue) - 1] = try start(
            id, Configuration(voters: [id]), on: files, machine: machine)
    }

    /// Ends a node's process and starts it with an empty disk.
    mutating func wipe(
        _ id: NodeID, believing configuration: Configuration, machine: consuming Machine
    ) throws {
        members[Int(id.rawValue) - 1] = try start(
            id, configuration, on: SimulatedFileSystem(), machine: machine)
    }

    /// The leader of the newest term, if one leads.
    var leader: NodeID? {
        members.filter { $0.node.core.roleName == .leader }
            .max { $0.node.core.term < $1.node.core.term }?.node.identity.node
    }

    /// Lets ten milliseconds pass everywhere.
    mutating func step() {
        nanoseconds += 10_000_000
        for i in members.indices {
            let outside = members[i].outside
            let from = members[i].node.identity.node
            let sent = outside.sent
            outside.sent = []
            for (to, envelope) in sent
            where !cutOff.contains(from) && !cutOff.contains(to) && to.rawValue <= members.count {
                if case .raft(let message, _) = envelope,
                    case .snapshotPart(let part) = message.body
                {
                    pieces[to, default: []].append(part.offset)
                }
                self[to].receive(
                    envelope, from: from, incarnation: members[i].node.identity.incarnation)
            }
        }
        for i in members.indices {
            let outside = members[i].outside
            let jobs = outside.jobs
            outside.jobs = []
            if hanging.contains(members[i].node.identity.node) {
                outside.jobs = jobs
            } else {
                let isHolding = holdingSnapshots.contains(members[i].node.identity.node)
                outside.jobs = jobs.filter { isHolding && $0.lane == .snapshot }
                for job in jobs where !isHolding || job.lane == .sync {
                    members[i].node.finished(job.perform())
                }
            }
            members[i].node.turn(
                at: Instant(nanoseconds: nanoseconds),
                wallMilliseconds: 1_000_000 + nanoseconds / 1_000_000)
            completions[members[i].node.identity.node, default: []] += members[i].node
                .takeCompletions()
            notices[members[i].node.identity.node, default: []] += members[i].node.takeNotices()
        }
    }

    /// Lets one node turn alone, so many milliseconds later, and loses what the others sent meanwhile.
    mutating func turnAlone(_ id: NodeID, after milliseconds: Int) {
        nanoseconds += UInt64(milliseconds) * 1_000_000
        self[id].turn(
            at: Instant(nanoseconds: nanoseconds),
            wallMilliseconds: 1_000_000 + nanoseconds / 1_000_000)
    }

    /// Takes away what a node has sent and nobody has received yet.
    @discardableResult
    func takeSent(of id: NodeID) -> [Envelope] {
        let outside = members[Int(id.rawValue) - 1].outside
        defer { outside.sent = [] }
        return outside.sent.map(\.envelope)
    }

    /// Steps until a condition holds; whether it came to hold within a minute.
    mutating func run(until condition: (Self) -> Bool) -> Bool {
        for _ in 0..<6000 {
            if condition(self) { return true }
            step()
        }
        return false
    }

    /// Steps until a node leads whom all that are not cut off follow, and has committed in its term.
    mutating func elect() -> NodeID? {
        _ = run { cluster in
            guard let leader = cluster.leader, !cluster.cutOff.contains(leader) else {
                return false
            }
            let core = cluster[leader].core
            guard core.log.term(at: core.commitIndex) == core.term else { return false }
            return cluster.members.allSatisfy {
                cluster.cutOff.contains($0.node.identity.node) || $0.node.core.leader == leader
            }
        }
        return leader
    }

    /// Asks a node for another membership, and steps until the outcome is there.
    mutating func change(_ change: MembershipChange, at id: NodeID) -> MembershipOutcome? {
        let ticket = self[id].changeMembership(change)
        var outcome: MembershipOutcome?
        _ = run { cluster in
            for case .membership(ticket, let found) in cluster.completions[id] ?? [] {
                outcome = found
            }
            return outcome != nil
        }
        return outcome
    }

    /// Asks a node to hand over, and steps until the outcome is there.
    mutating func transfer(from id: NodeID, to target: NodeID?) -> TransferOutcome? {
        let ticket = self[id].transferLeadership(to: target)
        var outcome: TransferOutcome?
        _ = run { cluster in
            for case .transfer(ticket, let found) in cluster.completions[id] ?? [] {
                outcome = found
            }
            return outcome != nil
        }
        return outcome
    }

    /// Proposes at a node, and steps until the outcome is there.
    mutating func propose(
        _ command: [UInt8], at id: NodeID
    ) -> ProposalOutcome<Machine.Answer>? {
        let proposal = self[id].propose(command.span)
        var outcome: ProposalOutcome<Machine.Answer>?
        _ = run { cluster in
            for case .proposal(proposal, let found) in cluster.completions[id] ?? [] {
                outcome = found
            }
            return outcome != nil
        }
        return outcome
    }
}
