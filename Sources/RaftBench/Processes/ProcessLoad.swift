internal import Platform

/// As many clients as requests are to be outstanding, each with a connection of its own and one request at a time.
/// Confined to its loop.
final class ProcessLoad {
    private struct Client {
        var connection: NodeClient
        var since = MonotonicTime.now
    }

    private let address: Address
    private let loop: EventLoop
    private var clients: [Client] = []
    private var connecting = 0
    private var load: Load?
    private var question = ClientQuestion.propose
    private var command: [UInt8] = []
    private var start = MonotonicTime.now
    private var outcome = LoadOutcome()
    private var waiting = 0
    private var then: ((LoadOutcome) -> Void)?

    init(at address: Address, on loop: EventLoop) {
        self.address = address
        self.loop = loop
    }

    /// Carries a load; `then` is called once, at the end. Clients stay for the next one, if it has as many.
    func run(_ load: Load, _ question: ClientQuestion, then: @escaping (LoadOutcome) -> Void) {
        self.load = load
        self.question = question
        self.then = then
        command = (0..<load.entryBytes).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        outcome = LoadOutcome()
        guard clients.count != load.outstanding else { return begin() }
        connecting = load.outstanding - clients.count
        for _ in 0..<connecting {
            NodeClient.connect(to: address, on: loop) { [self] in connected($0) }
        }
    }

    private func connected(_ result: Result<NodeClient, SystemError>) {
        connecting -= 1
        switch result {
        case .success(let client):
            let place = clients.count
            clients.append(Client(connection: client))
            client.onAnswer = { [unowned self] _, answer in end(place, answer) }
            client.onClose = { [weak self] reason in
                self?.give(up: "a client was cut off: \(reason)")
            }
        case .failure(let error): outcome.failure = outcome.failure ?? "\(error)"
        }
        guard connecting == 0 else { return }
        if outcome.failure == nil { begin() } else { finish() }
    }

    private func begin() {
        start = .now
        for place in clients.indices { ask(place) }
    }

    private var isOver: Bool {
        guard let load, outcome.failure == nil else { return true }
        switch load.goal {
        case .entries(let count): return outcome.ended + waiting >= count
        case .seconds(let seconds):
            return loop.turnTime.nanoseconds(since: start) > UInt64(seconds * 1e9)
        case .told(let isOver): return isOver.withLock { $0 }
        }
    }

    private func ask(_ place: Int) {
        guard !isOver else { return }
        waiting += 1
        clients[place].since = .now
        clients[place].connection.ask(question, UInt64(place), command)
    }

    private func end(_ place: Int, _ answer: NodeClient.Answer) {
        waiting -= 1
        if case .done = answer {
            outcome.latencies.record(MonotonicTime.now.nanoseconds(since: clients[place].since))
            outcome.ended += 1
        } else {
            outcome.failure = outcome.failure ?? "a request was not done: \(answer)"
        }
        ask(place)
        if waiting == 0 { finish() }
    }

    private func give(up reason: String) {
        outcome.failure = outcome.failure ?? reason
        finish()
    }

    private func finish() {
        guard let then else { return }
        self.then = nil
        then(outcome)
    }
}
