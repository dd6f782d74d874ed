/// Where to connect to or to listen: a host, by name or number, and a port.
package struct Address: Hashable, Sendable, CustomStringConvertible {
    /// The longest name that the domain name system knows.
    package static let maxHostBytes = 253

    /// A host name, an IPv4 or an IPv6 address (without brackets); `*` listens on all of them.
    package let host: String
    /// The port; 0 asks the kernel for any free one when listening.
    package let port: UInt16

    /// Joins a host and a port.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[::1]:port`.
    package init(parsing text: String) throws(AddressError) {
        guard let colon = text.lastIndex(of: ":") else {
            throw AddressError(text: text, reason: "the port is missing; write HOST:PORT")
        }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let port = UInt16(digits)
        else {
            throw AddressError(text: text, reason: "the port must be a number from 0 to 65535")
        }
        self.init(host: try Self.host(in: text[..<colon], of: text), port: port)
    }

    private static func host(in part: Substring, of text: String) throws(AddressError) -> String {
        var host = part
        if host.hasPrefix("["), host.hasSuffix("]"), host.utf8.count > 2 {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw AddressError(text: text, reason: "an IPv6 address stands in brackets: [::1]:8848")
        }
        guard !host.isEmpty else { throw AddressError(text: text, reason: "the host is missing") }
        guard host.utf8.count <= maxHostBytes else {
            throw AddressError(text: "", reason: "the host is longer than \(maxHostBytes) bytes")
        }
        guard host.utf8.allSatisfy(isAllowed) else {
            throw AddressError(text: text, reason: "the host has a character that no host has")
        }
        return String(host)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        case UInt8(ascii: ":"), UInt8(ascii: "%"), UInt8(ascii: "*"): true
        default: byte >= 0x80
        }
    }

    /// As it is parsed: `host:port`, `[::1]:port`.
    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// Why a text is no address.
package struct AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text, as far as it can be shown.
    package let text: String
    /// What is wrong with it.
    package let reason: String

    /// One line: `"8848" is no address: the port is missing; write HOST:PORT`.
    package var description: String { "\"\(text)\" is no address: \(reason)" }
}
