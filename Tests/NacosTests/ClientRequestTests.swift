internal import Nacos
internal import Naming
internal import Testing

// The literal requests of clients, as recorded, in the order of a client's life.

private func fields(
    weight: Double? = nil, enabled: Bool? = nil, healthy: Bool? = nil, kind: InstanceKind? = nil,
    metadata: [String: String]? = nil, app: String? = nil
) -> InstanceFields {
    var fields = InstanceFields()
    fields.weight = weight.flatMap { Weight($0) }
    fields.enabled = enabled
    fields.healthy = healthy
    fields.kind = kind
    fields.metadata = metadata.map { Metadata($0) }
    fields.app = app
    return fields
}

@Suite struct `Requests of the Python client 1_0_0` {
    @Test func `register, with the word None for no cluster`() throws {
        let line =
            "POST /nacos/v1/ns/instance?ip=10.0.0.1&port=8080&serviceName=svc&weight=1.0"
            + "&enable=True&healthy=True&clusterName=None&ephemeral=True&groupName=DEFAULT_GROUP"
            + "&metadata=%7B%22zone%22%3A+%22a%22%7D"
        let expected = fields(
            weight: 1, enabled: true, healthy: true, kind: .ephemeral, metadata: ["zone": "a"])
        #expect(try request(line, contentType: nil) == .registerInstance(target(), expected))
    }

    @Test func `0_1_14 registers by a form body`() throws {
        let body =
            "ip=10.0.0.1&port=8080&serviceName=svc&weight=1.0&enable=True&healthy=True"
            + "&clusterName=None&ephemeral=True&groupName=DEFAULT_GROUP"
        let expected = fields(weight: 1, enabled: true, healthy: true, kind: .ephemeral)
        #expect(
            try request("POST /nacos/v1/ns/instance", body: body)
                == .registerInstance(target(), expected))
    }

    @Test func `beat, with the text in the query and no cluster`() throws {
        let line =
            "PUT /nacos/v1/ns/instance/beat?serviceName=svc&beat=%7B%22serviceName%22%3A+%22svc%22"
            + "%2C+%22ip%22%3A+%2210.0.0.1%22%2C+%22port%22%3A+8080%2C+%22weight%22%3A+1.0%2C+%22"
            + "ephemeral%22%3A+true%2C+%22metadata%22%3A+%7B%22zone%22%3A+%22a%22%7D%7D"
            + "&groupName=G1"
        let key = service(group: "G1")
        let expected = Beat(
            target: target(of: key),
            registration: fields(weight: 1, kind: .ephemeral, metadata: ["zone": "a"]))
        #expect(try request(line, contentType: nil) == .beat(expected))
    }

    @Test func `list, detail, modify and remove`() throws {
        var question = ListQuestion(service: service())
        question.healthyOnly = true
        let list = "GET /nacos/v1/ns/instance/list?serviceName=svc&healthyOnly=True"
        #expect(try request(list + "&groupName=DEFAULT_GROUP") == .listInstances(question))

        let detail = "GET /nacos/v1/ns/instance?serviceName=svc&ip=10.0.0.1&port=8080"
        #expect(
            try request(detail + "&cluster=c1&clusterName=c1&healthyOnly=False")
                == .instanceDetail(target(cluster: "c1")))

        let modify = "PUT /nacos/v1/ns/instance?ip=10.0.0.1&port=8080&serviceName=svc&weight=2.0"
        #expect(
            try request(modify + "&enable=False&ephemeral=True")
                == .updateInstance(
                    target(), fields(weight: 2, enabled: false, kind: .ephemeral)))

        let remove = "DELETE /nacos/v1/ns/instance"
        let query = "ip=10.0.0.1&port=8080&serviceName=svc&ephemeral=True&groupName=DEFAULT_GROUP"
        #expect(try request(remove + "?" + query) == .deregisterInstance(target()))
        #expect(try request(remove, body: query) == .deregisterInstance(target()))
    }

    @Test func `login, with everything in the query`() throws {
        let line = "POST /nacos/v1/auth/login?username=nacos&password=nacos"
        #expect(try request(line) == .logIn(username: "nacos"))
    }
}

@Suite struct `Requests of the Go client 1_1_6` {
    private let key = service(group: "G1")

