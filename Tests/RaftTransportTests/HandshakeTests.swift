internal import Raft
internal import RaftTransport
internal import Testing
internal import Wire

@Suite struct HandshakeTests {
    private static let alpha1 = NodeIdentity(cluster: "alpha", node: NodeID(1), incarnation: 11)
    private static let alpha2 = NodeIdentity(cluster: "alpha", node: NodeID(2), incarnation: 22)
    private static let alpha3 = NodeIdentity(cluster: "alpha", node: NodeID(3), incarnation: 33)
    private static let beta2 = NodeIdentity(cluster: "b\n\"eta", node: NodeID(2), incarnation: 22)
    private static let wiped2 = NodeIdentity(cluster: "alpha", node: NodeID(2), incarnation: 99)
    private static let everybody = [
        KnownPeer(NodeID(1)), KnownPeer(NodeID(2)), KnownPeer(NodeID(3)),
    ]

    private struct Outcome {
        var dialler: Handshake.Step
        var acceptor: Handshake.Step
    }

    /// Lets two sides speak until neither has anything to say, every byte on its own.
    private static func meet(
        _ caller: NodeIdentity, dialling peer: KnownPeer, _ callee: NodeIdentity,
        from peers: [KnownPeer]
    ) throws -> Outcome {
        let dialler = Handshake.dialling(peer, as: caller)
        let acceptor = Handshake.accepting(from: peers, as: callee)
        var toAcceptor: [UInt8] = []
        var toDialler: [UInt8] = []
        try acceptor.start(into: &toDialler)
        #expect(toDialler.isEmpty)
        try dialler.start(into: &toAcceptor)
        let accepted = try feed(toAcceptor, to: acceptor, into: &toDialler)
        let dialled = try feed(toDialler, to: dialler, into: &toAcceptor)
        return Outcome(dialler: dialled, acceptor: accepted)
    }

    private static func feed(
        _ bytes: [UInt8], to side: Handshake, into output: inout [UInt8]
    ) throws -> Handshake.Step {
        for count in bytes.indices {
            let step = try side.receive(bytes.span.extracting(..<count), into: &output)
            #expect(step == .needMore)
        }
        return try side.receive(bytes.span, into: &output)
    }

    @Test func `two nodes of one cluster agree`() throws {
        let met = try Self.meet(
            Self.alpha1, dialling: KnownPeer(NodeID(2), incarnation: 22), Self.alpha2,
            from: [KnownPeer(NodeID(1), incarnation: 11)])
        guard case .established(Self.alpha2, version: 3, _, isFounding: false) = met.dialler,
            case .established(Self.alpha1, version: 3, _, isFounding: false) = met.acceptor
        else {
            Issue.record("\(met)")
            return
        }
    }

    @Test func `a founder must be whom one presumes, anybody else may be newer`() throws {
        let peers = [KnownPeer(NodeID(1), presumedIncarnation: 12)]
        for (isFounding, incarnation, isWelcome) in [
            (true, 11, false), (true, 12, true), (false, 11, true), (false, 12, true),
        ] as [(Bool, UInt64, Bool)] {
            let caller = NodeIdentity(cluster: "alpha", node: NodeID(1), incarnation: incarnation)
            var hello: [UInt8] = []
            try Handshake.dialling(KnownPeer(NodeID(2)), as: caller, isFounding: isFounding)
                .start(into: &hello)
            var output: [UInt8] = []
            let step = try Handshake.accepting(from: peers, as: Self.alpha2)
                .receive(hello.span, into: &output)
            switch step {
            case .established: #expect(isWelcome)
            case .refused(let refusal, byPeer: false):
                #expect(!isWelcome && refusal.reason == .wrongIncarnation)
            default: Issue.record("\(step)")
            }
        }
    }

    @Test func `one that says that it has begun anew is let in under another incarnation`() throws {
        let peers = [KnownPeer(NodeID(1), incarnation: 10)]
        for isRejoining in [false, true] {
            var hello: [UInt8] = []
            try Handshake.dialling(
                KnownPeer(NodeID(2)), as: Self.alpha1, isRejoining: isRejoining
            ).start(into: &hello)
            var output: [UInt8] = []
            let step = try Handshake.accepting(from: peers, as: Self.alpha2)
                .receive(hello.span, into: &output)
            let established = Handshake.Step.established(
                Self.alpha1, version: 3, consumedBytes: hello.count)
            #expect((step == established) == isRejoining)
        }
    }

