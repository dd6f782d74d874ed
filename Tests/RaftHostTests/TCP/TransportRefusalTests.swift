internal import Platform
internal import Raft
internal import RaftHost
internal import RaftTransport
internal import Testing
internal import Wire

/// Who is not spoken to, and what that costs.
@Suite struct TransportRefusalTests {
    private static func identity(_ node: UInt64, incarnation: UInt64? = nil) -> NodeIdentity {
        NodeIdentity(cluster: "test", node: NodeID(node), incarnation: incarnation ?? node)
    }

    @Test func `nodes of two clusters refuse each other, and both logs say why`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1, cluster: "alpha")
        let two = try Actor(stage, 2, cluster: "beta")
        introduce([one, two])
        let bothTold = { [one, two] in
            [one, two].allSatisfy { actor in
                let messages = actor.notices.map(\.message)
                return messages.contains("a peer refuses this node")
                    && messages.contains("a connection was refused")
            }
        }
        stage.step("both are told", when: bothTold())
        try stage.play()
        let expected = [
            "node 1 belongs to cluster \"alpha\", node 2 to \"beta\"",
            "node 2 belongs to cluster \"beta\", node 1 to \"alpha\"",
        ]
        #expect(Set(one.noticed("reason")) == Set(expected))
        #expect(Set(two.noticed("reason")) == Set(expected))
        #expect(!one.isConnected(with: two) && one.received.isEmpty && one.closings.isEmpty)
        one.transport.close()
        two.transport.close()
    }

    @Test func `a node that is reached under another's name is refused by name`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let three = try Actor(stage, 3)
        one.transport.setPeers([(NodeID(2), three.address)])
        let reason = "node 1 meant to reach node 2, this is node 3"
        stage.step(
            "both are told",
            when: one.noticed("reason").contains(reason)
                && three.noticed("reason").contains(reason))
        try stage.play()
        one.transport.close()
        three.transport.close()
    }

    @Test func `a peer that comes back without its data is refused`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2, incarnation: 22)
        introduce([one, two])
        var wiped: Actor?
        stage.step("both connect", when: one.isConnected(with: two)) {
            two.transport.close()
            let impostor = try Actor(stage, 2, incarnation: 23)
            introduce([one, impostor])
            wiped = impostor
        }
        let isRefused = { (actor: Actor?) in
            actor?.noticed("reason").contains { $0.contains("has another data directory") } ?? false
        }
        stage.step("both are told", when: isRefused(one) && isRefused(wiped))
        stage.step("both ways are refused", when: one.statistics(of: NodeID(2)).failedConnects > 0)
        try stage.play()
        #expect(one.statistics(of: NodeID(2)).isOutgoingConnected == false)
        #expect(one.statistics(of: NodeID(2)).isIncomingConnected == false)
        one.transport.close()
        wiped?.transport.close()
    }

    @Test func `an incarnation that is known from earlier counts from the start`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2, incarnation: 22)
        introduce([one, two])
        one.transport.expect(21, of: two.node)
        let isRefused = { [one] in
            one.notices.contains { $0.message == "what answers for a peer is refused" }
        }
        stage.step("it is refused", when: isRefused())
        try stage.play()
        #expect(!one.isConnected(with: two))
        one.transport.close()
        two.transport.close()
    }

    @Test func `garbage is not answered, and a flood of it does not flood the log`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2)
        introduce([one, two])
        let request = Array("GET / HTTP/1.1\r\nHost: example\r\n\r\n".utf8)
        var strangers: [Impostor] = []
        stage.step("both connect", when: one.isConnected(with: two)) {
            for _ in 0..<40 {
                strangers.append(Impostor(stage, dialling: one.address, saying: request))
            }
        }
        let isDone = { strangers.allSatisfy { $0.closing != nil } && !strangers.isEmpty }
        stage.step("all strangers are gone", when: isDone()) {
            one.transport.send(numbered(1), to: two.node)
        }
        stage.step("the cluster still works", when: two.received.count == 1)
        try stage.play()
        #expect(strangers.allSatisfy { $0.received.isEmpty })
        #expect(one.transport.strangerStatistics.refused == 40)
        #expect(one.transport.strangerStatistics.open == 0)
        let refusals = one.notices.filter { $0.message == "a connection was refused" }
        #expect(refusals.count == 10)
        #expect(one.noticed("reason").allSatisfy { $0.hasPrefix("does not speak this protocol") })
        #expect(one.closings.isEmpty)
        one.transport.close()
        two.transport.close()
    }

    @Test func `who says nothing is closed in time, and too many such are turned away`() throws {
        var settings = TCPTransportSettings.quick
        settings.maxStrangers = 3
        settings.handshakeTimeoutMilliseconds = 100
        let stage = try Stage()
        let one = try Actor(stage, 1, settings: settings)
        let silent = (0..<5).map { _ in
            Impostor(stage, dialling: one.address, saying: [UInt8](repeating: 0, count: 8))
        }
        stage.step("all are gone", when: silent.allSatisfy { $0.closing != nil })
        try stage.play()
        let statistics = one.transport.strangerStatistics
        #expect(statistics.accepted == 5)
        #expect(statistics.turnedAway == 2)
        #expect(statistics.timedOut == 3)
        #expect(statistics.open == 0)
        one.transport.close()
    }

    @Test func `a peer that speaks for another is cut off`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        one.transport.setPeers([(NodeID(2), Address(host: "127.0.0.1", port: 1))])
        let peer = try Impostor(
            stage, as: Self.identity(2), dialling: NodeID(1), at: one.address)
        stage.step("it is let in", when: peer.isAccepted) {
            peer.connection?.write(frame(commitNotice(from: NodeID(2), to: NodeID(1))))
            peer.connection?.write(frame(commitNotice(from: NodeID(3), to: NodeID(1))))
            peer.connection?.write(frame(commitNotice(from: NodeID(2), to: NodeID(1))))
        }
        stage.step("it is cut off", when: peer.closing != nil && one.closings.count == 1)
        try stage.play()
        #expect(one.received.count == 1)
        #expect(one.transport.strangerStatistics.damaged == 1)
        #expect(one.closings.map(\.processEnded) == [false])
        one.transport.close()
    }

    @Test func `damaged frames of a peer are never handed up`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        one.transport.setPeers([(NodeID(2), Address(host: "127.0.0.1", port: 1))])
        let peer = try Impostor(
            stage, as: Self.identity(2), dialling: NodeID(1), at: one.address)
        stage.step("it is let in", when: peer.isAccepted) {
            var damaged = frame(numbered(2))
            damaged[Frame.headerBytes] ^= 1
            peer.connection?.write(frame(numbered(1)) + damaged + frame(numbered(3)))
        }
        stage.step("it is cut off", when: peer.closing != nil && one.closings.count == 1)
        try stage.play()
        #expect(one.received.map(\.envelope) == [numbered(1)])
        #expect(one.noticed("error").contains { $0.hasPrefix("checksum mismatch") })
        one.transport.close()
    }

    @Test func `what waits for one incarnation of a peer does not reach another`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        one.transport.setPeers([(NodeID(2), Address(host: "127.0.0.1", port: 1))])
        one.transport.expect(nil, of: NodeID(2), presumed: 22)
        let asking = try Impostor(
            stage, as: Self.identity(2, incarnation: 22), dialling: NodeID(1), at: one.address)
        let other = try FalseNode(
            stage, as: Self.identity(2, incarnation: 23), peers: [NodeID(1)])
        stage.step("the one asks", when: asking.isAccepted) {
            one.transport.setPeers([(NodeID(2), other.address)])
            #expect(one.transport.send(numbered(1), to: NodeID(2)))
        }
        stage.step("the other one answers", when: one.statistics(of: NodeID(2)).connects == 1) {
            one.transport.send(numbered(2), to: NodeID(2))
        }
        stage.step("it hears something", when: !other.received.isEmpty)
        stage.step("the one is not heard any more", when: asking.closing != nil)
        try stage.play()
        #expect(other.received == frame(numbered(2)))
        #expect(one.statistics(of: NodeID(2)).droppedEnvelopes == 1)
        one.transport.close()
        other.close()
    }

    @Test func `the connection to one incarnation of a peer is given up when another one comes`()
        throws
    {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let known = try FalseNode(
            stage, as: Self.identity(2, incarnation: 22), peers: [NodeID(1)])
        one.transport.setPeers([(NodeID(2), known.address)])
        one.transport.expect(nil, of: NodeID(2), presumed: 22)
        let connects = { [one] in one.statistics(of: NodeID(2)).connects }
        var asking: Impostor?
        stage.step("the one answers", when: connects() == 1) {
            asking = try Impostor(
                stage, as: Self.identity(2, incarnation: 23), dialling: NodeID(1), at: one.address)
        }
        stage.step("the other one asks", when: one.statistics(of: NodeID(2)).isIncomingConnected) {
            #expect(one.statistics(of: NodeID(2)).isOutgoingConnected == false)
            one.transport.send(numbered(1), to: NodeID(2))
        }
        stage.step("the one answers again", when: connects() == 2) {
            one.transport.send(numbered(2), to: NodeID(2))
        }
        stage.step("it hears something", when: !known.received.isEmpty)
        stage.step("the other one is not heard any more", when: asking?.closing != nil) {
            one.transport.expect(23, of: NodeID(2))
            #expect(one.statistics(of: NodeID(2)).isOutgoingConnected == false)
        }
        stage.step(
            "the one is refused",
            when: one.notices.contains { $0.message == "what answers for a peer is refused" })
        try stage.play()
        #expect(known.received == frame(numbered(2)))
        one.transport.close()
        known.close()
    }

    @Test func `the newest connection of a peer counts`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        one.transport.setPeers([(NodeID(2), Address(host: "127.0.0.1", port: 1))])
        let first = try Impostor(
            stage, as: Self.identity(2), dialling: NodeID(1), at: one.address)
        var second: Impostor?
        stage.step("the first is let in", when: first.isAccepted) {
            second = try Impostor(
                stage, as: Self.identity(2), dialling: NodeID(1), at: one.address)
        }
        stage.step("the second takes its place", when: first.closing != nil) {
            second?.connection?.write(frame(numbered(1)))
        }
        stage.step("it is heard", when: one.received.count == 1)
        try stage.play()
        #expect(second?.closing == nil)
        #expect(one.closings.isEmpty)
        one.transport.close()
    }
}
