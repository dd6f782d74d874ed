internal import Platform
internal import Raft
internal import RaftTransport
internal import Testing
internal import Wire

/// A plain connection to a transport that can greet like a node, or say anything else.
final class Impostor {
    private(set) var connection: Connection?
    private(set) var received: [UInt8] = []
    private(set) var closing: CloseReason?
    /// Whether the other side has accepted the greeting.
    private(set) var isAccepted = false

    init(_ stage: Stage, dialling address: Address, saying words: [UInt8]) {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: 20_000)
        Connection.connect(to: address, on: stage.loop, deadline: deadline) { [self] result in
            switch result {
            case .success(let connection):
                take(connection)
                connection.write(words)
            case .failure(let error): Issue.record(error)
            }
        }
    }

    /// Greets as `identity` and means to reach `node`.
    convenience init(
        _ stage: Stage, as identity: NodeIdentity, dialling node: NodeID, at address: Address
    ) throws {
        var hello: [UInt8] = []
        try Handshake.dialling(KnownPeer(node), as: identity).start(into: &hello)
        self.init(stage, dialling: address, saying: hello)
    }

    private func take(_ connection: Connection) {
        self.connection = connection
        connection.onBytes = { [self] bytes in
            received.write(bytes)
            isAccepted = true
            return bytes.count
        }
        connection.onClose = { [self] in closing = $0 }
    }
}

/// A listener that answers greetings as `identity` does, and holds on to the connections.
final class FalseNode {
    private var listener: Listener?
    private(set) var connections: [Connection] = []
    private(set) var received: [UInt8] = []
    /// Whether greetings are answered.
    var answers = true

    init(_ stage: Stage, as identity: NodeIdentity, peers: [NodeID]) throws {
        let handshake = Handshake.accepting(from: peers.map { KnownPeer($0) }, as: identity)
        listener = try Listener(at: Address(host: "127.0.0.1", port: 0), on: stage.loop) {
            [unowned self] connection in
            connections.append(connection)
            var isGreeted = false
            connection.onBytes = { [unowned self] bytes in
                guard answers else { return 0 }
                guard !isGreeted else {
                    received.write(bytes)
                    return bytes.count
                }
                isGreeted = true
                var output: [UInt8] = []
                let step = try? handshake.receive(bytes, into: &output)
                connection.write(output)
                guard case .established(_, _, let consumed, _) = step else { return bytes.count }
                return consumed
            }
        }
    }

    var address: Address { listener?.address ?? Address(host: "closed", port: 0) }

    func close() {
        listener?.close()
        for connection in connections { connection.close() }
    }
}
