internal import Nacos
internal import Naming
internal import Testing

private let api = "/nacos/v1/ns/service"

@Suite struct `Services` {
    @Test func `a service is created once, shown, changed and deleted`() throws {
        var registry = Registry()
        let create =
            "POST \(api)?serviceName=svc&groupName=G&protectThreshold=0.8&metadata=a%3Db"
        #expect(try perform(create, in: &registry) == .ok)
        #expect(
            try perform(create, in: &registry)
                == NacosAnswer(
                    status: 400,
                    text: "specified service already exists, serviceName : G@@svc"))
        let expected =
            #"{"name":"svc","groupName":"G","namespaceId":"public","protectThreshold":0.8,"#
            + #""metadata":{"a":"b"},"selector":{"type":"none"},"clusters":[]}"#
        #expect(try perform("GET \(api)?serviceName=G@@svc", in: &registry).text == expected)

        let update =
            "PUT \(api)?serviceName=G@@svc&protectThreshold=0&selector=%7B%22type%22%3A%22label%22%7D"
        #expect(try perform(update, in: &registry) == .ok)
        let text = try perform("GET \(api)?serviceName=G@@svc", in: &registry).text
        #expect(text.contains(#""protectThreshold":0.0,"metadata":{},"selector":{"type":"label"}"#))

        #expect(try perform("DELETE \(api)?serviceName=G@@svc", in: &registry) == .ok)
        #expect(
            try perform("GET \(api)?serviceName=G@@svc", in: &registry)
                == NacosAnswer(status: 404, text: "service G@@svc is not found!"))
    }

    @Test func `a service with instances is not deleted and shows its clusters`() throws {
        var registry = try registry(after: [
            "POST /nacos/v1/ns/instance?serviceName=svc&ip=a&port=1&clusterName=c2",
            "POST /nacos/v1/ns/instance?serviceName=svc&ip=a&port=1",
        ])
        #expect(
            try perform("DELETE \(api)?serviceName=svc", in: &registry)
                == NacosAnswer(
                    status: 400,
                    text: "specified service has instances, serviceName : DEFAULT_GROUP@@svc"))
        let text = try perform("GET \(api)?serviceName=svc", in: &registry).text
        let checker = #""healthChecker":{"type":"TCP"},"metadata":{}}"#
        #expect(
            text.hasSuffix(
                #""clusters":[{"name":"DEFAULT",\#(checker),{"name":"c2",\#(checker)]}"#))
    }

    @Test(arguments: ["PUT", "DELETE"])
    func `a service that is absent can be neither changed nor deleted`(_ method: String) throws {
        var registry = Registry()
        let line = "\(method) \(api)?serviceName=svc&protectThreshold=0"
        let text = "specified service not exist, serviceName : DEFAULT_GROUP@@svc"
        #expect(try perform(line, in: &registry) == NacosAnswer(status: 400, text: text))
    }

    @Test func `services come in pages of bare names with the count of all`() throws {
        var registry = try registry(
            after: ["c", "a", "b"].map { "POST \(api)?serviceName=\($0)" }
                + ["POST \(api)?serviceName=G@@x"])
        func list(_ query: String) throws -> String {
            try perform("GET \(api)/list?\(query)", in: &registry).text
        }
        #expect(try list("pageNo=1&pageSize=2") == #"{"count":3,"doms":["a","b"]}"#)
        #expect(try list("pageNo=2&pageSize=2") == #"{"count":3,"doms":["c"]}"#)
        #expect(try list("pageNo=3&pageSize=2") == #"{"count":3,"doms":[]}"#)
        #expect(try list("pageNo=0&pageSize=9&groupName=G") == #"{"count":1,"doms":["x"]}"#)
        #expect(try list("pageNo=1&pageSize=9&groupName=*").hasPrefix(#"{"count":4,"#))
        #expect(try list("pageNo=1&pageSize=9&namespaceId=n") == #"{"count":0,"doms":[]}"#)
        let most = Int32.max
        #expect(try list("pageNo=\(most)&pageSize=\(most)") == #"{"count":3,"doms":[]}"#)
    }

    @Test func `what a service needs and must not have is named`() {
        for (line, text) in [
            ("GET \(api)", "Param 'serviceName' is required."),
            ("PUT \(api)?serviceName=a", "Param 'protectThreshold' is required."),
            ("GET \(api)/list?pageSize=1", "Param 'pageNo' is required."),
            ("GET \(api)/list?pageNo=1", "Param 'pageSize' is required."),
            (
                "POST \(api)?serviceName=a&protectThreshold=1.1",
                "Param 'protectThreshold' is illegal, the value should be between 0 and 1"
            ),
            (
                "POST \(api)?serviceName=a&selector=x",
                "Param 'selector' is illegal, it should be a JSON object."
            ),
        ] { #expect(refusal(line) == NacosError(400, text)) }
    }
}
