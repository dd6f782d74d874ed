// The commands of the session layer as bytes; all numbers are varints.
//
//     kind      1 byte   0 plain, 1 open, 2 command, 3 keep-alive, 4 close
//     open      lifetime in milliseconds, numbers kept, order byte (0 any, 1 in order), most sessions
//     command   session, sequence, sequence − lowest unanswered
//     keep-alive  session, lowest unanswered
//     close     session
//     inner     the rest, of plain and command; nothing may follow the others
//
// This is part of the format of the log. Each number has one form, so equal commands have equal bytes.

internal import Wire

/// What a client asks of a `SessionMachine`; the inner command, where there is one, follows it.
public enum SessionCommand: Hashable, Sendable {
    /// An inner command outside of all sessions: carried out as often as it is in the log.
    case plain
    /// Make a session, if fewer than `maxSessions` live (at most `SessionLimits.maxSessions`).
    case open(SessionTerms, maxSessions: Int)
    /// An inner command, at most once.
    case command(SessionID, sequence: UInt64, lowestUnanswered: UInt64)
    /// The client lives, and needs no answers below a number.
    case keepAlive(SessionID, lowestUnanswered: UInt64)
    /// The client needs the session no more.
    case close(SessionID)

    /// The bytes to propose, with those of the inner command.
    ///
    /// Numbers that no client may send are written all the same and refused by the machine.
    public func encoded(with inner: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(inner.count + 24)
        switch self {
        case .plain: bytes.append(0)
        case .open(let terms, let maxSessions):
            bytes.append(1)
            terms.write(into: &bytes)
            bytes.writeVarint(UInt64(max(0, maxSessions)))
        case .command(let session, let sequence, let lowest):
            bytes.append(2)
            bytes.writeVarint(session.rawValue)
            bytes.writeVarint(sequence)
            bytes.writeVarint(sequence &- lowest)
        case .keepAlive(let session, let lowest):
            bytes.append(3)
            bytes.writeVarint(session.rawValue)
            bytes.writeVarint(lowest)
        case .close(let session):
            bytes.append(4)
            bytes.writeVarint(session.rawValue)
        }
        bytes += inner
        return bytes
    }

    /// Reads what stands before the inner command; `offset` is then where that begins.
    init(_ bytes: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let start = offset
        switch try bytes.readUInt8(at: &offset) {
        case 0: self = .plain
        case 1:
            let terms = try SessionTerms(bytes, at: &offset)
            let limit = try bytes.readCount(
                limit: SessionLimits.maxSessions, name: "sessions", at: &offset)
            try bytes.expectNothing(after: offset)
            self = .open(terms, maxSessions: limit)
        case 2:
            let session = SessionID(try bytes.readVarint(at: &offset))
            let place = offset
            let sequence = try bytes.readVarint(at: &offset)
            let distance = try bytes.readVarint(at: &offset)
            guard distance < sequence, sequence <= SessionLimits.maxSequence else {
                throw DecodeError(.invalid(field: "sequence"), at: place)
            }
            self = .command(session, sequence: sequence, lowestUnanswered: sequence - distance)
        case 3:
            let session = SessionID(try bytes.readVarint(at: &offset))
            let lowest = try bytes.readSequence(at: &offset)
            try bytes.expectNothing(after: offset)
            self = .keepAlive(session, lowestUnanswered: lowest)
        case 4:
            let session = SessionID(try bytes.readVarint(at: &offset))
            try bytes.expectNothing(after: offset)
            self = .close(session)
        default: throw DecodeError(.invalid(field: "kind of session command"), at: start)
        }
    }
}

/// What a client and the machine agree on when a session is opened.
public struct SessionTerms: Hashable, Sendable {
    /// How long the session may be silent, in committed cluster time. Default one minute.
    public var lifetimeMilliseconds: UInt64
    /// How many numbers, from the lowest unanswered on, the session takes: as many answers are kept. Default 64.
    public var maxUnanswered: Int
    /// Whether a number is only carried out after the one before it. Default no.
    public var isOrdered: Bool

    /// Makes terms; what lies outside `SessionLimits` is brought within.
    public init(
        lifetimeMilliseconds: UInt64 = 60_000, maxUnanswered: Int = 64, isOrdered: Bool = false
    ) {
        self.lifetimeMilliseconds = min(
            max(lifetimeMilliseconds, 1), SessionLimits.maxLifetimeMilliseconds)
        self.maxUnanswered = min(max(maxUnanswered, 1), SessionLimits.maxUnanswered)
        self.isOrdered = isOrdered
    }

    func write(into bytes: inout [UInt8]) {
        bytes.writeVarint(lifetimeMilliseconds)
        bytes.writeVarint(UInt64(max(0, maxUnanswered)))
        bytes.append(isOrdered ? 1 : 0)
    }

    init(_ bytes: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let start = offset
        lifetimeMilliseconds = try bytes.readVarint(at: &offset)
        maxUnanswered = try bytes.readCount(
            limit: SessionLimits.maxUnanswered, name: "unanswered commands", at: &offset)
        let order = try bytes.readUInt8(at: &offset)
        guard lifetimeMilliseconds >= 1,
            lifetimeMilliseconds <= SessionLimits.maxLifetimeMilliseconds, maxUnanswered >= 1,
            order <= 1
        else { throw DecodeError(.invalid(field: "terms of a session"), at: start) }
        isOrdered = order == 1
    }
}

/// The bounds of what commands may ask for. They are part of the format.
public enum SessionLimits {
    /// The most sessions that may live.
    public static let maxSessions = 1 << 20
    /// The most answers that a session may keep.
    public static let maxUnanswered = 1 << 10
    /// The longest silence: thirty days.
    public static let maxLifetimeMilliseconds: UInt64 = 30 * 24 * 3600 * 1000
    /// The highest number of a command.
    public static let maxSequence: UInt64 = 1 << 62
}

extension Span where Element == UInt8 {
    func readSequence(at offset: inout Int) throws(DecodeError) -> UInt64 {
        let start = offset
        let value = try readVarint(at: &offset)
        guard value >= 1, value <= SessionLimits.maxSequence else {
            throw DecodeError(.invalid(field: "sequence"), at: start)
        }
        return value
    }

    func expectNothing(after offset: Int) throws(DecodeError) {
        guard offset == count else {
            throw DecodeError(.invalid(field: "bytes after the last field"), at: offset)
        }
    }
}
