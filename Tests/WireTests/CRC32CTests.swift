internal import Foundation
internal import Testing
internal import Wire

@Suite struct `CRC-32C` {
    /// The check value of the algorithm and the examples of RFC 3720, appendix B.4.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ((0..<32).map { UInt8($0) }, 0x46DD_794E),
            ((0..<32).map { UInt8(31 - $0) }, 0x113F_DB5C),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func `published values come out`(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(CRC32C.checksum(bytes.span) == expected)
    }

    @Test func `eight bytes a step and one bit a step agree, however the bytes are cut`() {
        var dice = Dice(state: 11)
        for length in 0..<70 {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            let expected = bitwise(bytes)
            #expect(CRC32C.checksum(bytes.span) == expected)
            for cut in 0...length {
                var crc = CRC32C()
                crc.update(bytes.span.extracting(0..<cut))
                crc = CRC32C(continuing: crc.value)
                crc.update(bytes.span.extracting(cut..<length))
                #expect(crc.value == expected)
            }
        }
    }

    @Test func `every flip of up to two bits in a record is noticed`() {
        var bytes = (0..<40).map { UInt8($0 * 5) }
        let sound = CRC32C.checksum(bytes.span)
        for first in 0..<320 {
            bytes[first / 8] ^= 1 << UInt8(first % 8)
            #expect(CRC32C.checksum(bytes.span) != sound)
            let second = (first &* 31 &+ 17) % 320
            if second != first {
                bytes[second / 8] ^= 1 << UInt8(second % 8)
                #expect(CRC32C.checksum(bytes.span) != sound)
                bytes[second / 8] ^= 1 << UInt8(second % 8)
            }
            bytes[first / 8] ^= 1 << UInt8(first % 8)
        }
    }

    /// Both ways are in every binary; which one counts depends on the processor that it runs on.
    @Test(.enabled(if: CRC32C.hasInstructions))
    func `the processor's instructions and the tables agree, wherever the bytes begin and are cut`()
    {
        var dice = Dice(state: 12)
        let bytes = (0..<40_000).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        for round in 0..<600 {
            // All short lengths, and long ones on both sides of where three runs begin to be taken at once.
            let length =
                round < 300
                ? round : Int.random(in: 0..<(round % 2 == 0 ? 1200 : 30_000), using: &dice)
            let start = Int.random(in: 0...bytes.count - length, using: &dice)
            let cut = Int.random(in: 0...length, using: &dice)
            let part = bytes.span.extracting(start..<start + length)
            var byTables = CRC32C(continuing: UInt32(truncatingIfNeeded: dice.next()))
            var byInstructions = byTables
            byTables.updateByTables(part)
            byInstructions.update(part.extracting(0..<cut))
            byInstructions.update(part.extracting(cut..<length))
            #expect(byInstructions == byTables, "\(length) bytes at \(start), cut at \(cut)")
        }
    }

    @Test func `this processor is asked, and on x86-64 and arm64 it mostly says yes`() throws {
        #if os(Linux)
            let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
            let words = Set(flags.split { $0 == " " || $0 == "\n" || $0 == "\t" })
            #expect(CRC32C.hasInstructions == (words.contains("sse4_2") || words.contains("crc32")))
        #endif
    }

    /// The definition: one bit after the other.
    private func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var register = ~UInt32(0)
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register & 1 == 1 ? (register >> 1) ^ 0x82F6_3B78 : register >> 1
            }
        }
        return ~register
    }
}

/// Numbers that are the same in every run.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
