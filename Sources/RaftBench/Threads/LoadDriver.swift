internal import Platform
internal import RaftRuntime

/// So many requests outstanding, until so many have ended or for so long.
struct Load: Sendable {
    enum Goal: Sendable {
        case entries(Int)
        case seconds(Double)
        /// Until somebody says so.
        case told(Guarded<Bool>)
    }

    /// Reads, or entries of so many bytes.
    var isRead: Bool
    var outstanding: Int
    var entryBytes: Int
    var goal: Goal
    /// For a table (`TableMachine`): each command goes to one of so many keys.
    var keys: Int?
    /// A request each so often, whatever has ended, instead of one for each that has ended; `outstanding` is then
    /// the most that may wait.
    var intervalNanoseconds: UInt64?
}

/// What came of a load.
struct LoadOutcome: Sendable {
    var latencies = Latencies()
    var ended = 0
    /// Why it was given up.
    var failure: String?
}

/// Keeps requests outstanding at a node: for each that has ended it makes another. Confined to the node's thread.
final class LoadDriver {
    private let load: Load
    private let node: any BenchNode
    private var command: [UInt8]
    private var random = SplitMix64(seed: 1)
    private let start = MonotonicTime.now
    private var outcome: LoadOutcome
    private var waiting = 0
    private var then: ((LoadOutcome) -> Void)?

    init(_ load: Load, at node: any BenchNode) {
        self.load = load
        self.node = node
        command = (0..<load.entryBytes).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        outcome = LoadOutcome()
    }

    /// Begins; `then` is called once, at the end.
    func run(then: @escaping (LoadOutcome) -> Void) {
        self.then = then
        if load.intervalNanoseconds != nil { return tick() }
        for _ in 0..<load.outstanding { ask() }
    }

    private func tick() {
        guard let interval = load.intervalNanoseconds, !isOver else { return finishIfOver() }
        node.loop.schedule(at: node.loop.turnTime.advanced(byNanoseconds: interval)) { [self] in
            tick()
        }
        if waiting < load.outstanding { ask() }
    }

    private var isOver: Bool {
        if outcome.failure != nil { return true }
        switch load.goal {
        case .entries(let count): return outcome.ended + waiting >= count
        case .seconds(let seconds):
            return MonotonicTime.now.nanoseconds(since: start) > UInt64(seconds * 1e9)
        case .told(let isOver): return isOver.withLock { $0 }
        }
    }

    private func ask() {
        guard !isOver else { return }
        let since = MonotonicTime.now
        waiting += 1
        if load.isRead {
            node.read { [self] result in
                end(result == .ready, "\(result)", since)
            }
        } else {
            if let keys = load.keys { choose(UInt64.random(in: 0..<UInt64(keys), using: &random)) }
            node.propose(command, for: self, since: since)
        }
    }

    /// Takes in what became of a proposal.
    func proposalEnded(_ result: ProposalOutcome<UInt64>, _ since: MonotonicTime) {
        if case .done = result {
            end(true, "", since)
        } else {
            end(false, "\(result)", since)
        }
    }

    private func end(
        _ isDone: Bool, _ reason: @autoclosure () -> String, _ since: MonotonicTime
    ) {
        waiting -= 1
        if isDone {
            outcome.latencies.record(MonotonicTime.now.nanoseconds(since: since))
            outcome.ended += 1
        } else {
            outcome.failure = "a request was not done: \(reason())"
        }
        if load.intervalNanoseconds == nil { ask() }
        finishIfOver()
    }

    private func choose(_ key: UInt64) {
        for i in 0..<min(8, command.count) {
            command[i] = UInt8(truncatingIfNeeded: key >> (8 * UInt64(i)))
        }
    }

    private func finishIfOver() {
        guard waiting == 0, isOver, let then else { return }
        self.then = nil
        then(outcome)
    }
}
