internal import Raft
internal import RaftTransport
internal import Testing
internal import Wire

@Suite struct FrameTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `random envelopes come back as they were`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let envelope = random.envelope()
            var decoder = FrameDecoder()
            let bytes = try frame(envelope)
            decoder.append(bytes.span)
            let first = try decoder.nextEnvelope()
            let second = try decoder.nextEnvelope()
            #expect(first == envelope)
            #expect(second == nil)
            #expect(decoder.pendingBytes == 0)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a stream cut at any bytes gives the same envelopes`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sent = (0..<50).map { _ in random.envelope() }
        var stream: [UInt8] = []
        for envelope in sent { try FrameEncoder().append(envelope, to: &stream) }

        for largestChunk in [1, 7, 100, stream.count] {
            var decoder = FrameDecoder()
            var received: [Envelope] = []
            var offset = 0
            while offset < stream.count {
                let end = min(stream.count, offset + 1 + random.upTo(largestChunk - 1))
                decoder.append(stream.span.extracting(offset..<end))
                received += try decoder.rest()
                offset = end
            }
            #expect(received == sent)
        }
    }

    @Test func `two envelopes are told apart wherever their bytes are split`() throws {
        var random = SeededGenerator(seed: 7)
        let sent = [random.envelope(), random.envelope()]
        let stream = try frame(sent[0]) + frame(sent[1])
        for split in 0...stream.count {
            var decoder = FrameDecoder()
            var received: [Envelope] = []
            decoder.append(stream.span.extracting(..<split))
            received += try decoder.rest()
            decoder.append(stream.span.extracting(split...))
            received += try decoder.rest()
            #expect(received == sent, "split at \(split)")
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `every strict prefix of a frame asks for more`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = try frame(random.envelope())
        for count in 0..<bytes.count {
            var decoder = FrameDecoder()
            decoder.append(bytes.span.extracting(..<count))
            let envelope = try decoder.nextEnvelope()
            #expect(envelope == nil, "\(count) bytes")
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `every flipped byte of a frame is noticed as soon as the frame is there`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = try frame(random.envelope())
        for position in bytes.indices {
            for pattern in 1...255 as ClosedRange<UInt8> {
                var damaged = bytes
                damaged[position] ^= pattern
                var decoder = FrameDecoder()
                decoder.append(damaged.span)
                if case .success = decoder.outcome() {
                    Issue.record("byte \(position), bits \(pattern)")
                }
            }
        }
    }

    @Test func `damage is placed in the stream, and is final`() throws {
        var random = SeededGenerator(seed: 3)
        let first = try frame(random.envelope())
        var second = try frame(random.envelope())
        second[Frame.headerBytes] ^= 1
        var decoder = FrameDecoder()
        decoder.append((first + second).span)
        _ = try decoder.nextEnvelope()
        let expected = DecodeError(.checksumMismatch, at: first.count + Frame.headerBytes)
        let once = decoder.outcome()
        decoder.append(first.span)
        let again = decoder.outcome()
        #expect(once == .failure(expected) && again == .failure(expected))
        #expect(decoder.pendingBytes == 0)
    }

    @Test func `a damaged payload is placed in the stream`() throws {
        let good = frame(type: 17, payload: [1, 0])
        let bad = frame(type: 17, payload: [1, 0, 0])
        var decoder = FrameDecoder()
        decoder.append((good + bad).span)
        _ = try decoder.nextEnvelope()
        let position = good.count + Frame.headerBytes + 2
        let outcome = decoder.outcome()
        #expect(outcome == .failure(DecodeError(.invalid(field: "end of payload"), at: position)))
    }

    @Test func `a payload over the limit is refused by its header alone`() throws {
        let bytes = frame(type: 17, payload: [UInt8](repeating: 0, count: 100))
        var decoder = FrameDecoder(maxPayloadBytes: 99)
        decoder.append(bytes.span.extracting(..<Frame.headerBytes))
        let outcome = decoder.outcome()
        #expect(
            outcome
                == .failure(DecodeError(.limitExceeded(name: "frame payload", limit: 99), at: 0)))
        var generous = FrameDecoder(maxPayloadBytes: 100)
        generous.append(bytes.span.extracting(..<Frame.headerBytes))
        let incomplete = try generous.nextEnvelope()
        #expect(incomplete == nil)
    }

    @Test func `no setting allows more than the largest payload`() throws {
        var header: [UInt8] = []
        header.write(UInt32(TransportLimits.maxPayloadBytes + 1))
        header.append(17)
        header.write(CRC32C.checksum(header.span))
        var decoder = FrameDecoder(maxPayloadBytes: .max)
        decoder.append(header.span)
        let outcome = decoder.outcome()
        guard case .failure = outcome else {
            Issue.record("accepted")
            return
        }
    }

    @Test func `what cannot be written leaves the buffer as it was`() throws {
        var output: [UInt8] = [1, 2, 3]
        let large = Envelope.proposals(
            ForwardedProposals(
                firstSequence: 1, commands: PackedBytes([[UInt8](repeating: 0, count: 50)])))
        #expect(throws: EncodeError.self) {
            try FrameEncoder(maxPayloadBytes: 50).append(large, to: &output)
        }
        #expect(throws: EncodeError.self) {
            try FrameEncoder(maxPayloadBytes: 49).append(large, to: &output)
        }
        #expect(output == [1, 2, 3])
        try FrameEncoder(maxPayloadBytes: 53).append(large, to: &output)
        #expect(output.count == 3 + Frame.headerBytes + 53 + Frame.trailerBytes)
    }
}
