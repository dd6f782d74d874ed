package import Naming

// Reads of the registry: answers are a function of the applied state.

extension NacosRequest {
    /// The answer to a question about instances and services; `nil` for any other request.
    ///
    /// `cacheMilliseconds` tells clients without push after what time to ask again.
    package func answer(
        from registry: Registry, cacheMilliseconds: UInt32 = 3_000
    ) -> NacosAnswer? {
        switch self {
        case .listInstances(let question):
            .instances(of: question, in: registry, cacheMilliseconds: cacheMilliseconds)
        case .instanceDetail(let target): .detail(of: target, in: registry)
        case .serviceDetail(let key): .detail(of: key, in: registry)
        case .listServices(let question): .services(question, in: registry)
        case .registerInstance, .updateInstance, .patchInstance, .deregisterInstance, .beat,
            .createService, .updateService, .deleteService, .metrics, .servers, .switches,
            .raftLeader, .raftState, .logIn, .liveness, .readiness, .clusterSelf, .clusterNodes,
            .clusterHealth:
            nil
        }
    }
}

extension NacosAnswer {
    /// A service that is not known has an empty list, never a 404.
    static func instances(
        of question: ListQuestion, in registry: Registry, cacheMilliseconds: UInt32
    ) -> NacosAnswer {
        let list = registry.instances(
            of: question.service, clusterNames: question.clusters,
            healthyOnly: question.healthyOnly)
        let info = ServiceInfo(
            list, of: question.service, in: registry, clustersText: question.clustersText,
            cacheMilliseconds: cacheMilliseconds)
        return NacosAnswer { info.writeMembers(to: &$0) }
    }

    static func detail(of target: InstanceTarget, in registry: Registry) -> NacosAnswer {
        guard let view = registry.instance(target.instance, of: target.service) else {
            return NacosAnswer(absence(of: target, in: registry))
        }
        return NacosAnswer { json in
            json.member("service", target.service.groupedName)
            json.member("ip", view.key.ip)
            json.member("port", view.key.port)
            json.member("clusterName", view.key.clusterName)
            json.member("weight", view.weight.value)
            json.member("healthy", view.isHealthy)
            json.member("instanceId", instanceID(of: view, in: target.service))
            json.member("metadata", view.metadata)
        }
    }

    /// Why an instance cannot be shown.
    private static func absence(of target: InstanceTarget, in registry: Registry) -> NacosError {
        let name = target.service.groupedName
        guard let service = registry.service(target.service) else {
            return NacosError(404, "no service \(name) found!")
        }
        guard service.clusterNames.contains(target.instance.clusterName) else {
            return NacosError(
                404,
                "no ips found for cluster \(target.instance.clusterName) in service \(name)")
        }
        return NacosError(404, "no matched ip found!")
    }

    static func detail(of key: ServiceKey, in registry: Registry) -> NacosAnswer {
        guard let detail = registry.service(key) else {
            return NacosAnswer(NacosError(404, "service \(key.groupedName) is not found!"))
        }
        let threshold = Double(detail.settings.protectThresholdThousandths) / 1000
        let selector = detail.settings.selector
        return NacosAnswer { json in
            json.member("name", key.name)
            json.member("groupName", key.group)
            json.member("namespaceId", key.namespace)
            json.member("protectThreshold", threshold)
            json.member("metadata", detail.settings.metadata)
            json.member(
                "selector", literal: isJSONObject(selector) ? selector : #"{"type":"none"}"#)
            json.member("clusters", array: { for name in detail.clusterNames { $0.cluster(name) } })
        }
    }

    static func services(
        _ question: ServicePageQuestion, in registry: Registry
    ) -> NacosAnswer {
        let page = registry.services(
            in: question.namespace, group: question.group, offset: question.offset,
            limit: question.pageSize)
        return NacosAnswer { json in
            json.member("count", page.totalCount)
            json.member("doms", array: { for key in page.services { $0.string(key.name) } })
        }
    }
}

extension JSONWriter {
    fileprivate mutating func cluster(_ name: String) {
        object { json in
            json.member("name", name)
            json.member("healthChecker", literal: #"{"type":"TCP"}"#)
            json.member("metadata", literal: "{}")
        }
    }

    mutating func member(_ name: String, _ metadata: Metadata) {
        member(name, object: { for pair in metadata.pairs { $0.member(pair.key, pair.value) } })
    }
}
