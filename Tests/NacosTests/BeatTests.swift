internal import Nacos
internal import Naming
internal import Testing

private let api = "/nacos/v1/ns"
private let register = "POST \(api)/instance?serviceName=svc&ip=10.0.0.1&port=8080"
private let light = "PUT \(api)/instance/beat?serviceName=svc&ip=10.0.0.1&port=8080"
private let taken = #"{"clientBeatInterval":5000,"lightBeatEnabled":true,"code":10200}"#
private let unknown = #"{"clientBeatInterval":5000,"lightBeatEnabled":true,"code":20404}"#

private func beat(_ line: String, body: String = "") throws -> Beat? {
    guard case .beat(let beat) = try request(line, body: body) else { return nil }
    return beat
}

private func full(_ json: String) throws -> Beat? {
    try beat("PUT \(api)/instance/beat?clusterName=param", body: "serviceName=svc&beat=\(json)")
}

@Suite struct `Beats` {
    @Test func `a light beat of an unknown instance asks for a registration`() throws {
        var registry = Registry()
        #expect(try perform(light, in: &registry).text == unknown)
        #expect(try perform(light, in: &registry).status == 200)
        #expect(registry.counts.instances == 0)
    }

    @Test func `a full beat of an unknown instance registers it`() throws {
        var registry = Registry()
        let body = #"serviceName=svc&beat={"ip":"10.0.0.1","port":8080,"weight":2}"#
        let answer = try perform("PUT \(api)/instance/beat", body: body, in: &registry)
        #expect(answer.text == taken)
        let view = registry.instance(target().instance, of: service())
        #expect(view?.weight.value == 2)
        #expect(view?.isHealthy == true)
    }

    @Test func `a beat of a known instance needs no command of its own`() throws {
        let registry = try registry(after: [register])
        let number = registry.beatTarget(target().instance, of: service())?.number
        let reception = try beat(light)?.reception(in: registry)
        guard case .known(let answer, number: number) = reception else {
            Issue.record("\(String(describing: reception))")
            return
        }
        #expect(answer.text == taken)
    }

    @Test func `a beat of a persistent instance is answered and passed over`() throws {
        let registry = try registry(after: [register + "&ephemeral=false"])
        guard case .known(let answer, number: nil) = try beat(light)?.reception(in: registry) else {
            Issue.record("not known, or to be passed on")
            return
        }
        #expect(answer.text == taken)
    }

    @Test func `the client is told its own interval`() throws {
        var registry = try registry(after: [
            register + "&metadata=preserved.heart.beat.interval%3D3000"
        ])
        #expect(try perform(light, in: &registry).text.hasPrefix(#"{"clientBeatInterval":3000,"#))
    }

    @Test(arguments: [
        (#"{"ip":"10.0.0.1","port":8080,"cluster":"own"}"#, "own"),
        (#"{"ip":"10.0.0.1","port":8080,"cluster":""}"#, "param"),
        (#"{"ip":"10.0.0.1","port":8080,"cluster":null}"#, "param"),
        (#"{"ip":"10.0.0.1","port":8080}"#, "param"),
        (#"{"ip":"10.0.0.1","port":8080,"cluster":"None"}"#, "DEFAULT"),
    ])
    func `the cluster in the beat wins over the parameter`(
        _ json: String, _ cluster: String
    ) throws {
        #expect(try full(json)?.target.instance.clusterName == cluster)
    }

    @Test(arguments: [
        #"{"ip":"10.0.0.1","port":"8080","weight":"1.0"}"#,
        #"{"ip":"10.0.0.1","port":8080.0,"weight":1,"metadata":null,"unknown":[{}]}"#,
        #"{"ip":" 10.0.0.1 ","port":8080,"weight":1.0,"ephemeral":"true","metadata":{}}"#,
    ])
    func `numbers may be text and text may be missing`(_ json: String) throws {
        let beat = try full(json)
        #expect(beat?.target.instance.port == 8080)
        #expect(beat?.target.instance.ip == "10.0.0.1")
        #expect(beat?.registration?.weight == .one)
        #expect(beat?.registration?.kind == .ephemeral)
        #expect(beat?.registration?.metadata == Metadata())
    }

    @Test func `a beat that decoding spoilt is read as it was sent`() throws {
        let json = #"{"ip":"10.0.0.1","port":8080,"metadata":{"a":"%22"}}"#
        let line = "PUT \(api)/instance/beat?serviceName=svc&beat=\(json)"
        let metadata = try beat(line)?.registration?.metadata
        #expect(metadata == Metadata(["a": "%22"]))
    }

    @Test(arguments: [
        ("{", "Param 'beat' is illegal, it should be a JSON object."),
        ("[]", "Param 'beat' is illegal, it should be a JSON object."),
        (#"{"port":1}"#, "Param 'ip' is required."),
        (#"{"ip":"a"}"#, "Param 'port' is required."),
        (
            #"{"ip":"a","port":1e99}"#,
            "Param 'port' is illegal, the value should be between 0 and 65535"
        ),
        (
            #"{"ip":"a","port":70000}"#,
            "Param 'port' is illegal, the value should be between 0 and 65535"
        ),
        (
            #"{"ip":"a b","port":1}"#,
            "Param 'ip' is illegal, illegal characters should not appear in the param."
        ),
    ])
    func `a beat that names no instance is refused`(_ json: String, _ text: String) {
        let error = refusal("PUT \(api)/instance/beat", body: "serviceName=svc&beat=\(json)")
        #expect(error == NacosError(400, text))
    }

    @Test func `deeply nested text is refused and does not trap`() {
        let json = String(repeating: "[", count: 100_000)
        let error = refusal("PUT \(api)/instance/beat", body: "serviceName=svc&beat=\(json)")
        #expect(error?.status == 400)
    }
}
