internal import Platform
internal import Raft
internal import RaftHost
internal import RaftTransport
internal import Testing
internal import Wire

@Suite struct TCPTransportTests {
    @Test func `two nodes hear each other, in order and each thing once`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2)
        introduce([one, two])
        // Sent before there is a connection, in one turn with it, and over many turns after it.
        for number in 0..<100 as Range<UInt64> {
            one.transport.send(numbered(number), to: two.node)
            two.transport.send(numbered(number), to: one.node)
        }
        stage.step("both connect", when: one.isConnected(with: two) && two.isConnected(with: one)) {
            for number in 100..<500 as Range<UInt64> {
                #expect(one.transport.send(numbered(number), to: two.node))
                #expect(two.transport.send(numbered(number), to: one.node))
            }
        }
        stage.step("all arrives", when: one.received.count >= 500 && two.received.count >= 500)
        try stage.play()
        let expected = (0..<500).map { numbered($0) }
        #expect(one.received.map(\.envelope) == expected)
        #expect(two.received.map(\.envelope) == expected)
        #expect(one.received.allSatisfy { $0.from == two.node })
        #expect(one.closings.isEmpty && two.closings.isEmpty)
        let statistics = one.statistics(of: two.node)
        #expect(statistics.sentEnvelopes == 500 && statistics.receivedEnvelopes == 500)
        let bytes = expected.reduce(0) { $0 + UInt64(frame($1).count) }
        #expect(statistics.sentBytes == bytes && statistics.receivedBytes == bytes)
        #expect(statistics.droppedEnvelopes == 0 && statistics.lastContact != nil)
        one.transport.close()
        two.transport.close()
    }

    @Test func `three nodes all reach each other`() throws {
        let stage = try Stage()
        let actors = try (1...3).map { try Actor(stage, $0) }
        introduce(actors)
        for sender in actors {
            for receiver in actors where receiver !== sender {
                sender.transport.send(numbered(sender.node.rawValue), to: receiver.node)
            }
        }
        stage.step("all arrives", when: actors.allSatisfy { $0.received.count == 2 })
        try stage.play()
        for actor in actors {
            let others = actors.map(\.node).filter { $0 != actor.node }
            #expect(actor.received.map(\.from).sorted() == others)
            #expect(actor.received.allSatisfy { $0.envelope == numbered($0.from.rawValue) })
            #expect(actor.transport.send(numbered(1), to: actor.node) == false)
            actor.transport.close()
        }
    }

    @Test func `what is sent within a turn waits for its end`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2)
        introduce([one, two])
        stage.step("one connects", when: one.statistics(of: two.node).isOutgoingConnected)
        stage.step("nothing waits", when: one.statistics(of: two.node).queuedBytes == 0) {
            stage.loop.defer {
                for number in 0..<50 { one.transport.send(numbered(UInt64(number)), to: two.node) }
                let bytes = (0..<50).reduce(0) { $0 + frame(numbered(UInt64($1))).count }
                #expect(one.statistics(of: two.node).queuedBytes == bytes)
            }
        }
        stage.step("all arrives", when: two.received.count == 50)
        try stage.play()
        one.transport.close()
        two.transport.close()
    }

    @Test func `large frames pass, and one over the limit is refused on the spot`() throws {
        var settings = TCPTransportSettings.quick
        settings.maxFrameBytes = 5 << 20
        settings.maxQueuedBytes = 1 << 20
        let stage = try Stage()
        let one = try Actor(stage, 1, settings: settings)
        let two = try Actor(stage, 2, settings: settings)
        introduce([one, two])
        func proposal(_ byteCount: Int) -> Envelope {
            var command = [UInt8](repeating: 7, count: byteCount)
            for i in stride(from: 0, to: byteCount, by: 997) { command[i] = UInt8(i % 256) }
            return .proposals(
                ForwardedProposals(firstSequence: 1, commands: PackedBytes([command])))
        }
        let large = proposal(4 << 20)
        stage.step("one connects", when: one.isConnected(with: two)) {
            #expect(one.transport.send(proposal(5 << 20), to: two.node) == false)
            #expect(one.transport.send(large, to: two.node))
            #expect(one.transport.send(proposal(1 << 20), to: two.node) == false, "queue full")
            #expect(one.transport.send(numbered(1), to: two.node) == false, "queue full")
        }
        stage.step("it arrives", when: two.received.count == 1) {
            #expect(one.transport.send(numbered(2), to: two.node))
        }
        stage.step("the next arrives", when: two.received.count == 2)
        try stage.play()
        #expect(two.received[0].envelope == large)
        #expect(two.received[1].envelope == numbered(2))
        #expect(one.statistics(of: two.node).droppedEnvelopes == 3)
        #expect(one.noticed("error").suffix(1) == ["frame payload is outside its limits"])
        one.transport.close()
        two.transport.close()
    }

    @Test func `the end of a peer's process is told once, and what comes back is met again`() throws
    {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2)
        introduce([one, two])
        var again: Actor?
        stage.step("both connect", when: one.isConnected(with: two) && two.isConnected(with: one)) {
            two.transport.close()
        }
        let gone = { [one] in
            let statistics = one.statistics(of: NodeID(2))
            return statistics.brokenConnections == 2 && statistics.failedConnects > 0
        }
        stage.step("both connections are gone", when: gone()) {
            #expect(one.closings.map(\.processEnded) == [true])
            #expect(one.closings.map(\.peer) == [NodeID(2)])
            #expect(
                one.transport.send(
                    .proposals(
                        ForwardedProposals(
                            firstSequence: 1, commands: PackedBytes([[1]]))), to: NodeID(2))
                    == false)
            let restarted = try Actor(stage, 2)
            introduce([one, restarted])
            again = restarted
        }
        stage.step("they meet again", when: again.map { one.isConnected(with: $0) } ?? false) {
            one.transport.send(numbered(7), to: NodeID(2))
        }
        stage.step("it arrives", when: again?.received.count == 1)
        try stage.play()
        #expect(again?.received.first?.envelope == numbered(7))
        one.transport.close()
        again?.transport.close()
        #expect(two.closings.isEmpty, "a closed transport calls nobody back")
    }

    @Test func `a peer that is taken off the list is let go of`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let two = try Actor(stage, 2)
        introduce([one, two])
        stage.step("both connect", when: one.isConnected(with: two) && two.isConnected(with: one)) {
            one.transport.setPeers([])
            #expect(one.transport.send(numbered(1), to: two.node) == false)
        }
        let isRefused = { [two] in
            two.noticed("reason").contains { $0.contains("node 1 knows of no node 2") }
        }
        stage.step("two is told", when: isRefused())
        try stage.play()
        #expect(one.closings.isEmpty)
        #expect(two.closings.map(\.processEnded) == [true])
        one.transport.close()
        two.transport.close()
    }

    @Test func `a port in use is a clear error`() throws {
        let stage = try Stage()
        let one = try Actor(stage, 1)
        let identity = NodeIdentity(cluster: "test", node: NodeID(2), incarnation: 1)
        let error = #expect(throws: TCPTransportError.self) {
            try TCPTransport(loop: stage.loop, identity: identity, listen: one.address)
        }
        #expect(error?.description.contains("already in use") == true)
        let nameless = NodeIdentity(cluster: "test", node: NodeID(0), incarnation: 1)
        let refused = #expect(throws: TCPTransportError.self) {
            try TCPTransport(
                loop: stage.loop, identity: nameless, listen: Address(host: "127.0.0.1", port: 0))
        }
        #expect(
            refused?.description == "the node's identity cannot be used: node is outside its limits"
        )
        one.transport.close()
    }
}