    @Test func `register, by an encoded body`() throws {
        let body =
            "namespaceId=&serviceName=G1%40%40svc&groupName=G1&app=DEFAULT&clusterName=&ip=10.0.0.1"
            + "&port=8080&weight=10&enable=true&healthy=true&metadata=%7B%22a%22%3A%22b%22%7D"
            + "&ephemeral=true&"
        let expected = fields(
            weight: 10, enabled: true, healthy: true, kind: .ephemeral, metadata: ["a": "b"],
            app: "DEFAULT")
        #expect(
            try request("POST /nacos/v1/ns/instance", body: body)
                == .registerInstance(target(of: key), expected))
    }

    @Test func `beat, by a body that is not encoded, with null for no metadata`() throws {
        let body =
            #"serviceName=G1@@svc&beat={"ip":"10.0.0.1","port":8080,"weight":10,"serviceName":"#
            + #""G1@@svc","cluster":"","metadata":null,"scheduled":true}&namespaceId="#
        let expected = Beat(
            target: target(of: key),
            registration: fields(weight: 10, kind: .ephemeral, metadata: [:]))
        #expect(try request("PUT /nacos/v1/ns/instance/beat", body: body) == .beat(expected))
    }

    @Test func `update, by a body that is not encoded, keeps plus and percent`() throws {
        let body =
            #"serviceName=G1@@svc&clusterName=&ip=10.0.0.1&port=8080&weight=5&enable=true"#
            + #"&metadata={"build":"1.0+5","rate":"50%25","and":"a&b"}&ephemeral=true"#
        let metadata = ["build": "1.0+5", "rate": "50%25", "and": "a&b"]
        #expect(
            try request("PUT /nacos/v1/ns/instance", body: body)
                == .updateInstance(
                    target(of: key),
                    fields(weight: 5, enabled: true, kind: .ephemeral, metadata: metadata)))
    }

    @Test func `list, with empty segments, and deregister, with a bare name`() throws {
        let list =
            "GET /nacos/v1/ns/instance/list?&namespaceId=public&&serviceName=G1@@svc&app=&clusters="
            + "&clientIP=10.0.0.9&udpPort=55123&healthyOnly=false&"
        var question = ListQuestion(service: key)
        question.pushAddress = .init(ip: "10.0.0.9", udpPort: 55123)
        #expect(try request(list) == .listInstances(question))

        let remove =
            "DELETE /nacos/v1/ns/instance?&serviceName=G1@@svc&clusterName=&ip=10.0.0.1&port=8080"
            + "&ephemeral=true&namespaceId="
        #expect(try request(remove) == .deregisterInstance(target(of: key)))
    }

    @Test func `all services, and the health check`() throws {
        let line =
            "GET /nacos/v1/ns/service/list?namespaceId=public&groupName=G1&pageNo=1&pageSize=10"
        #expect(
            try request(line)
                == .listServices(
                    ServicePageQuestion(
                        namespace: "public", group: "G1", pageNumber: 1, pageSize: 10)))
        #expect(try request("GET /nacos/v1/ns/operator/metrics?") == .metrics(onlyStatus: true))
    }
}

@Suite struct `Requests of the Java client 1_4_7` {
    @Test func `register, all in the query`() throws {
        let line =
            "POST /nacos/v1/ns/instance?app=unknown&groupName=DEFAULT_GROUP&metadata=%7B%22a%22%3A"
            + "%22b%22%7D&namespaceId=public&port=8080&enable=true&healthy=true&clusterName=DEFAULT"
            + "&ip=10.0.0.1&weight=1.0&ephemeral=true&serviceName=DEFAULT_GROUP%40%40svc"
        let expected = fields(
            weight: 1, enabled: true, healthy: true, kind: .ephemeral, metadata: ["a": "b"],
            app: "unknown")
        #expect(try request(line) == .registerInstance(target(), expected))
    }

    @Test func `the first beat is full and ends in a stray ampersand, later ones are light`() throws
    {
        let line =
            "PUT /nacos/v1/ns/instance/beat?app=unknown&serviceName=DEFAULT_GROUP%40%40svc"
            + "&namespaceId=public&port=8080&clusterName=c1&ip=10.0.0.1"
        let body =
            "beat=%7B%22port%22%3A8080%2C%22ip%22%3A%2210.0.0.1%22%2C%22weight%22%3A1.0%2C%22service"
            + "Name%22%3A%22DEFAULT_GROUP%40%40svc%22%2C%22cluster%22%3A%22c1%22%2C%22metadata%22%3A"
            + "%7B%7D%2C%22scheduled%22%3Afalse%2C%22period%22%3A5000%2C%22stopped%22%3Afalse%7D&"
        let full = Beat(
            target: target(cluster: "c1"),
            registration: fields(weight: 1, kind: .ephemeral, metadata: [:], app: "unknown"))
        #expect(try request(line, body: body) == .beat(full))
        let light = Beat(target: target(cluster: "c1"), registration: nil)
        #expect(try request(line) == .beat(light))
    }

    @Test func `subscribe, health check, and all services of Spring`() throws {
        let list =
            "GET /nacos/v1/ns/instance/list?app=unknown&healthyOnly=false&namespaceId=public"
            + "&clientIP=10.0.0.9&serviceName=DEFAULT_GROUP%40%40svc&udpPort=40000&clusters="
        var question = ListQuestion(service: service())
        question.app = "unknown"
        question.pushAddress = .init(ip: "10.0.0.9", udpPort: 40000)
        #expect(try request(list) == .listInstances(question))
        let status = "GET /nacos/v1/ns/operator/metrics?app=unknown&namespaceId=public"
        #expect(try request(status) == .metrics(onlyStatus: true))
        let all = "GET /nacos/v1/ns/service/list?pageNo=1&pageSize=2147483647&groupName=*"
        guard case .listServices(let page) = try request(all) else {
            Issue.record("no list of services")
            return
        }
        #expect(page.group == nil)
        #expect(page.pageSize == Int(Int32.max))
        #expect(page.offset == 0)
    }

    @Test func `login, with the password in the body`() throws {
        let line = "POST /nacos/v1/auth/users/login?username=nacos"
        #expect(try request(line, body: "password=nacos&") == .logIn(username: "nacos"))
    }
}
