internal import FoundationEssentials
internal import Nacos
internal import Naming
internal import Testing

private let api = "/nacos/v1/ns"

@Suite struct `Operator calls` {
    @Test(arguments: ["operator", "ops"])
    func `both names of the folder work`(_ folder: String) throws {
        #expect(try request("GET \(api)/\(folder)/metrics") == .metrics(onlyStatus: true))
        #expect(
            try request("GET \(api)/\(folder)/metrics?onlyStatus=false")
                == .metrics(onlyStatus: false))
        #expect(
            try request("GET \(api)/\(folder)/servers?healthy=true") == .servers(healthyOnly: true))
        #expect(try request("GET \(api)/\(folder)/switches") == .switches)
    }

    @Test func `other calls and other contexts`() throws {
        #expect(try request("GET \(api)/raft/leader") == .raftLeader)
        #expect(try request("GET \(api)/raft/state") == .raftState)
        #expect(try request("GET /nacos/v1/console/health/liveness") == .liveness)
        #expect(try request("HEAD /nacos/v1/console/health/readiness/") == .readiness)
        #expect(try request("GET /v1/core/cluster/self") == .clusterSelf)
        #expect(try request("GET /nacos/v1/core/cluster/nodes") == .clusterNodes)
        #expect(try request("GET /nacos/v1/core/cluster/health") == .clusterHealth)
        #expect(try request("GET /v1/ns/operator/metrics") == .metrics(onlyStatus: true))
        #expect(try request("POST /nacos/v3/auth/user/login?username=u") == .logIn(username: "u"))
    }

    @Test(arguments: [
        ("GET /nacos/v1/ns/nothing", "no such api:GET:/nacos/v1/ns/nothing"),
        ("POST /nacos/v1/ns/instance/list", "no such api:POST:/nacos/v1/ns/instance/list"),
        ("GET /nacos/v1/ns/metrics", "no such api:GET:/nacos/v1/ns/metrics"),
        ("PUT /nacos/v1/ns/operator/metrics", "no such api:PUT:/nacos/v1/ns/operator/metrics"),
    ])
    func `an unknown naming call is a 501 that repeats it`(_ line: String, _ text: String) {
        #expect(refusal(line) == NacosError(501, text))
    }

    @Test(arguments: [
        "GET /", "GET /nacos/v1/cs/configs", "GET /nacosv1/ns/instance", "GET /v1/nsx/a",
    ])
    func `any other path is a 404`(_ line: String) {
        #expect(refusal(line)?.status == 404)
    }

    @Test func `a cluster without a leader sends clients to the next server`() {
        let answer = NacosAnswer(.unavailable)
        #expect(answer.status == 503)
        #expect(answer.text == "server is DOWN now, please try again later!")
    }

    @Test func `the status alone, or all figures`() {
        var figures = ServerFigures(status: .up)
        figures.serviceCount = 2
        figures.instanceCount = 3
        figures.connectionCount = 4
        figures.ephemeralClientCount = 5
        figures.cpu = 0.25
        #expect(NacosAnswer.metrics(figures, onlyStatus: true).text == #"{"status":"UP"}"#)
        let expected =
            #"{"status":"UP","serviceCount":2,"instanceCount":3,"subscribeCount":0,"#
            + #""raftNotifyTaskCount":0,"responsibleServiceCount":2,"responsibleInstanceCount":3,"#
            + #""clientCount":9,"connectionBasedClientCount":4,"ephemeralIpPortClientCount":5,"#
            + #""persistentIpPortClientCount":0,"responsibleClientCount":9,"cpu":0.25}"#
        #expect(NacosAnswer.metrics(figures, onlyStatus: false).text == expected)
    }

    @Test func `a login gives a token in the body and in a field`() {
        let answer = NacosAnswer.loggedIn(
            username: "u\"", token: "t", secondsToLive: 18_000, isAdministrator: true)
        #expect(
            answer.text
                == #"{"accessToken":"t","tokenTtl":18000,"globalAdmin":true,"username":"u\""}"#)
        #expect(answer.authorization == "Bearer t")
    }

    @Test func `nodes and peers in the shapes of old servers`() {
        let member = MemberView(
            ip: "10.0.0.1", port: 8848, state: .up, raftPort: 7848, version: "1.0",
            leader: "10.0.0.1:7848", members: ["10.0.0.1:7848"], term: 3,
            lastRefreshMilliseconds: 9, failedContacts: 0)
        let node =
            #"{"ip":"10.0.0.1","port":8848,"state":"UP","extendInfo":{"lastRefreshTime":9,"#
            + #""raftMetaData":{"metaDataMap":{"naming_persistent_service":{"#
            + #""leader":"10.0.0.1:7848","raftGroupMember":["10.0.0.1:7848"],"term":3}}},"#
            + #""raftPort":"7848","version":"1.0"},"address":"10.0.0.1:8848","#
            + #""failAccessCnt":0,"abilities":{}}"#
        #expect(NacosAnswer.servers([member]).text == #"{"servers":[\#(node)]}"#)
        #expect(
            NacosAnswer.clusterNodes([member]).text
                == #"{"code":200,"message":null,"data":[\#(node)]}"#)
        #expect(
            NacosAnswer.clusterSelf(member).text == #"{"code":200,"message":null,"data":\#(node)}"#)
        #expect(
            NacosAnswer.clusterHealth(.up).text == #"{"code":200,"message":null,"data":"UP"}"#)

        let peer = RaftPeerView(
            address: "h:8848", votedFor: "h:8848", term: 12, role: .leader,
            leaderDueMilliseconds: 1, heartbeatDueMilliseconds: 2)
        let raft =
            #"{"ip":"h:8848","voteFor":"h:8848","term":12,"leaderDueMs":1,"#
            + #""heartbeatDueMs":2,"state":"LEADER"}"#
        #expect(
            NacosAnswer.raftState(serviceCount: 1, peers: [peer]).text
                == #"{"services":1,"peers":[\#(raft)]}"#)
        let quoted = raft.replacing("\"", with: "\\\"")
        #expect(NacosAnswer.raftLeader(peer).text == #"{"leader":"\#(quoted)"}"#)
        #expect(NacosAnswer.raftLeader(nil).text == #"{"leader":""}"#)
    }

    @Test func `the switches are JSON with every field that clients know`() throws {
        struct Switches: Decodable {
            struct Probe: Decodable { var max: Int, min: Int, factor: Double }
            var name: String
            var clientBeatInterval: Int, defaultCacheMillis: Int, defaultPushCacheMillis: Int
            var pushEnabled: Bool, lightBeatEnabled: Bool, defaultInstanceEphemeral: Bool
            var httpHealthParams: Probe, tcpHealthParams: Probe, mysqlHealthParams: Probe
            var overriddenServerStatus: String?
        }
        var view = SwitchView()
        view.overriddenStatus = .paused
        let data = Data(NacosAnswer.switches(view).body)
        let switches = try JSONDecoder().decode(Switches.self, from: data)
        #expect(switches.name == "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00")
        #expect(switches.clientBeatInterval == 5000)
        #expect(!switches.pushEnabled)
        #expect(switches.tcpHealthParams.factor == 0.75)
        #expect(switches.overriddenServerStatus == "PAUSED")
    }

    @Test func `every character survives the way into JSON`() throws {
        var scalars = (0..<0x30).compactMap { Unicode.Scalar($0) }
        scalars += ["\"", "\\", "/", "\u{7f}", "é", "你", "\u{2028}", "😀"]
        let name = String(String.UnicodeScalarView(scalars))
        struct Login: Decodable { var username: String }
        let answer = NacosAnswer.loggedIn(
            username: name, token: "", secondsToLive: 1, isAdministrator: false)
        let login = try JSONDecoder().decode(Login.self, from: Data(answer.body))
        #expect(Array(login.username.unicodeScalars) == scalars)
    }

    @Test func `random calls are answered or refused and never trap`() throws {
        var random = SeededRandom(seed: 5)
        let paths = ["instance", "instance/list", "instance/beat", "service", "service/list", "x"]
        let names = [
            "serviceName", "ip", "port", "beat", "metadata", "weight", "ephemeral", "pageNo",
        ]
        let values = [
            "", "a", "G@@b", "1", "-1", "1e400", "9223372036854775808", "nan", "null", "{", "{}",
            "[]",
            #"{"ip":"a","port":1}"#, "%", "%zz", "%00", "\u{0}", "你", "a=b", "a=b=c", "&", "+",
            String(repeating: "x", count: 2000), #"{"a":{"b":[1,2,{"c":null}]}}"#,
        ]
        var registry = Registry()
        for _ in 0..<3000 {
            let query = (0..<random.below(6)).map { _ in
                "\(names[random.below(names.count)])=\(values[random.below(values.count)])"
            }.joined(separator: "&")
            let method = ["GET", "POST", "PUT", "PATCH", "DELETE"][random.below(5)]
            let line = "\(method) \(api)/\(paths[random.below(paths.count)])"
            do throws(NacosError) {
                let call = try NacosCall(
                    method: method, path: String(line.split(separator: " ")[1]),
                    query: random.below(2) == 0 ? query : "", body: Array(query.utf8),
                    contentType: nil)
                let request = try NacosRequest(call)
                if let answer = request.answer(from: registry) {
                    #expect([200, 404].contains(answer.status))
                } else if let command = request.command {
                    let outcome = registry.apply(command, index: 1, timeMilliseconds: 1)
                    #expect([200, 400].contains(request.answer(to: outcome).status))
                }
            } catch {
                #expect([400, 501].contains(error.status))
            }
        }
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
private struct SeededRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
