internal import Testing
internal import Wire

@Suite struct PackedBytesCodingTests {
    private let items = PackedBytes([[1, 2], [], [3]])
    private let bytes: [UInt8] = [3, 2, 0, 1, 1, 2, 3]

    @Test func `a list of byte strings is its count, its lengths and its bytes`() throws {
        var output: [UInt8] = [9]
        output.writePacked(items)
        #expect(output == [9] + bytes)
        var offset = 1
        let read = try output.span.readPacked(maxCount: 3, name: "items", at: &offset)
        #expect(read == items)
        #expect(offset == output.count)
    }

    @Test func `every strict prefix is truncated and moves nothing`() {
        for count in bytes.indices {
            var offset = 0
            #expect(throws: DecodeError(.truncated, at: count)) {
                try bytes.span.extracting(..<count).readPacked(
                    maxCount: 3, name: "items", at: &offset)
            }
            #expect(offset == 0)
        }
    }

    @Test func `more items than allowed are refused`() {
        var offset = 0
        #expect(throws: DecodeError(.limitExceeded(name: "items", limit: 2), at: 0)) {
            try bytes.span.readPacked(maxCount: 2, name: "items", at: &offset)
        }
    }

    @Test func `lengths whose sum overflows are truncated`() {
        var huge: [UInt8] = [2]
        huge.writeVarint(UInt64(Int.max))
        huge.writeVarint(UInt64(Int.max))
        huge.append(0)
        var offset = 0
        #expect(throws: DecodeError(.truncated, at: huge.count)) {
            try huge.span.readPacked(maxCount: 2, name: "items", at: &offset)
        }
    }
}
