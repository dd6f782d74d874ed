internal import Platform
internal import Raft
internal import RaftRuntime

/// The way from tasks to a node's loop. Requests gather in a list; the loop is woken once for all that
/// have come since it last looked.
final class Inbox<Machine: StateMachine>: Sendable where Machine: Sendable {
    enum Request: Sendable {
        case propose(
            [UInt8], CheckedContinuation<ProposalOutcome<Machine.Answer>, Never>)
        case read(@Sendable (Result<Machine, ReadError>) -> Void)
        case change(MembershipChange, CheckedContinuation<MembershipOutcome, Never>)
        case transfer(NodeID?, CheckedContinuation<TransferOutcome, Never>)
        case snapshot(CheckedContinuation<SnapshotOutcome, Never>)
        case status(CheckedContinuation<NodeStatus?, Never>)
        case watch(AsyncStream<RoleChange>.Continuation)
        case stop(CheckedContinuation<Void, Never>)
    }

    private let requests = Guarded<[Request]>([])
    private let waker: Waker
    private let server: LoopBound<Server>

    /// Joins a host to its callers; on the loop's thread.
    init(_ host: NodeHost<Machine>, on loop: EventLoop) {
        waker = loop.waker
        server = LoopBound(Server(host), on: loop)
    }

    func add(_ request: Request) {
        let isFirst = requests.withLock { requests in
            requests.append(request)
            return requests.count == 1
        }
        guard isFirst else { return }
        let inbox = self
        // A loop that has ended takes no jobs; whoever calls then is answered here.
        if !waker.post({ inbox.serve() }) { for request in takeAll() { Self.refuse(request) } }
    }

    private func takeAll() -> [Request] {
        requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
    }

    private func serve() {
        let server = self.server.value
        for request in takeAll() { server.serve(request) }
    }

    /// Answers a request to a node that has stopped.
    private static func refuse(_ request: Request) {
        switch request {
        case .propose(_, let caller): caller.resume(returning: .notDone(.stopped))
        case .read(let caller): caller(.failure(.stopped))
        case .change(_, let caller): caller.resume(returning: .stopped)
        case .transfer(_, let caller): caller.resume(returning: .stopped)
        case .snapshot(let caller): caller.resume(returning: .stopped)
        case .status(let caller): caller.resume(returning: nil)
        case .watch(let watcher): watcher.finish()
        case .stop(let caller): caller.resume()
        }
    }

    /// The loop's side.
    final class Server {
        private let host: NodeHost<Machine>
        private var watchers: [AsyncStream<RoleChange>.Continuation] = []
        /// Those who wait for the end, once somebody has asked for it.
        private var stoppers: [CheckedContinuation<Void, Never>] = []
        private var isStopped = false

        init(_ host: NodeHost<Machine>) {
            self.host = host
            host.onNotice = { [unowned self] notice in
                guard case .roleChanged(let change) = notice else { return }
                for watcher in watchers { watcher.yield(change) }
            }
        }

        func serve(_ request: Request) {
            guard !isStopped else { return Inbox.refuse(request) }
            switch request {
            case .propose(let command, let caller):
                host.propose(command.span) { caller.resume(returning: $0) }
            case .read(let caller):
                host.read { [unowned host] outcome in
                    caller(
                        Self.error(of: outcome).map { .failure($0) } ?? .success(host.node.machine))
                }
            case .change(.add(let member, let asVoter), let caller):
                host.addMember(member, asVoter: asVoter) { caller.resume(returning: $0) }
            case .change(let change, let caller):
                host.changeMembership(change) { caller.resume(returning: $0) }
            case .transfer(let target, let caller):
                host.transferLeadership(to: target) { caller.resume(returning: $0) }
            case .snapshot(let caller): host.takeSnapshot { caller.resume(returning: $0) }
            case .status(let caller): caller.resume(returning: status())
            case .watch(let watcher): watchers.append(watcher)
            case .stop(let caller):
                stoppers.append(caller)
                guard stoppers.count == 1 else { return }
                host.handOver { [self] in stop() }
            }
        }

        private func stop() {
            isStopped = true
            host.stop()
            for watcher in watchers { watcher.finish() }
            for caller in stoppers { caller.resume() }
        }

        private static func error(of outcome: ReadOutcome) -> ReadError? {
            switch outcome {
            case .ready: nil
            case .noLeader, .timeout: .noLeader
            case .overloaded: .overloaded
            case .stopped: .stopped
            }
        }

        private func status() -> NodeStatus {
            let core = host.node.core
            return NodeStatus(
                identity: host.node.identity,
                role: RoleChange(term: core.term, role: core.roleName, leader: core.leader),
                lastIndex: core.log.lastIndex, commitIndex: core.commitIndex,
                appliedIndex: host.node.applied.index,
                clusterTimeMilliseconds: host.node.clusterTimeMilliseconds,
                configuration: host.node.configuration,
                isConfigurationCommitted: core.isConfigurationCommitted,
                isRejoining: host.node.rejoinRecord != nil,
                awaitedFounders: host.node.awaitedFounders,
                failure: host.node.failure.map { "\($0)" })
        }
    }
}
