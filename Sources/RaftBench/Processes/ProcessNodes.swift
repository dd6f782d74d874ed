internal import Platform
internal import Raft

/// The processes of a cluster, and a connection to each, on which it tells how it is going. Confined to its loop.
final class ProcessNodes {
    /// One node.
    struct Member {
        var process: ChildProcess?
        /// Where its clients find it, once it has said so.
        var address: Address?
        var client: NodeClient?
        /// What it has told last since it was started.
        var report: NodeReport?
        /// What it has written to its error output.
        var complaint = ""
    }

    /// Waits for something to become true of the nodes.
    private struct Watch {
        var condition: (ProcessNodes) -> Bool
        var deadline: MonotonicTime
        var then: (String?) -> Void
    }

    private static let watchNumber: UInt64 = 0
    private static let questionNumber: UInt64 = 1
    private static let pollMilliseconds = 5

    let loop: EventLoop
    private(set) var members: [Member]
    /// Takes each answer as it comes, with the place of the node that gave it.
    var onAnswer: ((Int, UInt64, NodeClient.Answer) -> Void)?
    /// Why the cluster is of no use any more.
    private(set) var failure: String?

    private let executable: String
    private let arguments: [NodeArguments]
    private var cleaner: ChildProcess?
    private var watch: Watch?
    private var hasPoll = false
    private var isClosing = false

    /// - Parameter directory: Is removed when this process is gone, if that is not done before.
    init(
        _ arguments: [NodeArguments], in directory: String, executable: String, on loop: EventLoop
    ) throws {
        self.loop = loop
        self.executable = executable
        self.arguments = arguments
        members = arguments.map { _ in Member() }
        cleaner = try ChildProcess(
            executable: executable, arguments: [NodeProcess.cleanerName, directory],
            output: .inherited, on: loop
        ) { [self] _ in look() }
        for i in arguments.indices { try start(i) }
    }

    // MARK: Processes

    /// Starts a node that does not run.
    func start(_ i: Int) throws {
        members[i] = Member()
        let words = [NodeProcess.name] + arguments[i].words
        members[i].process = try ChildProcess(
            executable: executable, arguments: words,
            output: .lines { [self] stream, line in heard(i, stream, line) }, on: loop
        ) { [self] status in ended(i, status) }
    }

    /// Sends a signal to a node.
    func signal(_ i: Int, _ signal: Signal) {
        if signal == .kill { members[i].client = nil }
        members[i].process?.signal(signal)
    }

    /// Kills all of them, the cleaner at last; `isGone` tells when they are.
    func close() {
        isClosing = true
        for i in members.indices { signal(i, .kill) }
    }

    var isGone: Bool { members.allSatisfy { $0.process == nil } }

    private func heard(_ i: Int, _ stream: ChildProcess.Stream, _ line: String) {
        guard stream == .output, line.hasPrefix(NodeProcess.readiness),
            let address = try? Address(
                parsing: String(line.dropFirst(NodeProcess.readiness.count)))
        else {
            members[i].complaint += (members[i].complaint.isEmpty ? "" : ", ") + line
            return
        }
        members[i].address = address
        NodeClient.connect(to: address, on: loop) { [self] result in
            switch result {
            case .success(let client): connected(i, client)
            case .failure(let error): fail("node \(i + 1): \(error)")
            }
        }
    }

    private func connected(_ i: Int, _ client: NodeClient) {
        members[i].client = client
        client.onAnswer = { [self] number, answer in
            if case .report(let report) = answer { members[i].report = report }
            onAnswer?(i, number, answer)
            look()
        }
        client.ask(.watch, Self.watchNumber)
    }

    private func ended(_ i: Int, _ status: ChildProcess.Status) {
        let complaint = members[i].complaint
        members[i] = Member()
        if status != .signal(Signal.kill.rawValue), !isClosing {
            fail("node \(i + 1) has ended with \(status): \(complaint)")
        }
        look()
    }

    private func fail(_ reason: String) {
        failure = failure ?? reason
        look()
    }

    // MARK: Waiting

    /// Calls `then` once, when a condition holds, or with the reason why it will not.
    func wait(
        milliseconds: Int, until condition: @escaping (ProcessNodes) -> Bool,
        then: @escaping (String?) -> Void
    ) {
        watch = Watch(
            condition: condition,
            deadline: MonotonicTime.now.advanced(byMilliseconds: milliseconds),
            then: then)
        look()
        poll()
    }

    /// Asks the nodes now and then for what they do not tell by themselves, for as long as somebody waits.
    private func poll() {
        guard watch != nil, !hasPoll else { return }
        hasPoll = true
        let next = MonotonicTime.now.advanced(byMilliseconds: Self.pollMilliseconds)
        loop.schedule(at: next) { [self] in
            hasPoll = false
            guard watch != nil else { return }
            for member in members { member.client?.ask(.report, Self.questionNumber) }
            look()
            poll()
        }
    }

    private func look() {
        guard let watch else { return }
        let isOver = MonotonicTime.now > watch.deadline
        let isMet = watch.condition(self)
        guard isMet || isOver || failure != nil && !isClosing else { return }
        self.watch = nil
        watch.then(isMet ? nil : failure ?? "too late")
    }

    /// The place of the node that leads and whose lead all others follow, all that it has committed applied.
    var settledLeader: Int? {
        let reports = members.compactMap(\.report)
        guard reports.count == members.count, let term = reports.map(\.term).max() else {
            return nil
        }
        guard let leader = reports.firstIndex(where: { $0.role == .leader && $0.term == term })
        else { return nil }
        let isSettled = reports.allSatisfy {
            $0.term == term && $0.leader == reports[leader].node
                && $0.appliedIndex >= reports[leader].commitIndex && $0.commitIndex > 0
        }
        return isSettled ? leader : nil
    }
}
