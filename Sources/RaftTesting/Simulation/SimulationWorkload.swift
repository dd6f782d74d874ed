public import RaftRuntime

/// What a simulated cluster is used for: a state machine, commands and questions for it, and what must hold.
///
/// `Simulation.run(_:workload:)` puts the machine on every node and lets clients propose and read while
/// nodes, disks, clocks and the network fail. It checks by itself that all nodes apply the same
/// commands to the same states, that equal states write equal images, that answers are the same
/// everywhere, and that each proposal's outcome is kept. The workload adds what only it can know.
///
/// Everything here must depend on its arguments and the generator alone: equal seeds give equal runs.
public protocol SimulationWorkload {
    /// The state machine under test.
    associatedtype Machine: StateMachine where Machine.Answer: Equatable
    /// What a client wants to see.
    associatedtype Query = Void
    /// What it saw.
    associatedtype View = Void

    /// An empty machine for a node.
    func makeMachine() -> Machine

    /// The command that a client proposes next, at any node; `number` counts the commands of a run from 1.
    ///
    /// - Parameter dice: The source of everything that is left to chance.
    mutating func nextCommand(_ number: Int, using dice: inout SplitMix64) -> [UInt8]

    /// What a client reads next, at any node.
    mutating func nextQuery(using dice: inout SplitMix64) -> Query

    /// What a client sees in the state of the node that serves its read.
    func view(of machine: Machine, for query: Query) -> View

    /// A client hears what became of its command. It may propose the same again with `nextCommand`.
    mutating func heard(_ number: Int, _ outcome: ProposalOutcome<Machine.Answer>)

    /// What is wrong with a state; asked after each application at each node, and after each restoring.
    func violation(in machine: Machine) -> String?

    /// What is wrong with what the clients have seen; asked at the end of a run.
    func violation(in history: SimulationHistory<Self>) -> String?
}

extension SimulationWorkload {
    /// Does nothing.
    public mutating func heard(_ number: Int, _ outcome: ProposalOutcome<Machine.Answer>) {}
    /// Finds nothing.
    public func violation(in machine: Machine) -> String? { nil }
    /// Finds nothing.
    public func violation(in history: SimulationHistory<Self>) -> String? { nil }
}

extension SimulationWorkload where Query == Void {
    /// Asks for nothing.
    public mutating func nextQuery(using dice: inout SplitMix64) {}
}

extension SimulationWorkload where View == Void {
    /// Looks at nothing.
    public func view(of machine: Machine, for query: Query) {}
}

/// What the clients of a run did and saw. Moments are numbers: what happened later has a larger one.
public struct SimulationHistory<Workload: SimulationWorkload> {
    /// A proposal.
    public struct Command {
        /// What was proposed.
        public var bytes: [UInt8]
        /// When the client asked.
        public var begun: Int
        /// When the client heard that it was done; nothing when it heard something else, or nothing.
        public var heardDone: Int?
        /// When the first node had applied it; nothing when it never took effect.
        public var applied: Int?
        /// The machine's answer, if it took effect.
        public var answer: Workload.Machine.Answer?

        /// When it had surely taken effect; nothing when it never did.
        public var ended: Int? { heardDone ?? applied }
    }

    /// A read that was served.
    public struct Read {
        /// What was asked.
        public var query: Workload.Query
        /// When the client asked.
        public var begun: Int
        /// When it was answered.
        public var ended: Int
        /// What the client saw.
        public var view: Workload.View
    }

    /// The proposals; number 1 is the first.
    public var commands: [Command] = []
    /// The reads, as they ended.
    public var reads: [Read] = []
}