    /// Who calls, whom it means, who answers, whom the answerer lets in, and both sides' reason.
    static let refusedByAcceptor:
        [(NodeIdentity, KnownPeer, NodeIdentity, [KnownPeer], HandshakeRefusal.Reason)] = [
            (beta2, KnownPeer(NodeID(1)), alpha1, everybody, .wrongCluster),
            (alpha1, KnownPeer(NodeID(2)), alpha3, everybody, .wrongAddressee),
            (alpha1, KnownPeer(NodeID(1)), alpha1, everybody, .ownNodeID),
            (alpha3, KnownPeer(NodeID(2)), alpha2, [KnownPeer(NodeID(1))], .unknownMember),
            (
                wiped2, KnownPeer(NodeID(1)), alpha1, [KnownPeer(NodeID(2), incarnation: 22)],
                .wrongIncarnation
            ),
        ]

    @Test(arguments: refusedByAcceptor.indices)
    func `both sides can log why a caller was refused`(index: Int) throws {
        let (caller, peer, callee, peers, reason) = Self.refusedByAcceptor[index]
        let met = try Self.meet(caller, dialling: peer, callee, from: peers)
        guard case .refused(let told, byPeer: true) = met.dialler,
            case .refused(let own, byPeer: false) = met.acceptor
        else {
            Issue.record("\(met)")
            return
        }
        #expect(told == own)
        #expect(own.reason == reason)
        #expect(!own.text.isEmpty && own.text.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
    }

    /// What a dialler that meant node 2 does not believe, although the other side accepted.
    static let refusedByDialler: [(NodeIdentity, UInt16, HandshakeRefusal.Reason)] = [
        (beta2, 3, .wrongCluster),
        (alpha3, 3, .wrongAddressee),
        (wiped2, 3, .wrongIncarnation),
        (alpha2, 2, .unsupportedVersion),
        (alpha2, 4, .unsupportedVersion),
    ]

    @Test(arguments: refusedByDialler.indices)
    func `a dialler checks who answers`(index: Int) throws {
        let (answerer, version, reason) = Self.refusedByDialler[index]
        let dialler = Handshake.dialling(KnownPeer(NodeID(2), incarnation: 22), as: Self.alpha1)
        var output: [UInt8] = []
        let reply = Self.accepted(version: version, by: answerer)
        guard
            case .refused(let refusal, byPeer: false) = try dialler.receive(
                reply.span, into: &output)
        else {
            Issue.record("\(answerer) was believed")
            return
        }
        #expect(refusal.reason == reason)
    }

    private static func accepted(version: UInt16, by identity: NodeIdentity) -> [UInt8] {
        var payload = Array("muster-r".utf8)
        payload.append(0)
        payload.write(version)
        payload.writeString(identity.cluster)
        payload.writeVarint(identity.node.rawValue)
        payload.write(identity.incarnation)
        return frame(type: 2, payload: payload)
    }

    private static func hello(
        magic: String = "muster-r", versions: ClosedRange<UInt16> = 3...3,
        cluster: String = "alpha", founding: UInt8 = 0, rejoining: UInt8 = 0,
        more: [UInt8] = []
    ) -> [UInt8] {
        var payload = Array(magic.utf8)
        payload.write(versions.lowerBound)
        payload.write(versions.upperBound)
        payload.writeString(cluster)
        payload.writeVarint(1)
        payload.write(UInt64(11))
        payload.writeVarint(2)
        if versions.upperBound >= 2 { payload.append(founding) }
        if versions.upperBound >= 3 { payload.append(rejoining) }
        return frame(type: 1, payload: payload + more)
    }

    private static func answer(to bytes: [UInt8]) throws -> (Handshake.Step, reply: [UInt8]) {
        let acceptor = Handshake.accepting(from: everybody, as: alpha2)
        var output: [UInt8] = []
        return (try acceptor.receive(bytes.span, into: &output), output)
    }

