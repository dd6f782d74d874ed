internal import Nacos
internal import Naming

let formType = "application/x-www-form-urlencoded;charset=utf-8"

/// Understands a request that is written as its request line without the version.
func request(
    _ line: String, body: String = "", contentType: String? = formType
) throws -> NacosRequest {
    let space = line.firstIndex(of: " ") ?? line.endIndex
    let target = line[space...].dropFirst()
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return try NacosRequest(
        NacosCall(
            method: String(line[..<space]), path: String(parts[0]),
            query: parts.count > 1 ? String(parts[1]) : "", body: Array(body.utf8),
            contentType: contentType))
}

/// The error a request is refused with.
func refusal(_ line: String, body: String = "") -> NacosError? {
    do {
        _ = try request(line, body: body)
        return nil
    } catch {
        return error as? NacosError
    }
}

func service(
    _ name: String = "svc", group: String = "DEFAULT_GROUP", namespace: String = "public"
) -> ServiceKey {
    ServiceKey(namespace: namespace, group: group, name: name)
}

func target(
    _ ip: String = "10.0.0.1", port: UInt16 = 8080, cluster: String = "DEFAULT",
    of service: ServiceKey = service()
) -> InstanceTarget {
    InstanceTarget(
        service: service, instance: InstanceKey(ip: ip, port: port, clusterName: cluster))
}

extension NacosAnswer {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// A registry that has applied the writes of these calls, at one-second steps.
func registry(after lines: [String]) throws -> Registry {
    var registry = Registry()
    for line in lines { _ = try perform(line, in: &registry) }
    return registry
}

/// Does what a server does with a call: reads are answered, writes applied.
func perform(
    _ line: String, body: String = "", in registry: inout Registry
) throws -> NacosAnswer {
    let request = try request(line, body: body)
    if let answer = request.answer(from: registry) { return answer }
    if case .beat(let beat) = request {
        switch beat.reception(in: registry) {
        case .unknown(let answer), .known(let answer, _): return answer
        case .registers: break
        }
    }
    guard let command = request.command else { return NacosAnswer(status: 500, text: "no write") }
    let outcome = registry.apply(
        command, index: registry.revision + 1, timeMilliseconds: registry.clock + 1_000)
    return request.answer(to: outcome)
}
