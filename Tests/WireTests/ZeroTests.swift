internal import Testing
internal import Wire

@Suite struct `A span of bytes is zero` {
    @Test func `when no byte is anything else, wherever it stands`() {
        for count in Array(0...40) + [4095, 4096, 4097, 8200] {
            var bytes = [UInt8](repeating: 0, count: count)
            #expect(isZero(bytes[...]))
            for place in [0, 7, 8, count / 2, count - 9, count - 1]
            where bytes.indices.contains(place) {
                bytes[place] = 0x80
                #expect(!isZero(bytes[...]), "\(place) of \(count)")
                #expect(isZero(bytes[(place + 1)...]))
                #expect(isZero(bytes[..<place]))
                bytes[place] = 0
            }
        }
    }

    private func isZero(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.span.isZero }
}
