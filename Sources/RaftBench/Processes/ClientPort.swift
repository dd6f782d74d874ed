internal import CBench
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import Wire

/// Where a node takes what clients ask, on the node's own loop.
///
/// What comes in one turn of the loop shares a turn of the node, and the answers of a turn leave in one write for each
/// connection.
final class ClientPort {
    private let host: NodeHost<CountingMachine>
    private var listener: Listener?
    /// Who wants to hear of each change, and under which number.
    private var watchers: [(connection: Connection, number: UInt64)] = []

    init(_ host: NodeHost<CountingMachine>, on loop: EventLoop) throws(SystemError) {
        self.host = host
        var settings = ConnectionSettings()
        settings.maxUnconsumedBytes = ClientFrame.maxBytes
        listener = try Listener(
            at: Address(host: "127.0.0.1", port: 0), on: loop, settings: settings
        ) { [unowned self] in accept($0) }
        host.onNotice = { [unowned self] notice in
            if case .roleChanged(let change) = notice { tell(change) }
        }
    }

    /// Where clients find it.
    var address: Address? { listener?.address }

    private func accept(_ connection: Connection) {
        connection.onBytes = { [unowned self, unowned connection] bytes in
            receive(bytes, from: connection)
        }
        connection.onClose = { [unowned self, unowned connection] _ in
            watchers.removeAll { $0.connection === connection }
        }
    }

    private func receive(_ bytes: Span<UInt8>, from connection: Connection) -> Int {
        var consumed = 0
        do throws(DecodeError) {
            while connection.isOpen {
                let rest = bytes.extracting(consumed...)
                guard let frame = try ClientFrame.parse(rest) else { break }
                guard let question = ClientQuestion(rawValue: frame.kind) else {
                    throw DecodeError(.invalid(field: "kind"), at: consumed + 4)
                }
                serve(question, frame.number, rest.extracting(frame.body), for: connection)
                consumed += frame.byteCount
            }
        } catch {
            connection.close(.rejected("\(error)"))
            return bytes.count
        }
        return consumed
    }

    private func serve(
        _ question: ClientQuestion, _ number: UInt64, _ body: Span<UInt8>,
        for connection: Connection
    ) {
        switch question {
        case .propose:
            host.waiters.append { outcome in
                if case .done(let value, _) = outcome {
                    Self.answer(.done, number, to: connection) { $0.write(value) }
                } else {
                    Self.answer(.failed, number, to: connection) { $0.writeString("\(outcome)") }
                }
            }
            host.propose(body)
        case .read:
            host.read { [unowned self] outcome in
                if outcome == .ready {
                    let value = host.node.machine.commands
                    Self.answer(.done, number, to: connection) { $0.write(value) }
                } else {
                    Self.answer(.failed, number, to: connection) { $0.writeString("\(outcome)") }
                }
            }
        case .echo: Self.answer(.done, number, to: connection) { $0.write(UInt64(0)) }
        case .report: tell(report(of: host.node.core.role), number, to: connection)
        case .watch:
            watchers.append((connection, number))
            tell(report(of: host.node.core.role), number, to: connection)
        }
    }

    private static func answer(
        _ kind: ClientAnswer, _ number: UInt64, to connection: Connection,
        _ build: (inout [UInt8]) -> Void
    ) {
        connection.write { ClientFrame.write(kind.rawValue, number, to: &$0, build) }
    }

    // MARK: Reports

    private func tell(_ change: RoleChange) {
        for (connection, number) in watchers { tell(report(of: change), number, to: connection) }
    }

    private func tell(_ report: NodeReport, _ number: UInt64, to connection: Connection) {
        Self.answer(.report, number, to: connection) { report.write(to: &$0) }
    }

    private func report(of part: RoleChange) -> NodeReport {
        NodeReport(
            time: MonotonicTime.now.nanoseconds, node: host.node.identity.node, term: part.term,
            role: part.role, leader: part.leader,
            commitIndex: host.node.commitIndex.rawValue,
            appliedIndex: host.node.applied.index.rawValue, syncs: host.node.counters.syncs,
            processorNanoseconds: MonotonicTime.ofProcess.nanoseconds,
            allocations: muster_allocations())
    }
}

extension RaftCore {
    /// The node's part now.
    fileprivate var role: RoleChange { RoleChange(term: term, role: roleName, leader: leader) }
}
