internal import Platform
internal import Raft
internal import RaftHost
internal import RaftTransport
internal import Testing
internal import Wire

/// Plays a test on an event loop: each step waits for its condition, which is looked at after every
/// turn of the loop, and then acts. When the last step has acted the loop ends.
final class Stage {
    let loop: EventLoop
    private var steps: [(name: String, isDue: () -> Bool, act: () throws -> Void)] = []
    private var next = 0

    init() throws { loop = try EventLoop() }

    func step(
        _ name: String, when isDue: @autoclosure @escaping () -> Bool = true,
        _ act: @escaping () throws -> Void = {}
    ) {
        steps.append((name, isDue, act))
    }

    /// Plays all steps. A story that hangs is ended after a while and says where it hung.
    func play() throws {
        var failure: (any Error)?
        loop.atEndOfTurn { [self] in
            do { try advance() } catch {
                failure = error
                loop.stop()
            }
        }
        loop.schedule(at: MonotonicTime.now.advanced(byMilliseconds: 30_000)) { [self] in
            Issue.record("nothing happened any more before: \(steps[next].name)")
            loop.stop()
        }
        loop.defer {}
        loop.run()
        if let failure { throw failure }
    }

    private func advance() throws {
        while next < steps.count, steps[next].isDue() {
            try steps[next].act()
            next += 1
        }
        if next == steps.count { loop.stop() }
    }
}

/// A transport that writes down all that it is told.
final class Actor {
    let transport: TCPTransport
    let node: NodeID
    private(set) var received: [(from: NodeID, envelope: Envelope)] = []
    private(set) var closings: [(peer: NodeID, processEnded: Bool)] = []
    private(set) var notices: [TransportNotice] = []

    init(
        _ stage: Stage, _ node: UInt64, cluster: String = "test", incarnation: UInt64? = nil,
        settings: TCPTransportSettings = .quick
    ) throws {
        self.node = NodeID(node)
        transport = try TCPTransport(
            loop: stage.loop,
            identity: NodeIdentity(
                cluster: cluster, node: NodeID(node), incarnation: incarnation ?? node),
            listen: Address(host: "127.0.0.1", port: 0), settings: settings)
        transport.onEnvelope = { [unowned self] in received.append(($0, $2)) }
        transport.onConnectionClosed = { [unowned self] in closings.append(($0, $1)) }
        transport.onNotice = { [unowned self] in notices.append($0) }
    }

    var address: Address { transport.address ?? Address(host: "closed", port: 0) }

    func statistics(of node: NodeID) -> PeerStatistics {
        transport.peerStatistics.first { $0.node == node }?.1 ?? PeerStatistics()
    }

    func isConnected(with other: Actor) -> Bool {
        let statistics = statistics(of: other.node)
        return statistics.isOutgoingConnected && statistics.isIncomingConnected
    }

    /// The values of a field in all notices.
    func noticed(_ field: String) -> [String] {
        notices.flatMap { $0.fields.filter { $0.name == field }.map(\.value) }
    }
}

/// Makes all of them peers of each other.
func introduce(_ actors: [Actor]) {
    for actor in actors { actor.transport.setPeers(actors.map { ($0.node, $0.address) }) }
}

extension TCPTransportSettings {
    /// Waits of a few milliseconds, and always the same ones.
    static var quick: TCPTransportSettings {
        var settings = TCPTransportSettings()
        settings.firstRetryMilliseconds = 1
        settings.lastRetryMilliseconds = 20
        settings.retrySeed = 1
        return settings
    }
}

/// An envelope that tells its number.
func numbered(_ number: UInt64) -> Envelope {
    .proposalsRefused(RefusedProposals(firstSequence: number, count: 1, refusal: .overloaded))
}

func commitNotice(from: NodeID, to: NodeID) -> Envelope {
    .raft(
        Message(
            from: from, to: to, term: Term(1),
            body: .commitNotice(committed: EntryID(term: Term(1), index: LogIndex(1)))),
        PackedBytes())
}

func frame(_ envelope: Envelope) -> [UInt8] {
    var output: [UInt8] = []
    do throws(EncodeError) {
        try FrameEncoder().append(envelope, to: &output)
    } catch { Issue.record(error) }
    return output
}
