internal import Nacos
internal import NamingClient
internal import Platform
internal import Testing

/// Serves one canned answer to every connection, on a thread of its own, until it goes.
private final class CannedServer {
    let address: Address
    private let stop: () -> Void

    init(_ answer: @escaping @Sendable (Address) -> String?) throws {
        let started = try LoopThread.start(name: "canned") { loop in
            let own = Guarded(Address(host: "127.0.0.1", port: 0))
            let listener = try Listener(at: own.withLock { $0 }, on: loop) { connection in
                connection.onBytes = { bytes in
                    if let text = answer(own.withLock { $0 }) {
                        connection.write(Array(text.utf8))
                        connection.closeAfterWriting()
                    }
                    return bytes.count
                }
            }
            let address = listener.address
            own.withLock { $0 = address }
            return address
        }
        address = started.handle
        stop = { started.thread.stop() }
    }

    deinit { stop() }
}

@Suite struct StatusQueryTests {
    static func answer(_ status: NodeStatus) throws -> String {
        let body = String(decoding: try JSONText.encode(status), as: UTF8.self)
        return "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func status(_ node: UInt64, _ role: String, members: [Address]) -> NodeStatus {
        NodeStatus(
            node: node, role: role, term: 4, leader: 2, commitIndex: 10, appliedIndex: 10,
            lastIndex: 10,
            members: members.enumerated().map { place, address in
                .init(node: UInt64(place + 1), raft: "x:1", http: address.description)
            }, cluster: "blue", version: "0.1.0")
    }

    @Test func `every member is asked and those that do not answer are shown`() throws {
        let second = try CannedServer { own in
            try? Self.answer(Self.status(2, "leader", members: [own]))
        }
        let deaf = try CannedServer { _ in nil }
        let third = deaf.address
        let other = second.address
        let first = try CannedServer { own in
            let closed = Address(host: "127.0.0.1", port: 1)
            let members = [own, other, third, closed]
            return try? Self.answer(Self.status(1, "follower", members: members))
        }
        let found = try StatusQuery.run(server: first.address, timeoutMilliseconds: 300)
        #expect(found.nodes.map(\.node) == [1, 2, 3, 4])
        #expect(found.nodes.map(\.role) == ["follower", "leader", nil, nil])
        #expect(found.nodes[2].error == "no answer in time")
        #expect(found.nodes[3].error?.contains("127.0.0.1:1") == true)
        #expect(found.leader == 2 && found.cluster == "blue")
    }

    @Test func `a server that cannot be asked is an error`() {
        let closed = Address(host: "127.0.0.1", port: 1)
        #expect(throws: HTTPClientError.self) {
            try StatusQuery.run(server: closed, timeoutMilliseconds: 300)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-Go\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ])
    func `a server of another kind is an error`(text: String) throws {
        let stranger = try CannedServer { _ in text }
        #expect(throws: HTTPClientError.self) {
            try StatusQuery.run(server: stranger.address, timeoutMilliseconds: 5_000)
        }
    }
}
