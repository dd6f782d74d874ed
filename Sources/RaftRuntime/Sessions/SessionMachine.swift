internal import Raft
internal import Wire

/// Client sessions over any state machine: what a client asks for takes effect at most once, however
/// often and at whichever nodes it asks (thesis §6.3).
///
/// A client opens a session and numbers its commands from 1. It sends a command again, under the
/// same number, until it has the answer; the first of these entries in the log is carried out, all
/// others get the same answer. With each command the client says which is its lowest number without
/// an answer, and what is below is forgotten. `SessionClient` does the counting.
///
/// What is guaranteed, as long as the session lives:
/// - A number is carried out at most once, over crashes, elections, snapshots and restarts.
/// - Each entry of one number is answered alike, byte for byte. Only the position in the outcome is that
///   of the entry itself.
/// - A number that the client has let go of is never carried out later, wherever it was on its way.
///
/// What is not:
/// - A session that was silent for its lifetime, in committed cluster time, is forgotten with all its
///   answers: `sessionUnknown`. Whether a command of unknown outcome was carried out cannot be told
///   any more. Cluster time stands still while there is no leader, so no failover costs a session.
/// - Opening is not protected: an open whose answer was lost has perhaps made a session, which nobody
///   uses and which expires.
/// - Two commands under one number are not noticed: the second gets the answer of the first.
///
/// All that decides is in the commands, nothing in settings, so nodes with other settings or of
/// another version cannot come apart. Memory is bounded by sessions × unanswered commands × the size
/// of an answer. The cost of a command is that of the inner machine, O(log *n*) for *n* sessions, and
/// its share of what expires.
public struct SessionMachine<Inner: StateMachine>: StateMachine where Inner.Answer: SessionAnswer {
    /// The machine that carries out the commands.
    public var inner: Inner
    var sessions = SessionTable()

    /// Puts sessions before a machine. Both begin empty on a new node; what a snapshot or a log holds
    /// without sessions is not readable with them.
    public init(_ inner: Inner) { self.inner = inner }

    /// The number of sessions that live.
    public var sessionCount: Int { sessions.count }

    /// Applies a `SessionCommand`; sessions whose time is over at `position` end before it.
    ///
    /// - Throws: What the inner machine throws, and what reading back a kept answer throws.
    public mutating func apply(
        _ command: Span<UInt8>, at position: LogPosition
    ) throws -> SessionReply<Inner.Answer> {
        sessions.advance(to: position.timeMilliseconds)
        var offset = 0
        let head: SessionCommand
        do throws(DecodeError) {
            head = try SessionCommand(command, at: &offset)
        } catch { return .refused(.malformed(error)) }
        let rest = command.extracting(offset..<command.count)
        switch head {
        case .plain: return .done(try inner.apply(rest, at: position))
        case .open(let terms, let maxSessions):
            guard sessions.count < maxSessions else {
                return .refused(.tooManySessions(limit: maxSessions))
            }
            return .opened(sessions.open(at: position.entry.index, terms))
        case .command(let id, let sequence, let lowest):
            return try apply(rest, at: position, id, sequence, lowest)
        case .keepAlive(let id, let lowest):
            guard let place = sessions.find(id) else { return .refused(.sessionUnknown) }
            sessions.hear(place, lowestUnanswered: lowest)
            return .alive
        case .close(let id):
            guard let place = sessions.find(id) else { return .refused(.sessionUnknown) }
            sessions.close(place)
            return .closed
        }
    }

    private mutating func apply(
        _ command: Span<UInt8>, at position: LogPosition, _ id: SessionID, _ sequence: UInt64,
        _ lowest: UInt64
    ) throws -> SessionReply<Inner.Answer> {
        guard let place = sessions.find(id) else { return .refused(.sessionUnknown) }
        sessions.hear(place, lowestUnanswered: lowest)
        switch sessions.admit(sequence, to: place) {
        case .refuse(let refusal): return .refused(refusal)
        case .repeat(let bytes): return .done(try Inner.Answer(reading: bytes.span))
        case .carryOut:
            let answer = try inner.apply(command, at: position)
            var bytes: [UInt8] = []
            answer.write(into: &bytes)
            sessions.keep(bytes, of: sequence, at: place)
            return .done(answer)
        }
    }

    /// A view of machine and sessions.
    public func image() -> Image {
        Image(inner: inner.image(), sessions: sessions.image(), table: nil)
    }

    /// The frozen sessions and the frozen inner state.
    public struct Image: SnapshotImage {
        let inner: Inner.Image
        let sessions: SessionTable.Image
        /// The sessions ready to go on, in an image that was read.
        let table: SessionTable?

        /// Writes the sessions, ordered by id, and then what the inner machine writes.
        public func write(to emit: ([UInt8]) throws -> Void) throws {
            try sessions.write(to: emit)
            try inner.write(to: emit)
        }
    }

    /// Goes on from a frozen state.
    public mutating func restore(_ image: Image) {
        inner.restore(image.inner)
        sessions = image.table ?? SessionTable(image.sessions)
    }
}

extension SessionMachine.Image {
    /// Reads what an image wrote.
    ///
    /// - Throws: When the bytes cannot be such an image, and what the inner image throws. No bytes make it trap.
    public init(reading bytes: Span<UInt8>) throws {
        var offset = 0
        let table = try SessionTable(bytes, at: &offset) { kept in
            var again: [UInt8] = []
            try Inner.Answer(reading: kept.span).write(into: &again)
            return again == kept
        }
        inner = try Inner.Image(reading: bytes.extracting(offset..<bytes.count))
        sessions = table.image()
        self.table = table
    }
}

extension SessionMachine: Sendable where Inner: Sendable {}
