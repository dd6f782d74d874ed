internal import Raft
internal import RaftRuntime
internal import RaftStorage

/// A workload's state machine on a simulated node, of whatever type.
protocol WorkloadState {
    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> any Sendable
    func image() -> any SnapshotImage
    /// Goes on from an image of this machine, or from what one wrote.
    mutating func restore(_ image: any SnapshotImage)
}

/// A workload in a run, of whatever type: hands out machines and commands, and keeps the history.
protocol AnyWorkloadRun: AnyObject {
    /// What was found to be wrong with a state.
    var violation: String? { get }
    func makeState() -> any WorkloadState
    func beginCommand(_ number: Int, using dice: inout SplitMix64) -> [UInt8]
    func beginRead(_ number: Int, using dice: inout SplitMix64)
    /// The first node has applied a command.
    func applied(_ number: Int, _ answer: any Sendable)
    /// Another node has too: whether its answer is the same.
    func isSameAnswer(_ number: Int, _ answer: any Sendable) -> Bool
    func ended(_ number: Int, _ outcome: ProposalOutcome<LedgerAnswer>)
    func ended(read number: Int, at state: any WorkloadState)
    /// What is wrong with the whole history.
    func finish() -> String?
}

/// Confined to the simulation's thread.
final class WorkloadRun<Workload: SimulationWorkload>: AnyWorkloadRun {
    /// A machine, and the run that it belongs to, which hears of violations in its state.
    struct State: WorkloadState {
        var machine: Workload.Machine
        let run: WorkloadRun

        mutating func apply(
            _ command: Span<UInt8>, at position: LogPosition
        ) throws -> any Sendable {
            let answer = try machine.apply(command, at: position)
            run.check(machine)
            return answer
        }

        func image() -> any SnapshotImage { machine.image() }

        mutating func restore(_ image: any SnapshotImage) {
            do {
                if let unread = image as? UnreadImage {
                    try machine.restore(from: unread.bytes.span)
                } else if let image = image as? Workload.Machine.Image {
                    machine.restore(image)
                }
                run.check(machine)
            } catch { run.note("what the machine's image wrote cannot be read: \(error)") }
        }
    }

    private(set) var workload: Workload
    private(set) var history = SimulationHistory<Workload>()
    /// The reads that have begun, by number.
    private var queries: [(query: Workload.Query, begun: Int)?] = []
    private var moment = 0
    private(set) var violation: String?

    init(_ workload: Workload) { self.workload = workload }

    func makeState() -> any WorkloadState {
        State(machine: workload.makeMachine(), run: self)
    }

    private func note(_ found: String) {
        if violation == nil { violation = found }
    }

    private func check(_ machine: Workload.Machine) {
        if violation == nil { violation = workload.violation(in: machine) }
    }

    private func tick() -> Int {
        moment += 1
        return moment
    }

    func beginCommand(_ number: Int, using dice: inout SplitMix64) -> [UInt8] {
        let bytes = workload.nextCommand(number, using: &dice)
        history.commands.append(SimulationHistory.Command(bytes: bytes, begun: tick()))
        return bytes
    }

    func beginRead(_ number: Int, using dice: inout SplitMix64) {
        queries.append((workload.nextQuery(using: &dice), tick()))
    }

    func applied(_ number: Int, _ answer: any Sendable) {
        history.commands[number - 1].applied = tick()
        history.commands[number - 1].answer = answer as? Workload.Machine.Answer
    }

    func isSameAnswer(_ number: Int, _ answer: any Sendable) -> Bool {
        history.commands[number - 1].answer == answer as? Workload.Machine.Answer
    }

    func ended(_ number: Int, _ outcome: ProposalOutcome<LedgerAnswer>) {
        switch outcome {
        case .done(let answer, let position):
            history.commands[number - 1].heardDone = tick()
            guard let inner = answer.inner as? Workload.Machine.Answer else { return }
            workload.heard(number, .done(inner, at: position))
        case .notDone(let reason): workload.heard(number, .notDone(reason))
        case .unknown(let reason): workload.heard(number, .unknown(reason))
        }
    }

    func ended(read number: Int, at state: any WorkloadState) {
        guard let (query, begun) = queries[number], let state = state as? State else { return }
        queries[number] = nil
        let view = workload.view(of: state.machine, for: query)
        history.reads.append(
            SimulationHistory.Read(query: query, begun: begun, ended: tick(), view: view))
    }

    func finish() -> String? { workload.violation(in: history) }
}
