/// A client's side of a session: numbers commands, and knows what to send again.
///
/// A value without clock and connections. Propose what it hands out at any node, tell it what became
/// of each attempt, and send again what it says. Attempts of several numbers may be under way
/// together, and even several of one number.
///
/// ```swift
/// var client = SessionClient(session, terms)
/// guard let sequence = client.begin(command) else { return busy }
/// while let bytes = client.attempt(sequence) {
///     let outcome = await node.propose(bytes)
///     if case .ended(let result) = client.take(outcome, for: sequence) { return result }
/// }
/// ```
public struct SessionClient: Hashable, Sendable {
    /// The session.
    public let session: SessionID
    private let terms: SessionTerms
    private var next: UInt64 = 1
    /// What waits for its answer, by rising number.
    private var waiting: [Waiting] = []

    private struct Waiting: Hashable, Sendable {
        var sequence: UInt64
        var command: [UInt8]
        /// Attempts of which nothing was heard yet.
        var underWay = 0
        /// Whether an attempt was lost that may have been carried out, or may still be.
        var wasLost = false

        var mayBeDone: Bool { wasLost || underWay > 0 }
    }

    /// What an attempt has come to.
    public enum Progress<Answer: Sendable>: Sendable {
        /// The number has its result and is not sent again.
        case ended(Result<Answer>)
        /// Send the same number again, at this or another node, after a moment.
        case sendAgain
        /// A late word on a number that has ended.
        case nothing
    }

    /// How a number ended.
    public enum Result<Answer: Sendable>: Sendable {
        /// The machine's answer.
        case answered(Answer)
        /// The session is no more: open another one. Unless `mayBeDone`, the command was surely not
        /// carried out and may be asked for anew.
        case sessionLost(mayBeDone: Bool)
        /// It is refused for good, as too large, say. Unless `mayBeDone`, it was surely not carried out.
        case refused(mayBeDone: Bool)
    }

    /// Begins the numbers of a session that was just opened on these terms.
    public init(_ session: SessionID, _ terms: SessionTerms) {
        self.session = session
        self.terms = terms
    }

    /// The lowest number that waits for its answer, or the next one to be given.
    public var lowestUnanswered: UInt64 { waiting.first?.sequence ?? next }

    /// The numbers that wait for their answer, rising.
    public var unanswered: [UInt64] { waiting.map(\.sequence) }

    /// Numbers a command, or gives nothing while the session takes no more numbers.
    public mutating func begin(_ command: [UInt8]) -> UInt64? {
        guard next < lowestUnanswered + UInt64(terms.maxUnanswered),
            next < SessionLimits.maxSequence
        else { return nil }
        waiting.append(Waiting(sequence: next, command: command))
        next += 1
        return next - 1
    }

    /// The bytes to propose for a number, or nothing when it has ended.
    ///
    /// Each time it gives bytes, `take` is owed one outcome.
    public mutating func attempt(_ sequence: UInt64) -> [UInt8]? {
        guard let i = place(of: sequence) else { return nil }
        waiting[i].underWay += 1
        return SessionCommand.command(
            session, sequence: sequence, lowestUnanswered: lowestUnanswered
        ).encoded(with: waiting[i].command)
    }

    /// The bytes to propose when there is nothing else to say, well before the lifetime is over.
    public func keepAlive() -> [UInt8] {
        SessionCommand.keepAlive(session, lowestUnanswered: lowestUnanswered).encoded()
    }

    /// Takes in what became of one attempt.
    public mutating func take<Answer: Sendable>(
        _ outcome: ProposalOutcome<SessionReply<Answer>>, for sequence: UInt64
    ) -> Progress<Answer> {
        guard let i = place(of: sequence) else { return .nothing }
        waiting[i].underWay -= 1
        switch outcome {
        case .done(.done(let answer), _):
            waiting.remove(at: i)
            return .ended(.answered(answer))
        case .done(.refused(.sessionUnknown), _):
            return .ended(.sessionLost(mayBeDone: waiting.remove(at: i).mayBeDone))
        case .done(.refused(.tooFarAhead), _), .done(.refused(.outOfOrder), _):
            // A number before it, or the word that the answer to one has come, is still on its way.
            return .sendAgain
        case .done(.refused(.tooOld), _):
            // Somebody else has let go of it: two clients use one session.
            waiting.remove(at: i)
            return .ended(.refused(mayBeDone: true))
        case .done, .notDone(.tooLarge):
            return .ended(.refused(mayBeDone: waiting.remove(at: i).mayBeDone))
        case .notDone: return .sendAgain
        case .unknown:
            waiting[i].wasLost = true
            return .sendAgain
        }
    }

    /// Lets go of a number without its answer. It may be carried out until the next word of this client
    /// is applied, and never afterwards.
    public mutating func abandon(_ sequence: UInt64) {
        if let i = place(of: sequence) { waiting.remove(at: i) }
    }

    private func place(of sequence: UInt64) -> Int? {
        waiting.firstIndex { $0.sequence == sequence }
    }
}
