// The sessions as they stand before the inner machine's bytes in a snapshot; numbers are varints.
//
//     version   1 byte   1
//     clock     the newest cluster time seen, in milliseconds
//     count     the number of sessions; then for each, by rising id:
//       id      less that of the one before
//       terms   lifetime, numbers kept, order byte, as in an open command
//       idle    clock − when it was last heard
//       lowest  the lowest number that the client waits for
//       kept    the number of kept answers; then for each, by rising number:
//         number  less `lowest`, or less the one before and 1
//         answer  its length, and the bytes
//
// Equal tables have equal bytes, and bytes that are accepted are the bytes that would be written.

internal import Wire

extension SessionTable {
    /// The sessions as they were when the view was taken.
    struct Image: Sendable {
        let clock: UInt64
        let count: Int
        let chunks: [[Session]]

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var bytes: [UInt8] = [SessionTable.imageVersion]
            bytes.writeVarint(clock)
            bytes.writeCount(count)
            var previous: UInt64 = 0
            for chunk in chunks {
                for session in chunk {
                    bytes.writeVarint(session.id.rawValue - previous)
                    session.write(into: &bytes, clock: clock)
                    previous = session.id.rawValue
                }
                try emit(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
            if !bytes.isEmpty { try emit(bytes) }
        }
    }

    static let imageVersion: UInt8 = 1

    func image() -> Image { Image(clock: clock, count: count, chunks: chunks) }

    /// Goes on from a view.
    init(_ image: Image) { self.init(clock: image.clock, Array(image.chunks.joined())) }

    /// Reads a table; `offset` is then where the inner machine's bytes begin.
    ///
    /// - Parameter isAnswer: Whether bytes are what some answer writes.
    init(
        _ bytes: Span<UInt8>, at offset: inout Int, isAnswer: ([UInt8]) throws -> Bool
    ) throws {
        let version = try bytes.readUInt8(at: &offset)
        guard version == Self.imageVersion else {
            throw DecodeError(.unknownVersion(UInt32(version)), at: 0)
        }
        let clock = try bytes.readVarint(at: &offset)
        let count = try bytes.readCount(
            limit: SessionLimits.maxSessions, name: "sessions", at: &offset)
        var sessions: [Session] = []
        var previous: UInt64 = 0
        for _ in 0..<count {
            let start = offset
            let (id, overflow) = previous.addingReportingOverflow(
                try bytes.readVarint(at: &offset))
            guard !overflow, id > previous else {
                throw DecodeError(.invalid(field: "session"), at: start)
            }
            let session = try Session(
                bytes, at: &offset, id: SessionID(id), clock: clock, isAnswer: isAnswer)
            sessions.append(session)
            previous = id
        }
        self.init(clock: clock, sessions)
    }
}

extension Session {
    func write(into bytes: inout [UInt8], clock: UInt64) {
        terms.write(into: &bytes)
        bytes.writeVarint(clock - heard)
        bytes.writeVarint(lowest)
        bytes.writeCount(kept.count)
        var next = lowest
        for answer in kept {
            bytes.writeVarint(answer.sequence - next)
            bytes.writeCount(answer.bytes.count)
            bytes += answer.bytes
            next = answer.sequence + 1
        }
    }

    init(
        _ bytes: Span<UInt8>, at offset: inout Int, id: SessionID, clock: UInt64,
        isAnswer: ([UInt8]) throws -> Bool
    ) throws {
        let start = offset
        let terms = try SessionTerms(bytes, at: &offset)
        let idle = try bytes.readVarint(at: &offset)
        guard idle <= clock else { throw DecodeError(.invalid(field: "idle time"), at: start) }
        self.init(id: id, terms: terms, heard: clock - idle)
        lowest = try bytes.readSequence(at: &offset)
        guard deadline > clock else {
            throw DecodeError(.invalid(field: "deadline of a session"), at: start)
        }
        let count = try bytes.readCount(
            limit: terms.maxUnanswered, name: "kept answers", at: &offset)
        var next = lowest
        for _ in 0..<count {
            let place = offset
            let skipped = try bytes.readVarint(at: &offset)
            // In order nothing is skipped, and no number lies beyond those that are taken.
            guard skipped < end - next, skipped == 0 || !terms.isOrdered else {
                throw DecodeError(.invalid(field: "number of a kept answer"), at: place)
            }
            let length = try bytes.readCount(
                limit: bytes.count, name: "length of an answer", at: &offset)
            let answer = try bytes.readBytes(length, at: &offset)
            guard try isAnswer(answer) else {
                throw DecodeError(.invalid(field: "kept answer"), at: place)
            }
            kept.append(Kept(sequence: next + skipped, bytes: answer))
            next += skipped + 1
        }
    }
}
