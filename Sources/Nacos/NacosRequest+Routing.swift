internal import Naming

// From a method, a path and parameters to a request.

/// What of an HTTP request a Nacos request is made of.
package struct NacosCall: Equatable, Sendable {
    package var method: String
    /// The path as sent, with or without the context path `/nacos`.
    package var path: String
    package var parameters: Parameters

    package init(method: String, path: String, parameters: Parameters) {
        self.method = method
        self.path = path
        self.parameters = parameters
    }

    /// Merges the query with the body, unless the body says that it is something else than a form.
    /// - Throws: `NacosError` 400 when there are too many parameters.
    package init(
        method: String, path: String, query: String, body: [UInt8], contentType: String?
    ) throws(NacosError) {
        let form = Self.isForm(contentType) ? body : []
        self.init(
            method: method, path: path, parameters: try Parameters(query: query, form: form))
    }

    private static func isForm(_ contentType: String?) -> Bool {
        guard let type = contentType?.split(separator: ";").first.map({ trimmed($0) }) else {
            return true
        }
        return ["application/x-www-form-urlencoded", "text/plain"].contains(type.lowercased())
    }

    /// The path below the context path, without a slash at its end.
    var route: String {
        var route = Substring(path)
        if route.hasPrefix("/nacos/") { route = route.dropFirst("/nacos".utf8.count) }
        if route.count > 1, route.hasSuffix("/") { route = route.dropLast() }
        return String(route)
    }
}

extension NacosRequest {
    /// Understands a call of the v1 naming API and of the little around it that clients need.
    /// - Throws: `NacosError`: 400 for bad parameters, 501 for an unknown naming call, else 404.
    package init(_ call: NacosCall) throws(NacosError) {
        let route = call.route
        let method = call.method == "HEAD" ? "GET" : call.method
        let parameters = call.parameters
        let request: NacosRequest?
        if let rest = suffix(of: route, after: "/v1/ns") {
            request = try Self.namingCall(method, rest, parameters)
            guard request != nil else {
                throw NacosError(501, "no such api:\(call.method):\(call.path)")
            }
        } else {
            request = Self.coreCall(method, route, parameters)
        }
        guard let request else { throw NacosError(404, "no such path: \(call.path)") }
        self = request
    }

    private static func namingCall(
        _ method: String, _ route: String, _ parameters: Parameters
    ) throws(NacosError) -> NacosRequest? {
        if let request = try instanceCall(method, route, parameters) { return request }
        if let request = try serviceCall(method, route, parameters) { return request }
        return try operatorCall(method, route, parameters)
    }

    private static func instanceCall(
        _ method: String, _ route: String, _ parameters: Parameters
    ) throws(NacosError) -> NacosRequest? {
        switch (method, route) {
        case ("POST", "/instance"): try register(parameters)
        case ("PUT", "/instance"):
            .updateInstance(try InstanceTarget(parameters), try InstanceFields(parameters))
        case ("PATCH", "/instance"):
            .patchInstance(try InstanceTarget(parameters), try InstanceFields(parameters))
        case ("DELETE", "/instance"): .deregisterInstance(try InstanceTarget(parameters))
        case ("GET", "/instance"): .instanceDetail(try InstanceTarget(parameters))
        case ("GET", "/instance/list"): .listInstances(try ListQuestion(parameters))
        case ("PUT", "/instance/beat"): .beat(try Beat(parameters))
        default: nil
        }
    }

    private static func register(_ parameters: Parameters) throws(NacosError) -> NacosRequest {
        let target = try InstanceTarget(parameters)
        try checkRegisteredClusterName(target.instance.clusterName)
        return .registerInstance(target, try InstanceFields(parameters))
    }

    private static func serviceCall(
        _ method: String, _ route: String, _ parameters: Parameters
    ) throws(NacosError) -> NacosRequest? {
        switch (method, route) {
        case ("POST", "/service"):
            .createService(try ServiceKey(parameters), try ServiceFields(parameters))
        case ("PUT", "/service"): try updateService(parameters)
        case ("DELETE", "/service"): .deleteService(try ServiceKey(parameters))
        case ("GET", "/service"): .serviceDetail(try ServiceKey(parameters))
        case ("GET", "/service/list"): .listServices(try ServicePageQuestion(parameters))
        default: nil
        }
    }

    private static func updateService(_ parameters: Parameters) throws(NacosError) -> NacosRequest {
        _ = try parameters.required("protectThreshold")
        return .updateService(try ServiceKey(parameters), try ServiceFields(parameters))
    }

    private static func operatorCall(
        _ method: String, _ route: String, _ parameters: Parameters
    ) throws(NacosError) -> NacosRequest? {
        guard method == "GET" else { return nil }
        let operation = suffix(of: route, after: "/operator") ?? suffix(of: route, after: "/ops")
        switch operation ?? route {
        case "/metrics" where operation != nil:
            return .metrics(onlyStatus: try parameters.boolean("onlyStatus") ?? true)
        case "/servers" where operation != nil:
            return .servers(healthyOnly: parameters.isTrue("healthy"))
        case "/switches" where operation != nil: return .switches
        case "/raft/leader": return .raftLeader
        case "/raft/state": return .raftState
        default: return nil
        }
    }

    private static func coreCall(
        _ method: String, _ route: String, _ parameters: Parameters
    ) -> NacosRequest? {
        switch (method, route) {
        case ("POST", "/v1/auth/login"), ("POST", "/v1/auth/users/login"),
            ("POST", "/v3/auth/user/login"):
            .logIn(username: parameters.text("username") ?? "")
        case ("GET", "/v1/console/health/liveness"): .liveness
        case ("GET", "/v1/console/health/readiness"): .readiness
        case ("GET", "/v1/core/cluster/self"): .clusterSelf
        case ("GET", "/v1/core/cluster/nodes"): .clusterNodes
        case ("GET", "/v1/core/cluster/health"): .clusterHealth
        default: nil
        }
    }
}

/// What follows a folder's name in a path, from its slash on.
private func suffix(of path: String, after folder: String) -> String? {
    guard path.hasPrefix(folder + "/") else { return nil }
    return String(path.dropFirst(folder.count))
}
