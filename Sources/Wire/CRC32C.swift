/// The Castagnoli checksum (CRC-32C, RFC 3720 appendix B.4): reflected, polynomial 0x1EDC6F41.
///
/// Finds every burst of up to 32 flipped bits and every error of up to three single bits in
/// records of the sizes written here. It guards against accidents, not against an attacker.
public struct CRC32C: Equatable, Sendable {
    private var register: UInt32

    /// Starts the checksum of nothing.
    public init() { register = ~0 }

    /// Goes on from a finished checksum, as if the bytes it covered had been fed here.
    public init(continuing checksum: UInt32) { register = ~checksum }

    /// The checksum of all bytes fed so far.
    public var value: UInt32 { ~register }

    /// Feeds bytes, by the processor's instructions where it has them and by tables elsewhere.
    /// - Complexity: O(*n*); `raft-lab bench crc` says how long a byte takes either way.
    public mutating func update(_ bytes: Span<UInt8>) {
        register =
            Self.hasInstructions
            ? Self.feed(bytes, byInstructionsInto: register)
            : Self.feed(bytes, byTablesInto: register)
    }

    /// Feeds bytes by tables even where there are instructions: to hold the two against each other.
    public mutating func updateByTables(_ bytes: Span<UInt8>) {
        register = Self.feed(bytes, byTablesInto: register)
    }

    /// The register after the bytes. Eight are taken a step, by eight tables.
    static func feed(_ bytes: Span<UInt8>, byTablesInto register: UInt32) -> UInt32 {
        let tables = Self.tables
        var crc = register
        var i = 0
        while bytes.count - i >= 8 {
            var low: UInt32 = 0
            for k in 0..<4 { low |= UInt32(bytes[i + k]) << UInt32(8 * k) }
            low ^= crc
            crc = 0
            for k in 0..<4 {
                crc ^= tables[(7 - k) * 256 + Int((low >> UInt32(8 * k)) & 0xff)]
                crc ^= tables[(3 - k) * 256 + Int(bytes[i + 4 + k])]
            }
            i += 8
        }
        while i < bytes.count {
            crc = (crc >> 8) ^ tables[Int((crc ^ UInt32(bytes[i])) & 0xff)]
            i += 1
        }
        return crc
    }

    /// The checksum of one run of bytes.
    public static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// Table k, byte b: the register after b and k zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for k in 1..<8 {
            for byte in 0..<256 {
                let crc = tables[(k - 1) * 256 + byte]
                tables[k * 256 + byte] = (crc >> 8) ^ tables[Int(crc & 0xff)]
            }
        }
        return tables
    }()
}
