package import Nacos
package import Platform

/// Asks one server for the members of its cluster, and then every member how it is.
package final class StatusQuery {
    private let loop: EventLoop
    private let timeoutMilliseconds: Int
    private var found: [ClusterStatus.Node] = []
    private var outstanding = 0
    private var result: Result<ClusterStatus, HTTPClientError>?

    /// Runs the query on an event loop of its own and waits for it.
    ///
    /// Members that do not answer are part of the result; only the first server has to.
    package static func run(
        server: Address, timeoutMilliseconds: Int
    ) throws -> ClusterStatus {
        let loop = try EventLoop()
        let query = StatusQuery(loop, timeoutMilliseconds)
        query.start(server)
        loop.run()
        guard let result = query.result else { throw HTTPClientError.timedOut }
        return try result.get()
    }

    init(_ loop: EventLoop, _ timeoutMilliseconds: Int) {
        self.loop = loop
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    private func start(_ server: Address) {
        ask(server) { [self] answer in
            switch answer {
            case .success(let status): askMembers(of: status, firstAsked: server)
            case .failure(let error): finish(.failure(error))
            }
        }
    }

    private func askMembers(of first: NodeStatus, firstAsked server: Address) {
        // The node that was asked first is not asked again: it may be known here by a name of its own.
        let own = first.members.first { $0.node == first.node }
        found = [ClusterStatus.Node(http: own?.http ?? server.description, status: first)]
        let others = first.members.filter { $0.node != first.node }
        outstanding = others.count
        finishIfComplete(first.cluster)
        for member in others {
            guard let address = try? Address(parsing: member.http) else {
                note(.init(node: member.node, http: member.http, error: "no address"), first)
                continue
            }
            ask(address) { [self] answer in
                switch answer {
                case .success(let status): note(.init(http: member.http, status: status), first)
                case .failure(let error):
                    note(.init(node: member.node, http: member.http, error: "\(error)"), first)
                }
            }
        }
    }

    private func note(_ node: ClusterStatus.Node, _ first: NodeStatus) {
        found.append(node)
        outstanding -= 1
        finishIfComplete(first.cluster)
    }

    private func finishIfComplete(_ cluster: String) {
        guard outstanding == 0 else { return }
        finish(.success(ClusterStatus(cluster: cluster, nodes: found)))
    }

    private func finish(_ result: Result<ClusterStatus, HTTPClientError>) {
        self.result = result
        loop.stop()
    }

    /// Asks one node how it is.
    func ask(
        _ server: Address, _ completion: @escaping (Result<NodeStatus, HTTPClientError>) -> Void
    ) {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: timeoutMilliseconds)
        HTTPGet.start(NodeStatus.path, from: server, on: loop, deadline: deadline) { result in
            completion(result.flatMap(Self.status))
        }
    }

    private static func status(of answer: HTTPAnswer) -> Result<NodeStatus, HTTPClientError> {
        guard (200...299).contains(answer.status) else {
            return .failure(.refused(status: answer.status))
        }
        guard let status = try? JSONText.decode(NodeStatus.self, from: answer.body) else {
            return .failure(.malformed(HTTPAnswerError("the body is no status of a node")))
        }
        return .success(status)
    }
}
