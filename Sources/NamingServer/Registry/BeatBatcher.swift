internal import Naming
internal import Platform
internal import RaftHost
internal import RaftRuntime

/// Gathers beats for a short while and commits them together: one small entry for all that beat at this
/// node in the meantime. A batch that the cluster did not take goes into the next.
final class BeatBatcher {
    /// How long the first beat of a batch waits for others.
    static let gatherMilliseconds = 50
    /// How long a batch that failed waits.
    static let retryMilliseconds = 200

    private let host: NodeHost<RegistryMachine>
    private let loop: EventLoop
    private var waiting: Set<InstanceNumber> = []
    private var isScheduled = false
    private var isUnderWay = false

    init(host: NodeHost<RegistryMachine>, on loop: EventLoop) {
        self.host = host
        self.loop = loop
    }

    func add(_ number: InstanceNumber) {
        waiting.insert(number)
        schedule(after: Self.gatherMilliseconds)
    }

    private func schedule(after milliseconds: Int) {
        guard !isScheduled, !isUnderWay, !waiting.isEmpty else { return }
        isScheduled = true
        loop.schedule(at: MonotonicTime.now.advanced(byMilliseconds: milliseconds)) { [weak self] in
            self?.send()
        }
    }

    private func send() {
        isScheduled = false
        isUnderWay = true
        let batch = BeatBatch(waiting.prefix(Limits.maxBeats))
        for number in batch.numbers { waiting.remove(number) }
        host.propose(Command.beats(batch).encoded().span) { [weak self] outcome in
            self?.ended(batch, outcome)
        }
    }

    private func ended(_ batch: BeatBatch, _ outcome: ProposalOutcome<Answer>) {
        isUnderWay = false
        if case .done = outcome {
            schedule(after: Self.gatherMilliseconds)
        } else {
            // To beat twice does no harm; what is no longer registered is passed over when applied.
            waiting.formUnion(batch.numbers)
            schedule(after: Self.retryMilliseconds)
        }
    }
}
