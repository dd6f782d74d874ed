/// Why bytes from outside could not be decoded, and where.
public struct DecodeError: Error, Equatable, Sendable {
    /// What is wrong with the bytes.
    public enum Code: Equatable, Sendable {
        /// The bytes end before the value does; more may still come.
        case truncated
        /// A number or a length is larger than the named limit allows.
        case limitExceeded(name: StaticName, limit: Int)
        /// A field holds a value that the format does not define.
        case invalid(field: StaticName)
        /// The checksum does not match the bytes it covers.
        case checksumMismatch
        /// The bytes are of a format version that this program does not know.
        case unknownVersion(UInt32)
    }

    /// The kind of damage.
    public var code: Code
    /// The number of bytes from the start of the decoded range to where the damage was noticed.
    public var offset: Int

    /// Creates an error at a position.
    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

/// A name that is written in the source, so that an error stays cheap to make and to compare.
public struct StaticName: Equatable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private let text: StaticString

    /// Takes the literal.
    public init(stringLiteral value: StaticString) { text = value }

    /// The text of the literal.
    public var description: String { text.description }

    /// Compares the texts.
    public static func == (left: Self, right: Self) -> Bool {
        left.description == right.description
    }
}

extension DecodeError: CustomStringConvertible {
    /// One line for a log: what is wrong, and at which byte.
    public var description: String {
        switch code {
        case .truncated: "truncated at byte \(offset)"
        case .limitExceeded(let name, let limit):
            "\(name) over its limit of \(limit) at byte \(offset)"
        case .invalid(let field): "invalid \(field) at byte \(offset)"
        case .checksumMismatch: "checksum mismatch at byte \(offset)"
        case .unknownVersion(let version): "unknown format version \(version) at byte \(offset)"
        }
    }
}
