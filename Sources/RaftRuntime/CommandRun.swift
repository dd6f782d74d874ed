public import Raft

/// Committed commands that a machine is to apply one after the other, as they stand in the log.
///
/// A node hands them over many at a time, so that what is the same for all of them is done once.
public struct CommandRun: Sendable {
    @usableFromInline
    struct Command: Sendable {
        /// Its place in `bytes`.
        @usableFromInline var range: Range<Int>
        @usableFromInline var position: LogPosition
        /// Who waits at this node for the answer.
        @usableFromInline var proposal: ProposalID?
    }

    /// The machine could not go on.
    public struct Failure: Error, Sendable {
        @usableFromInline let position: LogPosition
        @usableFromInline let reason: String

        @usableFromInline
        init(_ position: LogPosition, reason: String) {
            self.position = position
            self.reason = reason
        }

        /// The entry whose command could not be applied; those before it were.
        public var entry: EntryID { position.entry }
    }

    @usableFromInline var bytes: [UInt8] = []
    @usableFromInline var commands: [Command] = []
    /// For how many of them somebody waits.
    @usableFromInline var awaitedCount = 0

    init() {}

    /// How many commands there are.
    public var count: Int { commands.count }

    /// Forgets all and keeps the memory; the commands to come stand in these bytes.
    mutating func begin(in bytes: [UInt8]) {
        self.bytes = bytes
        commands.removeAll(keepingCapacity: true)
        awaitedCount = 0
    }

    /// Lets go of the bytes.
    mutating func end() { bytes = [] }

    /// Who waits for an entry or one behind it.
    func waiting(from entry: EntryID) -> [ProposalID] {
        commands.filter { $0.position.entry.index >= entry.index }.compactMap(\.proposal)
    }

    mutating func append(_ range: Range<Int>, at position: LogPosition, for proposal: ProposalID?) {
        commands.append(Command(range: range, position: position, proposal: proposal))
        if proposal != nil { awaitedCount += 1 }
    }
}

extension StateMachine {
    /// Applies the commands by `apply(_:at:)`, one after the other.
    ///
    /// Inlinable so that the loop is compiled together with the machine; called from elsewhere without knowing the
    /// machine, each answer would cost more than most commands.
    @inlinable
    public mutating func apply(
        _ run: CommandRun, into completions: inout [Completion<Answer>]
    ) throws(CommandRun.Failure) {
        let bytes = run.bytes.span
        if completions.isEmpty { completions.reserveCapacity(run.awaitedCount) }
        for command in run.commands {
            do {
                let answer = try apply(bytes.extracting(command.range), at: command.position)
                if let id = command.proposal {
                    completions.append(.proposal(id, .done(answer, at: command.position)))
                }
            } catch { throw CommandRun.Failure(command.position, reason: "\(error)") }
        }
    }
}
