internal import Nacos
internal import Naming
internal import Testing

private let api = "/nacos/v1/ns"
private let address = "serviceName=svc&ip=10.0.0.1&port=8080"
private let register = "POST \(api)/instance?\(address)"

@Suite struct `Answers about instances` {
    @Test func `a list has the fields of old and of new servers, in one order`() throws {
        let metadata = "%7B%22zone%22%3A%22a%22%2C%22b%22%3A%22%5C%22%22%7D"
        var registry = try registry(after: [register + "&weight=1&metadata=\(metadata)"])
        let answer = try perform(
            "GET \(api)/instance/list?serviceName=svc&clusters=DEFAULT", in: &registry)
        let expected =
            #"{"name":"DEFAULT_GROUP@@svc","groupName":"DEFAULT_GROUP","clusters":"DEFAULT","#
            + #""cacheMillis":3000,"hosts":[{"#
            + #""instanceId":"10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@svc","ip":"10.0.0.1","#
            + #""port":8080,"weight":1.0,"healthy":true,"valid":true,"marked":false,"#
            + #""enabled":true,"ephemeral":true,"clusterName":"DEFAULT","#
            + #""serviceName":"DEFAULT_GROUP@@svc","metadata":{"b":"\"","zone":"a"},"#
            + #""instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"#
            + #""ipDeleteTimeout":30000,"instanceIdGenerator":"simple"}],"lastRefTime":1000,"#
            + #""checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true,"#
            + #""dom":"DEFAULT_GROUP@@svc"}"#
        #expect(answer.text == expected)
        #expect(answer.status == 200)
        #expect(answer.contentType == .json)
    }

    @Test func `the list of an unknown service is empty and as of now`() throws {
        var registry = try registry(after: [register])
        let answer = try perform("GET \(api)/instance/list?serviceName=G@@other", in: &registry)
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""hosts":[],"lastRefTime":1000,"#))
        #expect(answer.text.hasPrefix(#"{"name":"G@@other","groupName":"G","clusters":"","#))
    }

    @Test func `what is disabled never leaves the server`() throws {
        var registry = try registry(after: [register + "&enabled=false"])
        let answer = try perform("GET \(api)/instance/list?serviceName=svc", in: &registry)
        #expect(answer.text.contains(#""hosts":[]"#))
    }

    @Test func `a snowflake id is a number`() throws {
        let metadata = "%7B%22preserved.instance.id.generator%22%3A%22snowflake%22%7D"
        var registry = try registry(after: [register + "&metadata=\(metadata)"])
        let text = try perform("GET \(api)/instance/list?serviceName=svc", in: &registry).text
        #expect(text.contains(#""instanceId":"0","#))
        #expect(text.contains(#""instanceIdGenerator":"snowflake""#))
    }

    @Test func `an instance in detail`() throws {
        var registry = try registry(after: [register + "&weight=2.5&metadata=a%3Db,c%3Dd"])
        let answer = try perform("GET \(api)/instance?\(address)&cluster=DEFAULT", in: &registry)
        let expected =
            #"{"service":"DEFAULT_GROUP@@svc","ip":"10.0.0.1","port":8080,"#
            + #""clusterName":"DEFAULT","weight":2.5,"healthy":true,"#
            + #""instanceId":"10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@svc","#
            + #""metadata":{"a":"b","c":"d"}}"#
        #expect(answer.text == expected)
    }

    @Test(arguments: [
        ("serviceName=no&ip=10.0.0.1&port=1", "no service DEFAULT_GROUP@@no found!"),
        (
            "serviceName=svc&ip=10.0.0.1&port=8080&clusterName=c",
            "no ips found for cluster c in service DEFAULT_GROUP@@svc"
        ),
        ("serviceName=svc&ip=10.0.0.1&port=1", "no matched ip found!"),
    ])
    func `an instance that is not there is a 404 that says what is missing`(
        _ query: String, _ text: String
    ) throws {
        var registry = try registry(after: [register])
        let answer = try perform("GET \(api)/instance?\(query)", in: &registry)
        #expect(answer == NacosAnswer(status: 404, text: text))
    }

