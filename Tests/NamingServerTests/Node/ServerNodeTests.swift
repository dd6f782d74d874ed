internal import Platform
internal import RaftRuntime
internal import Testing

@testable internal import NamingServer

/// One request of a script, asked again and again until its answer is the one that is waited for.
private struct Step {
    var method = "GET"
    var target: String
    var isDone: (String) -> Bool

    /// The answer must come at the first try.
    static func expect(_ method: String, _ target: String, _ part: String) -> Step {
        Step(method: method, target: target) { answer in
            #expect(answer.contains(part), "\(method) \(target)")
            return true
        }
    }

    /// Asks until the answer holds all the parts.
    static func wait(_ target: String, for parts: String...) -> Step {
        Step(target: target) { answer in parts.allSatisfy { answer.contains($0) } }
    }
}

/// A node of a cluster of one on a loop, and a client that follows a script.
private final class Session {
    private let loop: EventLoop
    private let node: ServerNode
    private var steps: [Step]

    /// Runs a node on `directory` until the script has ended.
    static func run(_ directory: String, _ steps: [Step]) throws {
        let loop = try EventLoop()
        let session = try Session(loop, directory, steps)
        // Keeps a broken test from hanging; no test measures time by it.
        loop.schedule(at: .now.advanced(byMilliseconds: 60_000)) {
            Issue.record("still waiting for \(session.steps.first?.target ?? "the end")")
            session.node.stop(exitCode: 1)
        }
        session.next()
        loop.run()
        #expect(session.steps.isEmpty)
        #expect(session.node.exitCode == 0)
    }

    private init(_ loop: EventLoop, _ directory: String, _ steps: [Step]) throws {
        self.loop = loop
        self.steps = steps
        let anywhere = Address(host: "127.0.0.1", port: 0)
        var settings = ServeSettings(
            node: 1, dataDirectory: directory, http: anywhere, raft: anywhere,
            peers: [ServeSettings.Peer(node: 1, raft: anywhere, http: anywhere)])
        settings.electionTimeoutMilliseconds = 150
        settings.heartbeatMilliseconds = 30
        settings.logLevel = .error
        node = try ServerNode(settings, on: loop)
    }

    private func next() {
        guard let step = steps.first else { return node.stop(exitCode: 0) }
        guard let address = node.httpAddress else { return }
        ask(step, at: address) { [self] answer in
            if step.isDone(answer) {
                steps.removeFirst()
                return next()
            }
            loop.schedule(at: .now.advanced(byMilliseconds: 20)) { [self] in next() }
        }
    }

    private func ask(_ step: Step, at address: Address, _ then: @escaping (String) -> Void) {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: 20_000)
        Connection.connect(to: address, on: loop, deadline: deadline) { result in
            guard case .success(let connection) = result else { return then("") }
            var answer: [UInt8] = []
            connection.onBytes = { bytes in
                for i in bytes.indices { answer.append(bytes[i]) }
                return bytes.count
            }
            connection.onClose = { _ in then(String(decoding: answer, as: UTF8.self)) }
            let request =
                "\(step.method) \(step.target) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
            connection.write(Array((request + "\r\n").utf8))
        }
    }
}

private let instance = "/nacos/v1/ns/instance"
private let list = "/nacos/v1/ns/instance/list?serviceName=s"

@Suite struct `A node with its doors` {
    @Test func `an instance is registered, listed, beaten for and deregistered`() throws {
        try withDirectory { directory in
            try Session.run(
                directory,
                [
                    .wait("/nacos/v1/console/health/readiness", for: "200 OK"),
                    .expect("POST", "\(instance)?serviceName=s&ip=10.0.0.1&port=80", "\r\n\r\nok"),
                    .expect("GET", list, #""ip":"10.0.0.1","port":80"#),
                    .expect(
                        "PUT", "\(instance)/beat?serviceName=s&ip=10.0.0.1&port=80",
                        #""code":10200"#),
                    .expect(
                        "PUT", "\(instance)/beat?serviceName=s&ip=10.0.0.2&port=80",
                        #""code":20404"#),
                    .expect(
                        "DELETE", "\(instance)?serviceName=s&ip=10.0.0.1&port=80", "\r\n\r\nok"),
                    .expect("GET", list, #""hosts":[]"#),
                ])
        }
    }

    @Test func `silence makes an instance unhealthy and then removes it`() throws {
        let timers =
            "%7B%22preserved.heart.beat.interval%22%3A%22100%22%2C"
            + "%22preserved.heart.beat.timeout%22%3A%22300%22%2C"
            + "%22preserved.ip.delete.timeout%22%3A%222000%22%7D"
        try withDirectory { directory in
            try Session.run(
                directory,
                [
                    .wait("/nacos/v1/console/health/readiness", for: "200 OK"),
                    .expect(
                        "POST", "\(instance)?serviceName=s&ip=10.0.0.1&port=80&metadata=\(timers)",
                        "\r\n\r\nok"),
                    .expect("POST", "\(instance)?serviceName=s&ip=10.0.0.2&port=80", "\r\n\r\nok"),
                    .wait(list, for: #""ip":"10.0.0.1","port":80,"weight":1.0,"healthy":false"#),
                    .wait(list + "&healthyOnly=true", for: "10.0.0.2"),
                    Step(target: list) { !$0.contains("10.0.0.1") && $0.contains("10.0.0.2") },
                    .expect("GET", "/metrics", #"change="instance_removed"} 1"#),
                ])
        }
    }

    @Test func `after a restart the list is what it was`() throws {
        try withDirectory { directory in
            try Session.run(
                directory,
                [
                    .wait("/nacos/v1/console/health/readiness", for: "200 OK"),
                    .expect("POST", "\(instance)?serviceName=s&ip=10.0.0.1&port=80", "\r\n\r\nok"),
                ])
            try Session.run(
                directory,
                [
                    // Before the node has caught up it sends its clients on and shows no list.
                    Step(target: list) { answer in
                        #expect(answer.hasPrefix("HTTP/1.1 503 ") || answer.contains("10.0.0.1"))
                        return answer.contains("10.0.0.1")
                    }
                ])
        }
    }

    @Test func `operators see the node's part, its members and its figures`() throws {
        try withDirectory { directory in
            try Session.run(
                directory,
                [
                    .wait("/muster/v1/status", for: #""role":"leader""#, #""term":1"#),
                    .wait("/metrics", for: "leaderStatus\"} 1", "muster_raft_fsync_seconds_count"),
                    .wait("/nacos/v1/ns/raft/leader", for: "LEADER"),
                    .wait("/nacos/v1/ns/operator/metrics", for: #""status":"UP""#),
                    .expect("GET", "/nacos/v1/ns/nowhere", "501 Not Implemented"),
                    .expect("POST", "\(instance)?serviceName=s&ip=10.0.0.1", "400 Bad Request"),
                ])
        }
    }

    @Test func `a directory in use and a damaged setting are errors and no crash`() throws {
        try withDirectory { directory in
            let lock = try DirectoryLock(directory)
            #expect(throws: (any Error).self) { try Session.run(directory, []) }
            withExtendedLifetime(lock) {}
        }
        var settings = ServeSettings(
            node: 1, dataDirectory: "/", http: Address(host: "h", port: 1),
            raft: Address(host: "h", port: 1), peers: [])
        settings.heartbeatMilliseconds = 400
        #expect(throws: SettingsError.self) { try settings.nodeOptions() }
    }
}

private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = try Directory.makeTemporary(prefix: "muster-test-")
    do {
        try body(directory)
    } catch {
        try Directory.removeTree(directory)
        throw error
    }
    try Directory.removeTree(directory)
}
