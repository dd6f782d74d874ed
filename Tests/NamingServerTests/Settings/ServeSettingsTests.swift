internal import NamingServer
internal import Platform
internal import Testing

@Suite struct ServeSettingsTests {
    /// A command line that is right, as option and value.
    static let good: [(String, String)] = [
        ("--id", "2"), ("--data", "/tmp/two"), ("--http", "127.0.0.1:8858"),
        ("--raft", "127.0.0.1:7858"), ("--peers", "3=c:7868,1=a:7848,2=b:7858"),
    ]

    /// The good command line with some options changed, added, or taken away (by nil).
    func words(_ changes: [String: String?] = [:]) -> [String] {
        var options = Self.good.filter { !changes.keys.contains($0.0) }
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            if let value { options.append((name, value)) }
        }
        return options.flatMap { [$0.0, $0.1] }
    }

    /// The text of the error that a command line gives.
    func refusal(_ words: [String]) -> String {
        do throws(UsageError) {
            let settings = try ServeSettings(arguments: words)
            return "accepted: \(settings)"
        } catch {
            return error.description
        }
    }

    @Test func `a node learns who and where it and its peers are`() throws {
        let settings = try ServeSettings(arguments: words())
        #expect(settings.node == 2)
        #expect(settings.dataDirectory == "/tmp/two")
        #expect(settings.http == Address(host: "127.0.0.1", port: 8858))
        #expect(settings.raft == Address(host: "127.0.0.1", port: 7858))
        #expect(settings.peers.map(\.node) == [1, 2, 3])
        #expect(settings.peers.map(\.raft.description) == ["a:7848", "b:7858", "c:7868"])
        #expect(settings.ownPeer?.node == 2)
        #expect(!settings.stopsWhenInputEnds)
    }

    @Test func `the HTTP address of a peer is as far from its Raft address as here`() throws {
        let settings = try ServeSettings(arguments: words())
        #expect(settings.peers.map(\.http.description) == ["a:8848", "b:8858", "c:8868"])
    }

    @Test func `the HTTP addresses of the peers can be given`() throws {
        let given = "1=x:1,2=y:2,3=z:3"
        let settings = try ServeSettings(arguments: words(["--http-peers": given]))
        #expect(settings.peers.map(\.http.description) == ["x:1", "y:2", "z:3"])
    }

    @Test func `tuning has defaults and can be set`() throws {
        let plain = try ServeSettings(arguments: words())
        #expect(plain.clusterName == "muster" && plain.logLevel == .info)
        #expect(plain.electionTimeoutMilliseconds == 1000 && plain.heartbeatMilliseconds == 100)
        let tuned = try ServeSettings(
            arguments: words([
                "--cluster": "blue", "--election-timeout": "500", "--heartbeat": "50",
                "--log-level": "debug", "--snapshot-entries": "7",
                "--on-damage": "stop",
            ]) + ["--stop-when-input-ends"])
        #expect(tuned.clusterName == "blue" && tuned.logLevel == .debug)
        #expect(tuned.electionTimeoutMilliseconds == 500 && tuned.heartbeatMilliseconds == 50)
        #expect(plain.rejoinsWhenDamaged && !tuned.rejoinsWhenDamaged)
        #expect(tuned.snapshotEntries == 7 && tuned.stopsWhenInputEnds)
    }

    @Test func `a short election timeout shortens the heartbeat that was not given`() throws {
        let settings = try ServeSettings(arguments: words(["--election-timeout": "100"]))
        #expect(settings.heartbeatMilliseconds == 20)
    }

    @Test func `an option and its value may be one word`() throws {
        let settings = try ServeSettings(arguments: words(["--data": nil]) + ["--data=/a=b"])
        #expect(settings.dataDirectory == "/a=b")
    }

    @Test(arguments: ["--id", "--data", "--http", "--raft", "--peers"])
    func `an option that is missing is named`(option: String) {
        #expect(refusal(words([option: String?.none])) == "\(option) is missing")
    }

    @Test(arguments: [
        ("--id", "0"), ("--id", "-1"), ("--id", "one"), ("--id", "18446744073709551616"),
        ("--http", "8848"), ("--http", "a:65536"), ("--http", "a:0"), ("--raft", ":1"),
        ("--peers", "1"), ("--peers", "2=a:1,"), ("--peers", "2=a:1,2=b:1"),
        ("--peers", "1=a:1,2=a:1"), ("--peers", "0=a:1,2=b:2"), ("--peers", "1=a:1"),
        ("--http-peers", "1=a:1,2=b:2"), ("--http-peers", "1=a:1,2=b:2,4=c:3"),
        ("--cluster", String(repeating: "x", count: 65)), ("--election-timeout", "49"),
        ("--election-timeout", "99999999999999999999"), ("--heartbeat", "334"),
        ("--heartbeat", "9"), ("--log-level", "loud"), ("--snapshot-entries", "0"),
        ("--data", ""), ("--on-damage", "hope"),
    ])
    func `a bad value is refused with the name of its option`(option: String, value: String) {
        let text = refusal(words([option: value]))
        #expect(text.hasPrefix(option), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test func `a port that does not follow is asked for`() {
        let far = ["--peers": "1=a:65000,2=b:7858,3=c:1"]
        #expect(refusal(words(far)).hasPrefix("--http-peers is needed"))
    }

    @Test func `more peers than a cluster may have are refused`() {
        let many = (1...ServeSettings.maxPeers + 1).map { "\($0)=h:\(100 + $0)" }
        #expect(refusal(words(["--peers": many.joined(separator: ",")])).contains("more than 15"))
    }

    @Test func `words that are no options are refused`() {
        #expect(refusal(words() + ["--colour", "red"]) == "unknown option --colour")
        #expect(refusal(words() + ["more"]) == "unexpected argument 'more'")
        #expect(refusal(words() + ["--id", "3"]) == "--id is given twice")
        #expect(refusal(words() + ["--cluster"]) == "--cluster needs a value")
        #expect(refusal(words() + ["--stop-when-input-ends=1"]).hasSuffix("takes no value"))
    }
}
