internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage

/// A node as it is in production: real files, TCP.
final class SocketNode<Machine: StateMachine>: SocketBenchNode where Machine.Answer == UInt64 {
    let loop: EventLoop
    private(set) var longestTurns = BenchTurns()
    private let host: NodeHost<Machine>
    private var processor = MonotonicTime.ofThread

    init(
        _ start: NodeStart, _ settings: NodeSettings, machine: Machine, addresses: [Address],
        on loop: EventLoop
    ) throws {
        self.loop = loop
        let peers = addresses.enumerated().map { (NodeID(UInt64($0 + 1)), $1) }
        host = try NodeHost(
            NodeOptions(
                start: start, listen: addresses[Int(start.node.rawValue) - 1], peers: peers,
                settings: settings), machine: machine, on: loop)
        host.start()
    }

    var isLeader: Bool { host.node.core.roleName == .leader }
    var applied: UInt64 { host.node.applied.index.rawValue }
    var syncs: UInt64 { host.node.counters.syncs }
    var logBytes: UInt64 { host.node.logBytesWritten }

    func propose(_ command: [UInt8], for driver: LoadDriver, since: MonotonicTime) {
        host.waiters.append { driver.proposalEnded($0, since) }
        host.propose(command.span)
    }

    func read(then: @escaping (ReadOutcome) -> Void) { host.read(then: then) }

    func stop() { host.stop() }

    var traffic: BenchTraffic {
        var traffic = BenchTraffic()
        for (_, peer) in host.transport.peerStatistics {
            traffic.sentMessages += peer.sentEnvelopes
            traffic.sentBytes += peer.sentBytes
            traffic.receivedBytes += peer.receivedBytes
        }
        return traffic
    }

    func takeSnapshot(then: @escaping (Int?) -> Void) {
        host.takeSnapshot { outcome in
            if case .taken(let info) = outcome { then(Int(info.byteCount)) } else { then(nil) }
        }
    }

    func watchTurns() {
        longestTurns = BenchTurns()
        processor = .ofThread
        host.onTurn = { [unowned self] in
            let now = MonotonicTime.ofThread
            longestTurns.processor = max(
                longestTurns.processor, now.nanoseconds(since: processor))
            processor = now
            longestTurns.wall = max(
                longestTurns.wall, MonotonicTime.now.nanoseconds(since: loop.turnTime))
        }
    }
}
