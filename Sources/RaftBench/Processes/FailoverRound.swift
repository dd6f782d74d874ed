internal import Platform
internal import Raft

/// What came of one fault.
struct FailoverOutcome: Sendable {
    /// The place of the one that led.
    var victim: Int
    /// From the fault until a node said that it leads, and until a client had a proposal committed.
    var ledNanoseconds: UInt64
    var committedNanoseconds: UInt64
    /// By how many terms it went on.
    var terms: UInt64
    /// Who took which part when.
    var story: [String]
}

/// Stops the leader and looks how long it takes until something is committed again. Confined to its loop.
///
/// Every node tells each change of its part on a connection that is there already. As soon as one says that it leads,
/// it gets a proposal: no time is lost by asking in vain.
final class FailoverRound {
    private let fault: FailoverBench.Fault
    private let nodes: ProcessNodes
    private let patienceMilliseconds: Int
    private var victim = 0
    private var term = Term.zero
    private var start = MonotonicTime.now
    private var led: NodeReport?
    private var story: [String] = []
    private var timer: TimerHandle?
    private var then: ((Result<FailoverOutcome, BenchError>) -> Void)?

    private static let proposalNumber: UInt64 = 2
    /// What a refused proposal waits for before the next.
    private static let retryMilliseconds = 1

    init(_ fault: FailoverBench.Fault, _ nodes: ProcessNodes, patienceMilliseconds: Int) {
        self.fault = fault
        self.nodes = nodes
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// Does it; `then` is called once, later, on the loop.
    func run(then: @escaping (Result<FailoverOutcome, BenchError>) -> Void) {
        self.then = then
        guard let victim = nodes.settledLeader, let term = nodes.members[victim].report?.term else {
            return finish(.failure(BenchError("no leader to put an end to")))
        }
        self.victim = victim
        self.term = term
        nodes.onAnswer = { [self] place, number, answer in take(answer, number, from: place) }
        let limit = MonotonicTime.now.advanced(byMilliseconds: patienceMilliseconds)
        timer = nodes.loop.schedule(at: limit) { [self] in
            finish(.failure(BenchError("no leader for so long: \(story)")))
        }
        start = .now
        nodes.signal(victim, fault == .kill ? .kill : .stop)
    }

    private func take(_ answer: NodeClient.Answer, _ number: UInt64, from place: Int) {
        switch answer {
        case .report(let report):
            story.append(
                "\(milliseconds(report.time)) ms: node \(report.node) \(report.role), term \(report.term)"
            )
            guard report.role == .leader, report.term > term, place != victim else { return }
            led = led ?? report
            propose(at: place)
        case .done where number == Self.proposalNumber: committed()
        case .failed(let reason) where number == Self.proposalNumber:
            story.append("\(milliseconds(MonotonicTime.now.nanoseconds)) ms: refused, \(reason)")
            let next = MonotonicTime.now.advanced(byMilliseconds: Self.retryMilliseconds)
            nodes.loop.schedule(at: next) { [self] in if then != nil { propose(at: place) } }
        case .done, .failed: break
        }
    }

    private func milliseconds(_ time: UInt64) -> String {
        BenchReport.figure((Double(time) - Double(start.nanoseconds)) / 1e6)
    }

    private func propose(at place: Int) {
        nodes.members[place].client?.ask(.propose, Self.proposalNumber, [1])
    }

    private func committed() {
        guard let led else { return }
        let end = MonotonicTime.now
        story.append("\(milliseconds(end.nanoseconds)) ms: committed")
        finish(
            .success(
                FailoverOutcome(
                    victim: victim,
                    ledNanoseconds: MonotonicTime(nanoseconds: led.time).nanoseconds(since: start),
                    committedNanoseconds: end.nanoseconds(since: start),
                    terms: led.term.rawValue - term.rawValue, story: story)))
    }

    private func finish(_ result: Result<FailoverOutcome, BenchError>) {
        guard let then else { return }
        self.then = nil
        if let timer { nodes.loop.cancel(timer) }
        nodes.onAnswer = nil
        then(result)
    }
}
