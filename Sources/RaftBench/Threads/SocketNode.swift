internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime

/// A node as it is in production: real files, TCP.
final class SocketNode: BenchNode {
    private let host: NodeHost<CountingMachine>

    init(
        _ start: NodeStart, _ settings: NodeSettings, addresses: [Address], on loop: EventLoop
    ) throws {
        let peers = addresses.enumerated().map { (NodeID(UInt64($0 + 1)), $1) }
        host = try NodeHost(
            NodeOptions(
                start: start, listen: addresses[Int(start.node.rawValue) - 1], peers: peers,
                settings: settings), machine: CountingMachine(), on: loop)
        host.start()
    }

    var isLeader: Bool { host.node.core.roleName == .leader }
    var syncs: UInt64 { host.node.counters.syncs }
    var logBytes: UInt64 { host.node.logBytesWritten }

    func propose(_ command: [UInt8], then: @escaping (ProposalOutcome<UInt64>) -> Void) {
        host.propose(command.span, then: then)
    }

    func read(then: @escaping (ReadOutcome) -> Void) { host.read(then: then) }

    func stop() { host.stop() }
}
