internal import Testing
internal import Wire

@Suite struct `Reading and writing` {
    private static let edges: [UInt64] = {
        var edges: [UInt64] = [.max, .max - 1]
        for shift in 0..<64 {
            let power = UInt64(1) << UInt64(shift)
            edges += [power, power - 1]
        }
        return edges
    }()

    @Test func `varints have the bytes that the format says`() {
        func bytes(_ value: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.writeVarint(value)
            return bytes
        }
        #expect(bytes(0) == [0])
        #expect(bytes(127) == [0x7f])
        #expect(bytes(128) == [0x80, 1])
        #expect(bytes(300) == [0xac, 2])
        #expect(bytes(.max) == [UInt8](repeating: 0xff, count: 9) + [1])
    }

    @Test func `numbers come back, and every strict prefix is truncated`() throws {
        for value in Self.edges {
            var bytes: [UInt8] = []
            bytes.writeVarint(value)
            bytes.write(value)
            bytes.write(UInt32(truncatingIfNeeded: value))
            bytes.write(UInt16(truncatingIfNeeded: value))
            #expect(try readAll(bytes.span) == value)
            for length in 0..<bytes.count {
                #expect(throws: DecodeError(.truncated, at: length)) {
                    try readAll(bytes.span.extracting(0..<length))
                }
            }
        }
    }

    /// Reads what the test above writes; all four must agree.
    private func readAll(_ bytes: Span<UInt8>) throws(DecodeError) -> UInt64 {
        var offset = 0
        let value = try bytes.readVarint(at: &offset)
        let fixed = try bytes.readUInt64(at: &offset)
        let low = try bytes.readUInt32(at: &offset)
        let lowest = try bytes.readUInt16(at: &offset)
        #expect(fixed == value && low == UInt32(truncatingIfNeeded: value))
        #expect(lowest == UInt16(truncatingIfNeeded: value) && offset == bytes.count)
        return value
    }

    @Test(
        arguments: [
            [0x80, 0], [0xff, 0x80, 0],  // padded: the same number has a shorter form
            [UInt8](repeating: 0xff, count: 9) + [2], [UInt8](repeating: 0x80, count: 10) + [1],
        ] as [[UInt8]])
    func `a varint of more than 64 bits or in a longer form is refused`(_ bytes: [UInt8]) {
        var offset = 0
        #expect(throws: DecodeError(.invalid(field: "varint"), at: 0)) {
            try bytes.span.readVarint(at: &offset)
        }
        #expect(offset == 0)
    }

    @Test func `a count over its limit is named before anything is allocated`() {
        var bytes: [UInt8] = []
        bytes.writeVarint(.max)
        var offset = 0
        #expect(throws: DecodeError(.limitExceeded(name: "things", limit: 10), at: 0)) {
            try bytes.span.readCount(limit: 10, name: "things", at: &offset)
        }
        #expect(offset == 0)
    }

    @Test func `text comes back, and what is no UTF-8 is refused where it begins`() throws {
        var bytes: [UInt8] = [9]
        bytes.writeString("grüße, 世界")
        var offset = 1
        #expect(try bytes.span.readString(limit: 64, name: "text", at: &offset) == "grüße, 世界")
        #expect(offset == bytes.count)
        let broken: [UInt8] = [2, 0xc3, 0x28]
        offset = 0
        #expect(throws: DecodeError(.invalid(field: "text"), at: 0)) {
            try broken.span.readString(limit: 64, name: "text", at: &offset)
        }
        #expect(throws: DecodeError(.limitExceeded(name: "text", limit: 1), at: 0)) {
            try broken.span.readString(limit: 1, name: "text", at: &offset)
        }
        #expect(offset == 0)
    }

    @Test func `no position and no bytes make a reader trap`() {
        var dice = Dice(state: 5)
        for _ in 0..<2000 {
            let bytes = (0..<Int(dice.next() % 24)).map { _ in
                UInt8(truncatingIfNeeded: dice.next())
            }
            var offset = Int(dice.next() % 30)
            while true {
                let before = offset
                do throws(DecodeError) {
                    switch dice.next() % 4 {
                    case 0: _ = try bytes.span.readVarint(at: &offset)
                    case 1: _ = try bytes.span.readUInt64(at: &offset)
                    case 2: _ = try bytes.span.readString(limit: 8, name: "text", at: &offset)
                    default: _ = try bytes.span.readBytes(Int(dice.next() % 9), at: &offset)
                    }
                } catch {
                    #expect(offset == before)
                    break
                }
                if offset >= bytes.count { break }
            }
        }
    }

    @Test func `packed byte strings behave as an array of arrays does`() {
        var dice = Dice(state: 23)
        for _ in 0..<200 {
            var packed = PackedBytes()
            var twin: [[UInt8]] = []
            for _ in 0..<Int(dice.next() % 20) {
                let item = (0..<Int(dice.next() % 6)).map { _ in
                    UInt8(truncatingIfNeeded: dice.next())
                }
                switch dice.next() % 6 {
                case 0:
                    let kept = Int(dice.next() % 8)
                    packed.truncate(toCount: kept)
                    twin = Array(twin.prefix(kept))
                case 1 where !twin.isEmpty:
                    let start = Int(dice.next() % UInt64(twin.count))
                    let range = start..<Int.random(in: start...twin.count, using: &dice)
                    let copy = packed
                    packed.append(copy, range)
                    twin += twin[range]
                case 2:
                    packed.append { $0 += item }
                    twin.append(item)
                default:
                    packed.append(item.span)
                    twin.append(item)
                }
            }
            #expect(packed == PackedBytes(twin))
            #expect(packed.count == twin.count && packed.isEmpty == twin.isEmpty)
            #expect(packed.byteCount == twin.reduce(0) { $0 + $1.count })
            #expect(twin.indices.allSatisfy { packed[$0] == twin[$0] })
        }
    }
}
