package import Naming

// Writes: the command a request becomes, and what the client hears of its outcome.

extension NacosRequest {
    /// The command to commit; `nil` for a request that only reads.
    ///
    /// A beat becomes one only if it could register its instance. First ask `Beat.reception(in:)`,
    /// which answers the usual beat without a command of its own.
    package var command: Command? {
        switch self {
        case .registerInstance(let target, let fields):
            .register(Registration(target, fields))
        case .updateInstance(let target, let fields):
            // As on a 2.x server PUT leaves the health alone: it belongs to beats and probes, and
            // clients send the value their language has for "not set".
            .update(target.service, target.instance, fields.change(includingHealth: false))
        case .patchInstance(let target, let fields):
            .update(target.service, target.instance, fields.change(includingHealth: true))
        case .deregisterInstance(let target):
            .deregister(target.service, target.instance, generation: nil)
        case .beat(let beat):
            beat.registration.map { .beat(Registration(beat.target, $0)) }
        case .createService(let key, let fields): .createService(key, nil, ServiceSettings(fields))
        case .updateService(let key, let fields): .updateService(key, ServiceSettings(fields))
        case .deleteService(let key): .deleteService(key)
        case .instanceDetail, .listInstances, .serviceDetail, .listServices, .metrics, .servers,
            .switches, .raftLeader, .raftState, .logIn, .liveness, .readiness, .clusterSelf,
            .clusterNodes, .clusterHealth:
            nil
        }
    }

    /// What the client hears once the command of this request has been applied.
    package func answer(to outcome: Answer) -> NacosAnswer {
        switch outcome {
        case .registered, .beats, .done, .advanced: .ok
        case .beat(_, let interval, _): .beat(intervalMilliseconds: interval)
        case .serviceNotFound, .instanceNotFound: absentAnswer
        case .kindMismatch(let kind): kindMismatchAnswer(kind)
        case .staleGeneration: refusal(409, "instance was registered anew")
        case .serviceAlreadyExists:
            refusal(400, "specified service already exists, serviceName : \(groupedName)")
        case .serviceHasInstances:
            refusal(400, "specified service has instances, serviceName : \(groupedName)")
        case .healthFollowsBeats:
            refusal(400, "health check is still working, service: \(groupedName)")
        case .refused(let reason): NacosAnswer(NacosError(reason))
        case .malformed(let error): refusal(500, "caused: \(error)")
        }
    }

    private var absentAnswer: NacosAnswer {
        switch self {
        case .deregisterInstance: .ok  // also what was never there is gone
        case .updateInstance, .patchInstance: refusal(400, "instance not found")
        case .beat: .unknownBeat()
        default: refusal(400, "specified service not exist, serviceName : \(groupedName)")
        }
    }

    private func kindMismatchAnswer(_ kind: InstanceKind) -> NacosAnswer {
        let (present, wanted) =
            kind == .ephemeral ? ("ephemeral", "persistent") : ("persistent", "ephemeral")
        return refusal(
            400,
            "Current service \(groupedName) is \(present) service, "
                + "can't register \(wanted) instance.")
    }

    private func refusal(_ status: Int, _ text: String) -> NacosAnswer {
        NacosAnswer(NacosError(status, text))
    }

    /// The name of the service that a write is about.
    private var groupedName: String {
        switch self {
        case .registerInstance(let target, _), .updateInstance(let target, _),
            .patchInstance(let target, _), .deregisterInstance(let target):
            target.service.groupedName
        case .beat(let beat): beat.target.service.groupedName
        case .createService(let key, _), .updateService(let key, _), .deleteService(let key):
            key.groupedName
        default: ""
        }
    }
}

extension Registration {
    /// What a client says about an instance; what it left out has the usual value.
    package init(_ target: InstanceTarget, _ fields: InstanceFields) {
        self.init(
            service: target.service, instance: target.instance, kind: fields.kind ?? .ephemeral,
            weight: fields.weight ?? .one, isEnabled: fields.enabled ?? true,
            isHealthy: fields.healthy ?? true, metadata: fields.metadata ?? Metadata(),
            app: fields.app ?? "")
    }
}

extension InstanceFields {
    func change(includingHealth: Bool) -> InstanceChange {
        InstanceChange(
            weight: weight, isEnabled: enabled, isHealthy: includingHealth ? healthy : nil,
            app: app, metadata: metadata.map { .replace($0) })
    }
}

extension ServiceSettings {
    init(_ fields: ServiceFields) {
        self.init(
            protectThresholdThousandths: fields.protectThresholdThousandths ?? 0,
            metadata: fields.metadata ?? Metadata(), selector: fields.selector ?? "")
    }
}