    @Test func `a hello has the bytes of its format`() throws {
        var output: [UInt8] = []
        try Handshake.dialling(KnownPeer(NodeID(2)), as: Self.alpha1).start(into: &output)
        #expect(output == Self.hello())
        var founder: [UInt8] = []
        try Handshake.dialling(KnownPeer(NodeID(2)), as: Self.alpha1, isFounding: true)
            .start(into: &founder)
        #expect(founder == Self.hello(founding: 1))
        var returner: [UInt8] = []
        try Handshake.dialling(KnownPeer(NodeID(2)), as: Self.alpha1, isRejoining: true)
            .start(into: &returner)
        #expect(returner == Self.hello(rejoining: 1))
        let (step, reply) = try Self.answer(to: output)
        #expect(
            step == .established(Self.alpha1, version: 3, consumedBytes: output.count))
        #expect(reply == Self.accepted(version: 3, by: Self.alpha2))
    }

    static let foreign: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\nHost: example\r\n\r\n".utf8),
        [UInt8](repeating: 0, count: 64),
        hello(magic: "muster-x"),
        hello(versions: 3...3, more: [0]),
        hello(founding: 2),
        hello(rejoining: 2),
        hello(cluster: String(repeating: "x", count: 65)),
        frame(type: 2, payload: Array("muster-r".utf8)),
        frame(type: 16, payload: [1, 2, 3, 4, 0]),
        frame(
            type: 1, payload: [UInt8](repeating: 0, count: TransportLimits.maxHandshakeBytes + 1)),
    ]

    @Test(arguments: foreign.indices)
    func `who does not speak the protocol gets no answer`(index: Int) throws {
        let (step, reply) = try Self.answer(to: Self.foreign[index])
        guard case .refused(let refusal, byPeer: false) = step else {
            Issue.record("\(step)")
            return
        }
        #expect(refusal.reason == .notOurProtocol)
        #expect(reply.isEmpty)
    }

    @Test func `a newer program is answered in the newest common version`() throws {
        let bytes = Self.hello(versions: 1...7, more: [1, 2, 3])
        let (step, _) = try Self.answer(to: bytes + [9])
        #expect(step == .established(Self.alpha1, version: 3, consumedBytes: bytes.count))
    }

    @Test(arguments: [4...7, 0...2] as [ClosedRange<UInt16>])
    func `a program with no common version is told so`(versions: ClosedRange<UInt16>) throws {
        let (step, reply) = try Self.answer(to: Self.hello(versions: versions))
        guard case .refused(let own, byPeer: false) = step else {
            Issue.record("\(step)")
            return
        }
        #expect(own.reason == .unsupportedVersion)
        let dialler = Handshake.dialling(KnownPeer(NodeID(2)), as: Self.alpha1)
        var output: [UInt8] = []
        let told = try dialler.receive(reply.span, into: &output)
        #expect(told == .refused(own, byPeer: true))
    }

    @Test(arguments: 1...255 as ClosedRange<UInt8>)
    func `a refusal keeps its code, known or not, and its text is fit for a log`(
        code: UInt8
    ) throws {
        var payload = Array("muster-r".utf8) + [code]
        payload.writeString("no\u{1b}[2J\n\u{e9}")
        let dialler = Handshake.dialling(KnownPeer(NodeID(2)), as: Self.alpha1)
        var output: [UInt8] = []
        let reply = frame(type: 2, payload: payload)
        guard
            case .refused(let refusal, byPeer: true) = try dialler.receive(
                reply.span, into: &output)
        else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.reason.code == code)
        #expect(refusal.text == "no?[2J???")
    }

    @Test func `an identity that breaks a limit is not sent`() throws {
        let large = NodeIdentity(
            cluster: String(repeating: "x", count: 65), node: NodeID(1), incarnation: 1)
        var output: [UInt8] = []
        #expect(throws: EncodeError.self) {
            try Handshake.dialling(KnownPeer(NodeID(2)), as: large).start(into: &output)
        }
        #expect(output.isEmpty)
    }

    @Test func `no bytes at all make a handshake trap`() throws {
        var random = SeededGenerator(seed: 5)
        let good = Self.hello()
        for _ in 0..<3000 {
            var bytes = good
            bytes[random.upTo(bytes.count - 1)] ^= UInt8(1 + random.upTo(254))
            let payload = Array(bytes[Frame.headerBytes..<bytes.count - Frame.trailerBytes])
            _ = try Self.answer(to: frame(type: 1, payload: payload))
            #expect(try Self.answer(to: bytes).0 != .needMore)
        }
    }
}
