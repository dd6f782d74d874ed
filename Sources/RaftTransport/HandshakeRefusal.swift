/// Why two ends of a connection will not talk to each other.
public struct HandshakeRefusal: Error, Hashable, Sendable {
    /// The kinds of reason, each with its number on the wire.
    public enum Reason: Hashable, Sendable {
        /// The other side does not speak this protocol at all. It is not answered.
        case notOurProtocol
        /// The two speak no common version.
        case unsupportedVersion
        /// The other side belongs to another cluster.
        case wrongCluster
        /// The node that was reached is not the one that was meant: an address is out of date.
        case wrongAddressee
        /// The other side claims to be this very node: two processes have one name.
        case ownNodeID
        /// The other side's name is not among the known peers.
        case unknownMember
        /// The other side has the name of a known peer and another data directory. It may have
        /// forgotten votes and entries, so it must not speak under the old name.
        case wrongIncarnation
        /// A reason of a newer program.
        case other(code: UInt8)

        init(code: UInt8) {
            switch code {
            case 1: self = .notOurProtocol
            case 2: self = .unsupportedVersion
            case 3: self = .wrongCluster
            case 4: self = .wrongAddressee
            case 5: self = .ownNodeID
            case 6: self = .unknownMember
            case 7: self = .wrongIncarnation
            default: self = .other(code: code)
            }
        }

        /// The number on the wire; 1 or more.
        public var code: UInt8 {
            switch self {
            case .notOurProtocol: 1
            case .unsupportedVersion: 2
            case .wrongCluster: 3
            case .wrongAddressee: 4
            case .ownNodeID: 5
            case .unknownMember: 6
            case .wrongIncarnation: 7
            case .other(let code): code
            }
        }
    }

    /// The kind.
    public let reason: Reason
    /// One line for a person; printable ASCII, at most 256 bytes, whatever the other side sent.
    public let text: String

    /// Makes a refusal. What is not printable ASCII in `text` becomes `?`.
    public init(_ reason: Reason, _ text: String) {
        self.reason = reason
        let printable = text.utf8.prefix(TransportLimits.maxRefusalTextBytes).map {
            (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?")
        }
        self.text = String(decoding: printable, as: UTF8.self)
    }
}

extension HandshakeRefusal: CustomStringConvertible {
    /// The text.
    public var description: String { text }
}
