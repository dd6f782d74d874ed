internal import Nacos
internal import Naming
internal import Testing

private let list = "GET /nacos/v1/ns/instance/list?serviceName="
private let register = "POST /nacos/v1/ns/instance?ip=10.0.0.1&port=8080&serviceName="

private func listed(_ query: String) throws -> ListQuestion? {
    guard case .listInstances(let question) = try request(list + query) else { return nil }
    return question
}

private func registered(_ query: String) throws -> InstanceTarget? {
    guard case .registerInstance(let target, _) = try request(register + query) else { return nil }
    return target
}

@Suite struct `Names` {
    @Test(arguments: ["", "&namespaceId=", "&namespaceId=public", "&namespaceId=%20"])
    func `a blank namespace is public`(_ query: String) throws {
        #expect(try listed("svc" + query)?.service.namespace == "public")
    }

    @Test(arguments: ["", "&clusterName=", "&clusterName=None", "&clusterName=null"])
    func `a cluster that is blank or None is DEFAULT`(_ query: String) throws {
        #expect(try registered("svc" + query)?.instance.clusterName == "DEFAULT")
    }

    @Test(arguments: [
        ("svc", "DEFAULT_GROUP", "svc"), ("svc&groupName=", "DEFAULT_GROUP", "svc"),
        ("svc&groupName=G1", "G1", "svc"), ("G1@@svc", "G1", "svc"),
        ("G1%40%40svc&groupName=G2", "G1", "svc"), ("%20svc%20", "DEFAULT_GROUP", "svc"),
    ])
    func `a grouped name wins over the group`(
        _ query: String, _ group: String, _ name: String
    ) throws {
        let key = service(name, group: group)
        #expect(try listed(query)?.service == key)
        #expect(try request("GET /nacos/v1/ns/service?serviceName=\(query)") == .serviceDetail(key))
    }

    @Test func `the old name of the parameter is understood`() throws {
        let old = try request("GET /nacos/v1/ns/instance/list?dom=G@@a")
        #expect(old == .listInstances(ListQuestion(service: service("a", group: "G"))))
    }

    @Test(arguments: ["@@svc", "G@@", "@@"])
    func `half a grouped name is refused`(_ name: String) {
        let text =
            "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        #expect(refusal(list + name) == NacosError(400, text))
    }

    @Test(arguments: [
        ("a%20b", "serviceName"), ("%40a", "serviceName"), ("服务", "serviceName"),
        ("a@@b@@c", "serviceName"), ("a%0ab", "serviceName"), ("a%7fb", "serviceName"),
        ("a&groupName=a/b", "groupName"), ("a&groupName=%E4%BD%A0", "groupName"),
        ("a&namespaceId=a.b", "namespaceId"), ("a&clusters=a/b", "clusterName"),
    ])
    func `characters that a name must not have are refused by field`(
        _ query: String, _ field: String
    ) {
        let text = "Param '\(field)' is illegal, illegal characters should not appear in the param."
        #expect(refusal(list + query) == NacosError(400, text))
    }

    @Test(arguments: [
        ("serviceName", 512), ("groupName", 128), ("namespaceId", 64), ("clusterName", 64),
        ("ip", 128),
    ])
    func `names over their length are refused by field`(_ field: String, _ limit: Int) throws {
        let others = ["serviceName": "a", "ip": "b", "port": "1"].filter { $0.key != field }
            .map { "&\($0.key)=\($0.value)" }.sorted().joined()
        let line = "GET /nacos/v1/ns/instance?\(field)="
        _ = try request(line + String(repeating: "x", count: limit) + others)
        let text = "Param '\(field)' is illegal, the param length should not exceed \(limit)."
        #expect(
            refusal(line + String(repeating: "x", count: limit + 1) + others)
                == NacosError(400, text))
    }

    @Test(arguments: ["10.0.0.1", "fe80::1", "my-host.example", "my_host"])
    func `host names and IPv6 are as good as IPv4`(_ ip: String) throws {
        let line = "GET /nacos/v1/ns/instance?serviceName=a&port=1&ip=\(ip)"
        #expect(try request(line) == .instanceDetail(target(ip, port: 1, of: service("a"))))
    }

    @Test func `an underscore is refused where an instance registers and not where one asks`()
        throws
    {
        _ = try listed("a&clusters=c_1,c-2")
        let text =
            "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: c_1)"
        #expect(refusal(register + "a&clusterName=c_1") == NacosError(400, text))
    }

    @Test func `clusters are split at commas and echoed as they came`() throws {
        let question = try listed("a&clusters=c1,%20c2,")
        #expect(question?.clusters == ["c1", "c2"])
        #expect(question?.clustersText == "c1, c2,")
        #expect(try listed("a&clusters=")?.clusters == [])
    }
}
