internal import Platform
internal import Raft
internal import Testing
internal import Wire

@testable internal import RaftBench

@Suite struct `What clients and nodes of the bench say` {
    private func frames(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in 0..<count {
            ClientFrame.write(ClientQuestion.propose.rawValue, UInt64(number) << 40, to: &bytes) {
                $0 += [UInt8](repeating: 7, count: number)
            }
        }
        return bytes
    }

    @Test func `is read back frame by frame`() throws {
        let bytes = frames(4)
        var place = 0
        for number in 0..<4 {
            let frame = try #require(try ClientFrame.parse(bytes.span.extracting(place...)))
            #expect(frame.kind == ClientQuestion.propose.rawValue)
            #expect(frame.number == UInt64(number) << 40)
            #expect(frame.body.count == number && frame.byteCount == frame.body.upperBound)
            #expect(bytes[place..<place + frame.byteCount].suffix(number).allSatisfy { $0 == 7 })
            place += frame.byteCount
        }
        #expect(place == bytes.count)
    }

    @Test func `is waited for until the frame is whole`() throws {
        let bytes = Array(frames(9).suffix(ClientFrame.headerBytes + 8))
        for count in 0..<bytes.count {
            let part = bytes.span.extracting(0..<count)
            let frame = try ClientFrame.parse(part)
            #expect(frame == nil)
        }
        let whole = try ClientFrame.parse(bytes.span)
        #expect(whole?.byteCount == bytes.count)
    }

    @Test func `is refused where no frame can be that long or that short`() {
        for length in [0, 8, UInt32(ClientFrame.maxBytes - 3), .max] {
            var bytes: [UInt8] = []
            bytes.write(length)
            #expect(throws: DecodeError.self) { _ = try ClientFrame.parse(bytes.span) }
        }
    }

    @Test(arguments: [RoleName.follower, .preCandidate, .candidate, .leader])
    func `a report is read back, and nothing that is none`(role: RoleName) throws {
        let report = NodeReport(
            time: 1, node: NodeID(2), term: Term(3), role: role,
            leader: role == .leader ? NodeID(2) : nil, commitIndex: 4, appliedIndex: 5, syncs: 6,
            processorNanoseconds: 7, allocations: 8)
        var bytes: [UInt8] = []
        report.write(to: &bytes)
        let read = try NodeReport(reading: bytes.span)
        #expect(read == report)
        let short = Array(bytes.dropLast())
        #expect(throws: DecodeError.self) { _ = try NodeReport(reading: short.span) }
        let long = bytes + [0]
        #expect(throws: DecodeError.self) { _ = try NodeReport(reading: long.span) }
        bytes[24] = 4
        #expect(throws: DecodeError.self) { _ = try NodeReport(reading: bytes.span) }
    }

    @Test func `a node is started with what was chosen for it`() throws {
        let wanted = NodeArguments(
            node: 2, directory: "/a b",
            addresses: [.init(host: "::1", port: 1), .init(host: "h", port: 2)],
            timeouts: BenchTimeouts(electionMilliseconds: 150), allowsLeases: true)
        let read = try NodeArguments(wanted.words)
        #expect(read == wanted)
        #expect(read.timeouts.heartbeatMilliseconds == 15)
        var words = wanted.words
        words[0] = "3"
        #expect(throws: BenchError.self) { _ = try NodeArguments(words) }
    }
}
