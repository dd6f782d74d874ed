public import Wire

/// What a session is called: the index of the entry that opened it, so no two are ever the same.
public struct SessionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The index.
    public var rawValue: UInt64

    /// Wraps an id that was given out before.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The number.
    public var description: String { "\(rawValue)" }

    /// Orders sessions as they were opened.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The answer to a `SessionCommand`.
public enum SessionReply<Answer: Sendable>: Sendable {
    /// The session is open and its first number is 1.
    case opened(SessionID)
    /// The inner machine's answer, to this entry or to an earlier one of the same number.
    case done(Answer)
    /// The session lives and has been heard.
    case alive
    /// The session has ended.
    case closed
    /// Nothing was carried out by this entry.
    case refused(SessionRefusal)
}

extension SessionReply: Equatable where Answer: Equatable {}

/// Why an entry had no effect on the inner machine.
public enum SessionRefusal: Equatable, Sendable {
    /// There is no such session, or it has expired: open a new one. Whether commands of unknown outcome
    /// were carried out cannot be told any more.
    case sessionUnknown
    /// The client has said that it needs no answer to this number; `lowest` is the lowest it waits for.
    case tooOld(lowest: UInt64)
    /// The session keeps no more answers: only numbers below `end` are taken until the client lets go of some.
    case tooFarAhead(end: UInt64)
    /// The session is an ordered one, and `expected` comes first. The same number may be sent again.
    case outOfOrder(expected: UInt64)
    /// There are as many sessions as the proposer allows; some will end or expire.
    case tooManySessions(limit: Int)
    /// The bytes are no command of this layer.
    case malformed(DecodeError)
}

/// An answer that can be kept beside the state and given again.
///
/// Reading must accept what writing made, with nothing left over, and give back an equal answer; and equal
/// answers must have equal bytes, as snapshots must. An answer that cannot be read back stops the node
/// that has to repeat it.
public protocol SessionAnswer: Sendable {
    /// Appends the answer's bytes.
    func write(into bytes: inout [UInt8])
    /// Reads an answer back.
    init(reading bytes: Span<UInt8>) throws
}

extension [UInt8]: SessionAnswer {
    /// Appends the bytes themselves.
    public func write(into bytes: inout [UInt8]) { bytes += self }

    /// Takes all bytes.
    public init(reading bytes: Span<UInt8>) {
        self = []
        write(bytes)
    }
}

extension Int: SessionAnswer {
    /// Appends eight bytes.
    public func write(into bytes: inout [UInt8]) { bytes.write(UInt64(bitPattern: Int64(self))) }

    /// Reads eight bytes.
    public init(reading bytes: Span<UInt8>) throws {
        var offset = 0
        let pattern = try bytes.readUInt64(at: &offset)
        try bytes.expectNothing(after: offset)
        self = Int(Int64(bitPattern: pattern))
    }
}
