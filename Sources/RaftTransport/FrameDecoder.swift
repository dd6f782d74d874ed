public import Wire

/// Cuts a stream of bytes, in pieces of any size, into frames.
///
/// Feed it with `append` and take frames until there is none. After damage the stream has no
/// meaning any more: the same error is thrown for ever and further bytes are not kept.
///
/// Whoever already holds the received bytes in one buffer uses `Frame.parse` and saves the copy.
public struct FrameDecoder: Sendable {
    /// The largest payload that is accepted.
    public var maxPayloadBytes: Int
    private var buffer: [UInt8] = []
    /// The start in `buffer` of the first frame that was not taken.
    private var start = 0
    /// The number of bytes of the stream before `start`.
    private var position = 0
    private var damage: DecodeError?

    /// Makes a decoder at the start of a stream.
    public init(maxPayloadBytes: Int = TransportLimits.maxPayloadBytes) {
        self.maxPayloadBytes = maxPayloadBytes
    }

    /// The number of bytes that wait for the rest of their frame, or to be taken.
    public var pendingBytes: Int { buffer.count - start }

    /// Takes in the next bytes of the stream.
    public mutating func append(_ bytes: Span<UInt8>) {
        guard damage == nil else { return }
        if start > buffer.count / 2 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        buffer.write(bytes)
    }

    /// Takes the next whole frame and hands its type and payload to `decode`.
    ///
    /// - Returns: Nothing when more bytes are needed.
    /// - Throws: `DecodeError` for damage, or what `decode` throws; its `offset` counts from the
    ///   start of the stream.
    public mutating func next<Value>(
        _ decode: (UInt8, Span<UInt8>) throws(DecodeError) -> Value
    ) throws(DecodeError) -> Value? {
        if let damage { throw damage }
        do throws(DecodeError) {
            guard
                let taken = try Self.first(
                    in: buffer.span.extracting(start...), maxPayloadBytes, decode)
            else {
                return nil
            }
            start += taken.byteCount
            position += taken.byteCount
            return taken.value
        } catch {
            let placed = DecodeError(error.code, at: position + error.offset)
            damage = placed
            buffer = []
            start = 0
            throw placed
        }
    }

    private static func first<Value>(
        in bytes: Span<UInt8>, _ maxPayloadBytes: Int,
        _ decode: (UInt8, Span<UInt8>) throws(DecodeError) -> Value
    ) throws(DecodeError) -> (value: Value, byteCount: Int)? {
        guard let frame = try Frame.parse(bytes, maxPayloadBytes: maxPayloadBytes) else {
            return nil
        }
        do throws(DecodeError) {
            return (try decode(frame.type, bytes.extracting(frame.payload)), frame.byteCount)
        } catch {
            throw DecodeError(error.code, at: frame.payload.lowerBound + error.offset)
        }
    }

    /// Takes the next envelope.
    ///
    /// - Returns: Nothing when more bytes are needed.
    /// - Throws: As `next`.
    public mutating func nextEnvelope() throws(DecodeError) -> Envelope? {
        try next { type, payload throws(DecodeError) in try Envelope(type: type, payload: payload) }
    }
}
