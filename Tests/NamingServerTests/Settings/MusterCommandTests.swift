internal import NamingServer
internal import Platform
internal import Testing

@Suite struct MusterCommandTests {
    func refusal(_ words: String...) -> String { refusal(words) }

    func refusal(_ words: [String]) -> String {
        do throws(UsageError) {
            return "accepted: \(try MusterCommand(arguments: words))"
        } catch {
            return error.description
        }
    }

    @Test(arguments: ["help", "--help", "-h"])
    func `help can be asked for in every usual way`(word: String) throws {
        #expect(try MusterCommand(arguments: [word]) == .help)
        #expect(try MusterCommand(arguments: ["serve", "--id", "x", "--help"]) == .help)
    }

    @Test func `the usage names every option that is read`() {
        for option in [
            "--id", "--data", "--http", "--raft", "--peers", "--http-peers", "--cluster",
            "--election-timeout", "--heartbeat", "--log-level", "--snapshot-entries",
            "--on-damage",
            "--stop-when-input-ends", "--nodes", "--http-port", "--server", "--json", "--timeout",
            "--out", "--force", "--node", "--members",
        ] {
            #expect(MusterCommand.usage.contains(option), "\(option)")
        }
    }

    @Test func `looking at files takes one path`() throws {
        if case .inspectLog(let log) = try MusterCommand(arguments: ["wal", "inspect", "/d"]) {
            #expect(log.path == "/d" && !log.printsJSON)
        } else {
            Issue.record("no inspection of a log")
        }
        let words = ["snapshot", "inspect", "--json", "/f"]
        if case .inspectSnapshot(let snapshot) = try MusterCommand(arguments: words) {
            #expect(snapshot.path == "/f" && snapshot.printsJSON)
        } else {
            Issue.record("no inspection of a snapshot")
        }
        #expect(refusal("wal", "inspect") == "DIR is missing")
        #expect(refusal("snapshot", "inspect", "a", "b") == "unexpected argument 'b'")
        #expect(refusal("wal", "/d").contains("muster wal inspect DIR"))
    }

    @Test func `a benchmark is chosen by its name`() throws {
        if case .bench(let bench) = try MusterCommand(
            arguments: ["bench", "snapshot", "--instances", "7"])
        {
            #expect(bench.instances == 7 && bench.snapshots == nil)
        } else {
            Issue.record("no benchmark")
        }
        #expect(refusal("bench", "x") == "there is no benchmark 'x'; there is: snapshot")
    }

    @Test func `a restoration names the new cluster, and the node among its members`() throws {
        let words = ["/b", "--data", "/d", "--cluster", "green", "--node", "2"]
        let settings = try RestoreSettings(arguments: words)
        #expect(settings.path == "/b" && settings.dataDirectory == "/d")
        #expect(settings.clusterName == "green" && settings.node == 2)
        #expect(settings.members == nil)
        let named = try RestoreSettings(arguments: words + ["--members", "2,5,7"])
        #expect(named.members == [2, 5, 7])
        func refused(_ more: String...) -> String { refusal(["restore"] + words + more) }
        #expect(refused("--members", "1,3").contains("node 2"))
        #expect(refused("--members", "2,2").contains("twice"))
        #expect(refused("--members", "2,").contains("--members"))
        #expect(refusal("restore", "/b", "--data", "/d", "--node", "2").contains("--cluster"))
        let long = String(repeating: "x", count: 65)
        #expect(
            refusal("restore", "/b", "--data", "/d", "--node", "2", "--cluster", long).contains(
                "64 bytes"))
    }

    @Test func `a command that does not exist is named`() {
        #expect(refusal("dance") == "there is no command 'dance'")
        #expect(refusal() == "no command is given")
    }

    @Test func `a demo has three nodes on the ports of Nacos`() throws {
        let demo = try DemoSettings(arguments: [])
        #expect(demo.peers.map(\.http.port) == [8848, 8858, 8868])
        #expect(demo.peers.map(\.raft.port) == [7848, 7858, 7868])
        #expect(demo.dataDirectory == nil)
    }

    @Test func `a demo starts nodes with a command line that they accept`() throws {
        let demo = try DemoSettings(arguments: [
            "--nodes", "5", "--http-port", "9000", "--log-level", "error",
        ])
        for peer in demo.peers {
            let words = demo.serveArguments(for: peer, data: "/tmp/node")
            #expect(words.first == "serve")
            let settings = try ServeSettings(arguments: Array(words.dropFirst()))
            #expect(settings.ownPeer == peer && settings.peers == demo.peers)
            #expect(settings.http == peer.http && settings.raft == peer.raft)
            #expect(settings.stopsWhenInputEnds && settings.logLevel == .error)
        }
    }

    @Test(arguments: [
        ("--nodes", "0"), ("--nodes", "8"), ("--http-port", "1000"), ("--http-port", "65500"),
        ("--http-port", "x"), ("--log-level", "loud"),
    ])
    func `a demo that cannot be is refused`(option: String, value: String) {
        #expect(refusal("demo", option, value).hasPrefix(option))
    }

    @Test(arguments: ["localhost:9", "http://localhost:9", "http://localhost:9/"])
    func `a server is an address or a plain URL`(text: String) throws {
        let status = try StatusSettings(arguments: ["--server", text])
        #expect(status.server == Address(host: "localhost", port: 9))
        #expect(!status.printsJSON)
    }

    @Test func `status asks the usual port unless told otherwise`() throws {
        let status = try StatusSettings(arguments: ["--json", "--timeout", "5"])
        #expect(status.server == Address(host: "127.0.0.1", port: 8848))
        #expect(status.printsJSON && status.timeoutMilliseconds == 5)
    }

    @Test func `a server that cannot be asked is refused`() {
        #expect(refusal("status", "--server", "https://a:1").contains("plain HTTP"))
        #expect(refusal("status", "--server", "http://a:1/nacos").hasPrefix("--server"))
        #expect(refusal("status", "--server", "a").hasPrefix("--server"))
    }

    @Test func `the cleaner removes nothing but what a demo has made`() throws {
        let made = "/tmp/muster-demo-abc"
        #expect(
            try MusterCommand(arguments: ["clean-up-demo", made]) == .cleanUpDemo(directory: made))
        for words in [
            [], ["/"], ["/tmp"], ["/tmp/muster-demo"], ["/tmp/muster-demo-a/x"], [made, made],
        ] {
            #expect(throws: UsageError.self) {
                try MusterCommand(arguments: ["clean-up-demo"] + words)
            }
        }
    }
}
