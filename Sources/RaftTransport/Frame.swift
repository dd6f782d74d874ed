// A frame, the envelope of everything that one node writes to another. Integers are little-endian.
//
//   offset  bytes  field
//   0       4      n, the number of bytes of the payload
//   4       1      type (see `FrameType`)
//   5       4      CRC-32C of the five bytes before
//   9       n      payload
//   9 + n   4      CRC-32C of the payload
//
// The header has a checksum of its own so that a damaged length is noticed at once. Without it a
// reader would wait for bytes that never come, up to the largest frame, and the node would be deaf
// while the connection looks well. Frames follow each other without a gap. The first frame in each
// direction is part of the handshake (`Hello.swift`).

public import Wire

/// What a frame holds.
enum FrameType: UInt8, CaseIterable {
    case hello = 1
    case helloReply = 2
    case raft = 16
    case proposals = 17
    case proposalsRefused = 18
    case rejoin = 19
}

/// Where the parts of one frame are in the bytes that it was found in.
public struct Frame: Equatable, Sendable {
    /// The number of bytes before a payload.
    public static let headerBytes = 9
    /// The number of bytes after a payload.
    public static let trailerBytes = 4

    /// The kind of payload. Not every number has a meaning.
    public let type: UInt8
    /// Where the payload is.
    public let payload: Range<Int>

    /// The number of bytes of the whole frame.
    public var byteCount: Int { payload.upperBound + Self.trailerBytes }

    /// Looks for one whole frame at the start of `bytes` and checks it.
    ///
    /// - Returns: Nothing when more bytes are needed.
    /// - Throws: `DecodeError`: `.checksumMismatch`, or `.limitExceeded` for a payload of more than
    ///   `maxPayloadBytes`. Nothing that follows on such a stream can be understood.
    /// - Complexity: O(1) until the frame is complete, then O(*n*) once for its checksum.
    public static func parse(
        _ bytes: Span<UInt8>, maxPayloadBytes: Int
    ) throws(DecodeError) -> Frame? {
        guard bytes.count >= headerBytes else { return nil }
        var offset = 0
        let length = try bytes.readUInt32(at: &offset)
        let type = try bytes.readUInt8(at: &offset)
        guard try bytes.readUInt32(at: &offset) == CRC32C.checksum(bytes.extracting(0..<5)) else {
            throw DecodeError(.checksumMismatch, at: 0)
        }
        let limit = min(maxPayloadBytes, TransportLimits.maxPayloadBytes)
        guard let count = Int(exactly: length), count <= limit else {
            throw DecodeError(.limitExceeded(name: "frame payload", limit: limit), at: 0)
        }
        guard bytes.count - headerBytes - trailerBytes >= count else { return nil }
        let payload = offset..<offset + count
        offset = payload.upperBound
        let checksum = CRC32C.checksum(bytes.extracting(payload))
        guard try bytes.readUInt32(at: &offset) == checksum else {
            throw DecodeError(.checksumMismatch, at: payload.lowerBound)
        }
        return Frame(type: type, payload: payload)
    }

    /// Appends a frame whose payload `build` appends to the same buffer.
    ///
    /// - Throws: What `build` throws, or `EncodeError` when the payload is too large; `output` is
    ///   then as it was.
    static func write(
        _ type: FrameType, maxPayloadBytes: Int, to output: inout [UInt8],
        _ build: (inout [UInt8]) throws(EncodeError) -> Void
    ) throws(EncodeError) {
        let start = output.count
        output.write(UInt32(0))
        output.append(type.rawValue)
        output.write(UInt32(0))
        do throws(EncodeError) {
            try build(&output)
            let count = output.count - start - headerBytes
            let limit = min(maxPayloadBytes, TransportLimits.maxPayloadBytes)
            guard let length = UInt32(exactly: count), count <= limit else {
                throw EncodeError("frame payload")
            }
            output.overwrite(length, at: start)
        } catch {
            output.removeSubrange(start...)
            throw error
        }
        let header = CRC32C.checksum(output.span.extracting(start..<start + 5))
        output.overwrite(header, at: start + 5)
        let payload = start + headerBytes..<output.count
        output.write(CRC32C.checksum(output.span.extracting(payload)))
    }
}

/// Writes envelopes as frames into buffers that are about to be sent.
public struct FrameEncoder: Equatable, Sendable {
    /// The largest payload that is written; the peers must accept as much.
    public var maxPayloadBytes: Int

    /// Makes an encoder.
    public init(maxPayloadBytes: Int = TransportLimits.maxPayloadBytes) {
        self.maxPayloadBytes = maxPayloadBytes
    }

    /// Appends one frame; the contents are copied once, from the envelope into `output`.
    ///
    /// - Throws: `EncodeError` when the envelope breaks a limit or contradicts itself; `output` is
    ///   then as it was.
    public func append(_ envelope: Envelope, to output: inout [UInt8]) throws(EncodeError) {
        let room = min(maxPayloadBytes, TransportLimits.maxPayloadBytes)
        guard envelope.contentBytes <= room else { throw EncodeError("frame payload") }
        try Frame.write(envelope.frameType, maxPayloadBytes: room, to: &output) {
            buffer throws(EncodeError) in
            try envelope.write(to: &buffer)
        }
    }
}