    @Test func `every write that works is answered with two bytes`() throws {
        var registry = Registry()
        for line in [
            register, register, "PUT \(api)/instance?\(address)&weight=0",
            "PATCH \(api)/instance?\(address)&metadata=%7B%7D",
            "DELETE \(api)/instance?\(address)", "DELETE \(api)/instance?\(address)",
            "DELETE \(api)/instance?serviceName=never&ip=1&port=1",
        ] {
            let answer = try perform(line, in: &registry)
            #expect(answer == NacosAnswer(text: "ok"))
        }
        #expect(registry.counts.instances == 0)
    }

    @Test func `changing what is absent is refused`() throws {
        var registry = try registry(after: [])
        for method in ["PUT", "PATCH"] {
            let answer = try perform("\(method) \(api)/instance?\(address)", in: &registry)
            #expect(answer == NacosAnswer(status: 400, text: "instance not found"))
        }
    }

    @Test func `PUT changes what it names and leaves the rest, the health included`() throws {
        var registry = try registry(after: [
            register + "&weight=3&metadata=a%3Db",
            "PUT \(api)/instance?\(address)&enable=True&healthy=False",
        ])
        let text = try perform("GET \(api)/instance?\(address)", in: &registry).text
        #expect(text.contains(#""weight":3.0,"healthy":true"#))
        #expect(text.contains(#""metadata":{"a":"b"}"#))
    }

    @Test func `one service holds one kind of instances`() throws {
        var registry = try registry(after: [register])
        let other = "POST \(api)/instance?serviceName=svc&ip=10.0.0.2&port=1&ephemeral=false"
        let text =
            "Current service DEFAULT_GROUP@@svc is ephemeral service, "
            + "can't register persistent instance."
        #expect(try perform(other, in: &registry) == NacosAnswer(status: 400, text: text))
    }

    @Test func `what an instance may not say is refused with its reason`() {
        let timers =
            "Instance 'heart beat interval' must less than 'heart beat timeout' "
            + "and 'ip delete timeout'."
        let weights = "instance format invalid: The weights range from 0.0 to 10000.0"
        for (query, text) in [
            ("weight=10001", weights), ("weight=-1", weights),
            ("metadata=abc", "metadata format incorrect:abc"),
            ("metadata=%7Babc", "metadata format incorrect:{abc"),
            ("metadata=%7B%22a%22%3A%7B%7D%7D", #"metadata format incorrect:{"a":{}}"#),
            ("metadata=preserved.heart.beat.timeout%3D4999", timers),
            ("metadata=preserved.ip.delete.timeout%3D1", timers),
            ("weight=x", "Param 'weight' is illegal, the value should be a number."),
            ("weight=inf", "Param 'weight' is illegal, the value should be a number."),
            ("healthy=7", "Param 'healthy' is illegal, the value should be true or false."),
        ] {
            #expect(refusal("\(register)&\(query)") == NacosError(400, text), "\(query)")
        }
    }

    @Test func `metadata over its limit is refused by the registry`() throws {
        var registry = Registry()
        let long = String(repeating: "x", count: 1_024)
        let answer = try perform("\(register)&metadata=k%3D\(long)", in: &registry)
        #expect(answer.status == 400)
        #expect(answer.text.hasPrefix("Param 'metadata' is illegal"))
        #expect(registry.counts.instances == 0)
    }

    @Test func `metadata may hold numbers, truths and nulls`() throws {
        let metadata = "%7B%22a%22%3A1%2C%22b%22%3Atrue%2C%22c%22%3Anull%2C%22d%22%3A1.5%7D"
        var registry = try registry(after: ["\(register)&metadata=\(metadata)"])
        let text = try perform("GET \(api)/instance?\(address)", in: &registry).text
        #expect(text.contains(#""metadata":{"a":"1","b":"true","c":"","d":"1.5"}"#))
    }
}
