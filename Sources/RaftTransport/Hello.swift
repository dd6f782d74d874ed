// The first frame in each direction of a connection. Words as in `EnvelopeCoding.swift`; text is its
// length in bytes (count) and UTF-8.
//
//   hello, from the node that dialled
//     magic        8 bytes, "muster-r"
//     lowest       2 bytes, the lowest protocol version that the sender speaks
//     highest      2 bytes, the highest
//     cluster      text of at most 64 bytes
//     node         node, the sender
//     incarnation  8 bytes, the sender's
//     receiver     node, whom the sender means to speak to
//     founding     flag, whether the sender still waits for the other founders of its cluster
//     rejoining    flag, whether the sender has begun anew under its name, and says so: it may be let in under
//                  another incarnation than it is known by, and will not be counted
//
//   helloReply, from the node that was dialled
//     magic        8 bytes, "muster-r"
//     outcome      1 byte: 0 accepted, otherwise the code of a refusal (`HandshakeRefusal.Reason`)
//     accepted:    version 2 bytes, the one both speak from here on; cluster text, node node and
//                  incarnation 8 bytes of the sender
//     refused:     text of at most 256 bytes for the log of the other side
//
// Every version, past and future, begins both frames with these fields. A program whose `highest` is
// above ours may add fields to its hello; they are skipped.

internal import Raft
internal import Wire

/// The versions of the protocol that this program speaks.
public enum ProtocolVersion {
    /// The lowest.
    public static let lowest: UInt16 = 3
    /// The highest.
    public static let highest: UInt16 = 3
}

struct Hello: Equatable {
    var lowestVersion: UInt16
    var highestVersion: UInt16
    var sender: NodeIdentity
    var receiver: NodeID
    var isFounding = false
    var isRejoining = false
}

enum HelloReply: Equatable {
    case accepted(version: UInt16, NodeIdentity)
    case refused(HandshakeRefusal)
}

let handshakeMagic: [UInt8] = Array("muster-r".utf8)

extension Hello {
    func writeFrame(to output: inout [UInt8]) throws(EncodeError) {
        try Frame.write(
            .hello, maxPayloadBytes: TransportLimits.maxHandshakeBytes, to: &output
        ) { buffer throws(EncodeError) in
            buffer.append(contentsOf: handshakeMagic)
            buffer.write(lowestVersion)
            buffer.write(highestVersion)
            try buffer.writeIdentity(sender)
            try buffer.writeNode(receiver)
            buffer.writeFlag(isFounding)
            buffer.writeFlag(isRejoining)
        }
    }

    init(_ payload: Span<UInt8>) throws(DecodeError) {
        var offset = 0
        try payload.expectMagic(at: &offset)
        let start = offset
        lowestVersion = try payload.readUInt16(at: &offset)
        highestVersion = try payload.readUInt16(at: &offset)
        guard lowestVersion <= highestVersion else {
            throw DecodeError(.invalid(field: "protocol versions"), at: start)
        }
        sender = try payload.readIdentity(at: &offset)
        receiver = try payload.readNode(at: &offset)
        // An earlier version has not all of these fields, and is refused for its version.
        if highestVersion >= ProtocolVersion.lowest {
            isFounding = try payload.readFlag(at: &offset)
            isRejoining = try payload.readFlag(at: &offset)
        } else {
            return
        }
        if highestVersion <= ProtocolVersion.highest { try payload.expectEnd(at: offset) }
    }
}

extension HelloReply {
    func writeFrame(to output: inout [UInt8]) throws(EncodeError) {
        try Frame.write(
            .helloReply, maxPayloadBytes: TransportLimits.maxHandshakeBytes, to: &output
        ) { buffer throws(EncodeError) in
            buffer.append(contentsOf: handshakeMagic)
            switch self {
            case .accepted(let version, let identity):
                buffer.append(0)
                buffer.write(version)
                try buffer.writeIdentity(identity)
            case .refused(let refusal):
                buffer.append(refusal.reason.code)
                buffer.writeString(refusal.text)
            }
        }
    }

    init(_ payload: Span<UInt8>) throws(DecodeError) {
        var offset = 0
        try payload.expectMagic(at: &offset)
        switch try payload.readUInt8(at: &offset) {
        case 0:
            let version = try payload.readUInt16(at: &offset)
            self = .accepted(version: version, try payload.readIdentity(at: &offset))
        case let code:
            let text = try payload.readString(
                limit: TransportLimits.maxRefusalTextBytes, name: "refusal text", at: &offset)
            self = .refused(HandshakeRefusal(HandshakeRefusal.Reason(code: code), text))
        }
        try payload.expectEnd(at: offset)
    }
}

extension [UInt8] {
    fileprivate mutating func writeIdentity(_ identity: NodeIdentity) throws(EncodeError) {
        guard identity.cluster.utf8.count <= NodeIdentity.maxClusterNameBytes else {
            throw EncodeError("cluster name")
        }
        writeString(identity.cluster)
        try writeNode(identity.node)
        write(identity.incarnation)
    }
}

extension Span where Element == UInt8 {
    fileprivate func readIdentity(at offset: inout Int) throws(DecodeError) -> NodeIdentity {
        let cluster = try readString(
            limit: NodeIdentity.maxClusterNameBytes, name: "cluster name", at: &offset)
        let node = try readNode(at: &offset)
        let incarnation = try readUInt64(at: &offset)
        return NodeIdentity(cluster: cluster, node: node, incarnation: incarnation)
    }

    fileprivate func expectMagic(at offset: inout Int) throws(DecodeError) {
        for expected in handshakeMagic {
            let start = offset
            guard try readUInt8(at: &offset) == expected else {
                throw DecodeError(.invalid(field: "magic"), at: start)
            }
        }
    }
}
