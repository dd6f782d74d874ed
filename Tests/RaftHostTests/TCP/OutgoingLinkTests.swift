internal import Platform
internal import Raft
internal import RaftHost
internal import RaftTransport
internal import Testing
internal import Wire

/// How a node keeps its way to a peer open.
@Suite struct OutgoingLinkTests {
    private static let two = NodeIdentity(cluster: "test", node: NodeID(2), incarnation: 2)
    private static let nobody = Address(host: "127.0.0.1", port: 1)
    private static let proposal = Envelope.proposals(
        ForwardedProposals(firstSequence: 1, commands: PackedBytes([[1]])))

    @Test func `a link that is reset is made again, each time`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try FalseNode(stage, as: Self.two, peers: [NodeID(1)])
        one.transport.setPeers([(NodeID(2), two.address)])
        let connects = { [one] in one.statistics(of: NodeID(2)).connects }
        let isUp = { [one] in one.statistics(of: NodeID(2)).isOutgoingConnected }
        for round in 1...4 as ClosedRange<UInt64> {
            stage.step("connection \(round) is made", when: connects() == round && isUp()) {
                two.connections.last?.abort()
            }
        }
        stage.step("connection 5 is made", when: connects() == 5 && isUp())
        try stage.play()
        #expect(one.closings.count == 4)
        #expect(one.closings.allSatisfy { $0.processEnded && $0.peer == NodeID(2) })
        #expect(one.statistics(of: NodeID(2)).brokenConnections == 4)
        one.transport.close()
        two.close()
    }

    @Test func `what waits while a peer is dialled is bounded, and dropped when that fails`() throws
    {
        var settings = TCPTransportSettings.quick
        settings.maxQueuedEnvelopes = 10
        let stage = try Stage()
        let one = try Actor(stage, 1, settings: settings)
        one.transport.setPeers([(NodeID(2), Self.nobody)])
        let taken = (0..<15).filter { one.transport.send(numbered($0), to: NodeID(2)) }
        #expect(taken == Array(0..<10))
        #expect(one.transport.send(Self.proposal, to: NodeID(2)) == false)
        #expect(one.statistics(of: NodeID(2)).droppedEnvelopes == 6)
        let failed = { [one] in one.statistics(of: NodeID(2)).failedConnects }
        stage.step("the first attempt fails", when: failed() == 1) {
            #expect(one.statistics(of: NodeID(2)).droppedEnvelopes == 16)
            #expect(one.statistics(of: NodeID(2)).queuedBytes == 0)
            #expect(one.transport.send(numbered(1), to: NodeID(2)), "for the next attempt")
            #expect(one.transport.send(Self.proposal, to: NodeID(2)) == false, "a definite failure")
        }
        stage.step("further attempts fail", when: failed() == 4)
        try stage.play()
        #expect(one.statistics(of: NodeID(2)).droppedEnvelopes == 18)
        #expect(one.closings.isEmpty, "there was nothing to close")
        #expect(one.noticed("error").allSatisfy { $0.contains("cannot connect to 127.0.0.1:1") })
        one.transport.close()
    }

    @Test func `proposals wait for the first connection`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2)
        introduce([one, two])
        #expect(one.transport.send(Self.proposal, to: two.node))
        stage.step("it arrives", when: two.received.count == 1)
        try stage.play()
        #expect(two.received.first?.envelope == Self.proposal)
        one.transport.close()
        two.transport.close()
    }

    @Test func `a peer that is not there yet is told of only after some attempts`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1, settings: .quick)
        let two = try Actor(stage, 2)
        let (node, nowhere) = (two.node, try #require(two.transport.address))
        two.transport.close()
        one.transport.setPeers([(node, nowhere)])
        var toldEarly: [String] = []
        stage.step("five attempts fail", when: one.statistics(of: node).failedConnects >= 5) {
            if one.statistics(of: node).failedConnects == 5 { toldEarly = one.noticed("error") }
        }
        stage.step("it is told", when: !one.noticed("error").isEmpty)
        try stage.play()
        #expect(toldEarly.isEmpty)
        one.transport.close()
    }

    @Test func `an answer to the hello that does not come is given up`() throws {
        var settings = TCPTransportSettings.quick
        settings.handshakeTimeoutMilliseconds = 30
        let stage = try Stage()
        let one = try Actor(stage, 1, settings: settings)
        let two = try FalseNode(stage, as: Self.two, peers: [NodeID(1)])
        two.answers = false
        one.transport.setPeers([(NodeID(2), two.address)])
        stage.step("two attempts fail", when: one.statistics(of: NodeID(2)).failedConnects == 2) {
            two.answers = true
        }
        stage.step("it is made", when: one.statistics(of: NodeID(2)).isOutgoingConnected)
        try stage.play()
        #expect(one.noticed("error").contains("closed during the handshake: timed out"))
        one.transport.close()
        two.close()
    }

    @Test func `a peer that writes where it should only listen is cut off`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try FalseNode(stage, as: Self.two, peers: [NodeID(1)])
        one.transport.setPeers([(NodeID(2), two.address)])
        stage.step("it is made", when: one.statistics(of: NodeID(2)).isOutgoingConnected) {
            two.connections.last?.write(frame(numbered(1)))
        }
        stage.step("it is cut", when: one.closings.count == 1)
        try stage.play()
        #expect(one.received.isEmpty)
        #expect(one.closings.map(\.processEnded) == [false])
        one.transport.close()
        two.close()
    }

    @Test func `a slow peer costs no more than the queue`() throws {
        var settings = TCPTransportSettings.quick
        settings.maxQueuedBytes = 1 << 20
        let stage = try Stage()
        let one = try Actor(stage, 1, settings: settings)
        let two = try FalseNode(stage, as: Self.two, peers: [NodeID(1)])
        one.transport.setPeers([(NodeID(2), two.address)])
        let piece = Envelope.proposals(
            ForwardedProposals(
                firstSequence: 1, commands: PackedBytes([[UInt8](repeating: 7, count: 100_000)])))
        var taken = 0
        stage.step("it is made", when: one.statistics(of: NodeID(2)).isOutgoingConnected) {
            two.connections.last?.pauseReading()
            while one.transport.send(piece, to: NodeID(2)) { taken += 1 }
            #expect(one.statistics(of: NodeID(2)).queuedBytes <= 1 << 20 + 1000)
            #expect(one.statistics(of: NodeID(2)).droppedEnvelopes == 1)
            two.connections.last?.resumeReading()
        }
        let size = frame(piece).count
        stage.step("what was taken arrives", when: two.received.count == taken * size)
        try stage.play()
        #expect(taken >= 10)
        one.transport.close()
        two.close()
    }
}
