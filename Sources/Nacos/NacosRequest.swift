package import Naming

/// Which instance a request is about.
package struct InstanceTarget: Equatable, Sendable {
    package var service: ServiceKey
    package var instance: InstanceKey

    package init(service: ServiceKey, instance: InstanceKey) {
        self.service = service
        self.instance = instance
    }

    /// The instance's id in every list: Python clients tell instances apart by it.
    package var instanceID: String {
        "\(instance.ip)#\(instance.port)#\(instance.clusterName)#\(service.groupedName)"
    }
}

/// What a client says about an instance; `nil` is what it left out.
package struct InstanceFields: Equatable, Sendable {
    package var weight: Weight?
    package var enabled: Bool?
    package var healthy: Bool?
    package var kind: InstanceKind?
    package var metadata: Metadata?
    package var app: String?

    package init() {}
}

/// A sign of life.
package struct Beat: Equatable, Sendable {
    package var target: InstanceTarget
    /// What to register when the instance is not known; `nil` for a light beat, which only names
    /// the instance.
    package var registration: InstanceFields?

    package init(target: InstanceTarget, registration: InstanceFields?) {
        self.target = target
        self.registration = registration
    }
}

/// Which instances of a service a client wants to see.
package struct ListQuestion: Equatable, Sendable {
    package var service: ServiceKey
    /// The Nacos clusters; none means all.
    package var clusters: [String] = []
    /// The clusters as the client spelt them: it files the answer under this text.
    package var clustersText = ""
    package var healthyOnly = false
    package var app: String?
    /// Where the client listens for pushed lists, if it does.
    package var pushAddress: PushAddress?

    package struct PushAddress: Hashable, Sendable {
        package var ip: String
        package var udpPort: UInt16

        package init(ip: String, udpPort: UInt16) {
            self.ip = ip
            self.udpPort = udpPort
        }
    }

    package init(service: ServiceKey) { self.service = service }
}

/// What a client says about a service; `nil` is what it left out.
package struct ServiceFields: Equatable, Sendable {
    /// The share of healthy instances at or below which all are shown as healthy.
    package var protectThresholdThousandths: UInt16?
    package var metadata: Metadata?
    /// A JSON object, kept as text.
    package var selector: String?

    package init() {}
}

/// One page of the services of a group.
package struct ServicePageQuestion: Equatable, Sendable {
    package var namespace: String
    /// The group; `nil` for all groups.
    package var group: String?
    /// Starts at 1.
    package var pageNumber: Int
    package var pageSize: Int

    package init(namespace: String, group: String?, pageNumber: Int, pageSize: Int) {
        self.namespace = namespace
        self.group = group
        self.pageNumber = pageNumber
        self.pageSize = pageSize
    }

    /// How many services come before the page; what is beyond every list stays in range.
    package var offset: Int {
        let (offset, overflow) = (pageNumber - 1).multipliedReportingOverflow(by: pageSize)
        return overflow ? .max : offset
    }
}

/// One request of a v1 client, understood and checked.
package enum NacosRequest: Equatable, Sendable {
    case registerInstance(InstanceTarget, InstanceFields)
    /// PUT: the instance must exist; what is left out stays.
    case updateInstance(InstanceTarget, InstanceFields)
    /// PATCH: as PUT, with another text when the instance is absent.
    case patchInstance(InstanceTarget, InstanceFields)
    case deregisterInstance(InstanceTarget)
    case instanceDetail(InstanceTarget)
    case listInstances(ListQuestion)
    case beat(Beat)

    case createService(ServiceKey, ServiceFields)
    case updateService(ServiceKey, ServiceFields)
    case deleteService(ServiceKey)
    case serviceDetail(ServiceKey)
    case listServices(ServicePageQuestion)

    case metrics(onlyStatus: Bool)
    /// `healthyOnly` leaves out nodes that do not answer.
    case servers(healthyOnly: Bool)
    case switches
    case raftLeader
    case raftState
    case logIn(username: String)
    case liveness
    case readiness
    case clusterSelf
    case clusterNodes
    case clusterHealth
}
