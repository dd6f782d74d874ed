package import Naming

/// A list of instances in the words of the clients, as answered to a question or pushed.
///
/// It holds the fields of 2.x servers and, for older clients, those of 1.4 that they read: `dom`,
/// and of each host `valid` and `marked`.
package struct ServiceInfo: Equatable, Sendable {
    package var service: ServiceKey
    /// The clusters as the client spelt them: its key for this list is the name and this text.
    package var clustersText: String
    package var cacheMilliseconds: UInt32
    package var hosts: [InstanceView]
    /// Whether so few were healthy that all are shown as healthy.
    package var isProtected: Bool
    /// Must grow with every change: clients drop a list that is not newer than theirs.
    package var lastRefTime: UInt64

    /// The list as the registry has it; `nil` stands for a service that is not known, whose list
    /// is empty and as of now.
    package init(
        _ list: InstanceList?, of service: ServiceKey, in registry: Registry, clustersText: String,
        cacheMilliseconds: UInt32
    ) {
        self.service = service
        self.clustersText = clustersText
        self.cacheMilliseconds = cacheMilliseconds
        hosts = list?.instances ?? []
        isProtected = list?.isProtected ?? false
        lastRefTime = list?.lastRefTime ?? registry.clock
    }

    /// The JSON text of the v1 list.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writeMembers(to: &$0) }
        return writer.bytes
    }

    func writeMembers(to json: inout JSONWriter) {
        let name = service.groupedName
        json.member("name", name)
        json.member("groupName", service.group)
        json.member("clusters", clustersText)
        json.member("cacheMillis", cacheMilliseconds)
        json.member("hosts", array: { for view in hosts { write(view, name, to: &$0) } })
        json.member("lastRefTime", lastRefTime)
        json.member("checksum", "")
        json.member("allIPs", false)
        json.member("reachProtectionThreshold", isProtected)
        json.member("valid", true)
        json.member("dom", name)
    }

    private func write(_ view: InstanceView, _ name: String, to json: inout JSONWriter) {
        json.object { json in
            json.member("instanceId", instanceID(of: view, in: service))
            json.member("ip", view.key.ip)
            json.member("port", view.key.port)
            json.member("weight", view.weight.value)
            json.member("healthy", view.isHealthy)
            json.member("valid", view.isHealthy)
            json.member("marked", false)
            json.member("enabled", view.isEnabled)
            json.member("ephemeral", view.isEphemeral)
            json.member("clusterName", view.key.clusterName)
            json.member("serviceName", name)
            json.member("metadata", view.metadata)
            json.member("instanceHeartBeatInterval", view.timers.intervalMilliseconds)
            json.member("instanceHeartBeatTimeOut", view.timers.timeoutMilliseconds)
            json.member("ipDeleteTimeout", view.timers.deleteTimeoutMilliseconds)
            json.member("instanceIdGenerator", view.metadata[generatorKey] ?? "simple")
        }
    }
}

private let generatorKey = "preserved.instance.id.generator"

/// The id that tells instances apart. Python clients compare lists by it.
///
/// The generator `snowflake` asks for a small number; the instance's place in the registry is one,
/// is the same on every node and stays with the instance while it lives.
func instanceID(of view: InstanceView, in service: ServiceKey) -> String {
    if view.metadata[generatorKey] == "snowflake" { return "\(view.number.slot)" }
    return InstanceTarget(service: service, instance: view.key).instanceID
}
