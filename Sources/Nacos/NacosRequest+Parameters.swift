internal import Naming

// From parameters to the parts of a request.

extension ServiceKey {
    init(_ parameters: Parameters) throws(NacosError) {
        try self.init(
            namespaceID: parameters.text("namespaceId"), groupName: parameters.text("groupName"),
            serviceName: try parameters.required("serviceName", "dom"))
    }
}

extension InstanceTarget {
    init(_ parameters: Parameters) throws(NacosError) {
        let service = try ServiceKey(parameters)
        let ip = try parameters.required("ip")
        _ = try parameters.required("port")
        let port = try parameters.integer("port", in: 0...65_535) ?? 0
        try self.init(
            service: service, ip: ip, port: port,
            clusterName: parameters.text("clusterName", "cluster"))
    }

    init(
        service: ServiceKey, ip: String, port: Int, clusterName: String?
    ) throws(NacosError) {
        let clusterName = normalisedCluster(clusterName)
        try checkIP(ip)
        try checkClusterName(clusterName)
        guard let port = UInt16(exactly: port) else {
            throw .illegal("port", "the value should be between 0 and 65535")
        }
        self.init(
            service: service, instance: InstanceKey(ip: ip, port: port, clusterName: clusterName))
    }
}

extension InstanceFields {
    init(_ parameters: Parameters) throws(NacosError) {
        weight = try parameters.number("weight").map { value throws(NacosError) in
            try checkedWeight(value)
        }
        enabled = try parameters.boolean("enabled", "enable")
        healthy = try parameters.boolean("healthy", "valid")
        kind = try parameters.boolean("ephemeral").map { $0 ? .ephemeral : .persistent }
        metadata = try parameters.metadata()
        app = parameters.text("app")
        if let metadata { _ = try checkedTimers(metadata) }
    }
}

extension ServiceFields {
    init(_ parameters: Parameters) throws(NacosError) {
        if let threshold = try parameters.number("protectThreshold") {
            guard threshold >= 0, threshold <= 1 else {
                throw .illegal("protectThreshold", "the value should be between 0 and 1")
            }
            protectThresholdThousandths = UInt16((threshold * 1000).rounded())
        }
        metadata = try parameters.metadata()
        selector = try parameters.selector()
    }
}

extension ListQuestion {
    init(_ parameters: Parameters) throws(NacosError) {
        service = try ServiceKey(parameters)
        clustersText = parameters.text("clusters") ?? ""
        clusters = clusterList(clustersText)
        for cluster in clusters { try checkClusterName(cluster) }
        healthyOnly = parameters.isTrue("healthyOnly")
        app = parameters.text("app")
        let port = try parameters.integer("udpPort", in: 0...65_535).flatMap(UInt16.init(exactly:))
        if let port, port > 0, let ip = parameters.text("clientIP") {
            try checkIP(ip)
            pushAddress = PushAddress(ip: ip, udpPort: port)
        }
    }
}

extension ServicePageQuestion {
    init(_ parameters: Parameters) throws(NacosError) {
        _ = try parameters.required("pageNo")
        _ = try parameters.required("pageSize")
        namespace = normalisedNamespace(parameters.text("namespaceId"))
        try checkNamespaceID(namespace)
        let group = normalisedGroup(parameters.text("groupName"))
        if group != "*" { try checkGroupName(group) }
        self.group = group == "*" ? nil : group
        // Java asks for everything by a page of 2³¹−1.
        let range = 0...Int(Int32.max)
        pageNumber = max(try parameters.integer("pageNo", in: range) ?? 1, 1)
        pageSize = try parameters.integer("pageSize", in: range) ?? 0
    }
}

extension Parameters {
    /// The metadata, as a JSON object or in the old form `k=v,k=v`; blank counts as not given.
    func metadata() throws(NacosError) -> Metadata? {
        let candidates = candidates("metadata")
        guard let text = candidates.first else { return nil }
        for candidate in candidates {
            if let metadata = decodeMetadata(candidate) { return metadata }
        }
        guard !text.hasPrefix("{"), let metadata = oldMetadata(text) else {
            throw NacosError(400, "metadata format incorrect:\(text)")
        }
        return metadata
    }

    /// A selector is stored and not understood; it must be a JSON object all the same.
    func selector() throws(NacosError) -> String? {
        let candidates = candidates("selector")
        guard !candidates.isEmpty else { return nil }
        for candidate in candidates where isJSONObject(candidate) { return candidate }
        throw .illegal("selector", "it should be a JSON object.")
    }
}

private func oldMetadata(_ text: String) -> Metadata? {
    var pairs: [Metadata.Pair] = []
    for part in text.split(separator: ",") {
        let sides = part.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, !sides[0].isEmpty else { return nil }
        pairs.append(Metadata.Pair(key: trimmed(sides[0]), value: trimmed(sides[1])))
    }
    return Metadata(pairs)
}

/// Checks a weight; one between 0 and 0.01 becomes 0.01, as in Nacos.
func checkedWeight(_ value: Double) throws(NacosError) -> Weight {
    guard let weight = Weight(value) else {
        throw NacosError(400, "instance format invalid: The weights range from 0.0 to 10000.0")
    }
    return weight
}

/// Checks that the timers in metadata fit together.
func checkedTimers(_ metadata: Metadata) throws(NacosError) -> Timers {
    do throws(Refusal) {
        return try Timers(metadata)
    } catch {
        throw NacosError(error)
    }
}
