internal import Nacos
internal import Naming
internal import Platform

/// Answers HTTP requests: Nacos calls, the operator's calls, metrics.
///
/// What changes the registry waits for the cluster; everything else is answered at once from the state
/// that is applied at this node.
final class NacosDoor {
    typealias Respond = (HTTPResponse) -> Void

    private let service: RegistryService
    private let cluster: ClusterView
    private let metrics: MetricsPage
    private let backups: BackupDoor
    /// So long a client may believe that it is logged in; nothing is checked while authentication is off.
    private static let tokenSecondsToLive = 18_000

    init(
        _ service: RegistryService, _ cluster: ClusterView, _ metrics: MetricsPage,
        _ backups: BackupDoor
    ) {
        self.backups = backups
        self.service = service
        self.cluster = cluster
        self.metrics = metrics
    }

    func handle(_ request: HTTPRequest, _ respond: @escaping Respond) {
        if request.path == BackupCall.path { return backups.answer(request, respond) }
        if let response = ownAnswer(to: request) { return respond(response) }
        do throws(NacosError) {
            let call = try NacosCall(request)
            answer(try NacosRequest(call)) { respond(HTTPResponse($0)) }
        } catch { respond(HTTPResponse(NacosAnswer(error))) }
    }

    // MARK: Muster's own

    private func ownAnswer(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .get || request.method == .head else { return nil }
        switch request.path {
        case Nacos.NodeStatus.path: return statusAnswer()
        case "/metrics", "/nacos/actuator/prometheus":
            return HTTPResponse(
                status: 200, headers: HTTPHeaders([("content-type", MetricsText.contentType)]),
                body: metrics.render())
        default: return nil
        }
    }

    private func statusAnswer() -> HTTPResponse {
        do {
            let body = try JSONText.encode(cluster.status)
            let headers = HTTPHeaders([("content-type", "application/json;charset=UTF-8")])
            return HTTPResponse(status: 200, headers: headers, body: body)
        } catch { return HTTPResponse(status: 500, text: "caused: \(error)\n") }
    }

    // MARK: Nacos calls

    private func answer(_ request: NacosRequest, _ respond: @escaping (NacosAnswer) -> Void) {
        if case .beat(let beat) = request { return answer(beat, request, respond) }
        if let command = request.command { return commit(command, for: request, respond) }
        if let answer = clusterAnswer(to: request) { return respond(answer) }
        guard service.isReady else { return respond(NacosAnswer(.unavailable)) }
        let answer = request.answer(from: service.registry)
        respond(answer ?? NacosAnswer(NacosError(500, "caused: a request without an answer")))
    }

    private func commit(
        _ command: Command, for request: NacosRequest, _ respond: @escaping (NacosAnswer) -> Void
    ) {
        service.commit(command) { [service] outcome in
            let refusal = service.isDiskFull ? NacosError.diskFull : .unavailable
            respond(outcome.map(request.answer(to:)) ?? NacosAnswer(refusal))
        }
    }

    private func answer(
        _ beat: Beat, _ request: NacosRequest, _ respond: @escaping (NacosAnswer) -> Void
    ) {
        guard service.isReady else { return respond(NacosAnswer(.unavailable)) }
        switch beat.reception(in: service.registry) {
        case .known(let answer, let number):
            if let number { service.beat(number) }
            respond(answer)
        case .registers(let command): commit(command, for: request, respond)
        case .unknown(let answer): respond(answer)
        }
    }

    /// What this node knows of itself and the others, without the registry.
    private func clusterAnswer(to request: NacosRequest) -> NacosAnswer? {
        switch request {
        case .metrics(let onlyStatus): .metrics(figures, onlyStatus: onlyStatus)
        case .servers(let healthyOnly):
            .servers(cluster.members.filter { !healthyOnly || $0.state == .up })
        case .switches: .switches(SwitchView())
        case .raftLeader: .raftLeader(cluster.raftLeader)
        case .raftState:
            .raftState(
                serviceCount: service.registry.counts.services, peers: cluster.raftPeers)
        case .logIn(let username):
            .loggedIn(
                username: username, token: "authentication-is-off",
                secondsToLive: Self.tokenSecondsToLive, isAdministrator: true)
        case .liveness: .health(isWell: true)
        case .readiness: .health(isWell: service.isReady)
        case .clusterSelf: cluster.ownMember.map { .clusterSelf($0) }
        case .clusterNodes: .clusterNodes(cluster.members)
        case .clusterHealth: .clusterHealth(service.isReady ? .up : .starting)
        case .registerInstance, .updateInstance, .patchInstance, .deregisterInstance,
            .instanceDetail, .listInstances, .beat, .createService, .updateService,
            .deleteService, .serviceDetail, .listServices:
            nil
        }
    }

    private var figures: ServerFigures {
        var figures = ServerFigures(status: service.isReady ? .up : .starting)
        let counts = service.registry.counts
        figures.serviceCount = counts.services
        figures.instanceCount = counts.instances
        figures.ephemeralClientCount = counts.ephemeralInstances
        figures.persistentClientCount = counts.instances - counts.ephemeralInstances
        return figures
    }
}
