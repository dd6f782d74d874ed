public import Raft

/// What is replicated: a function from the log to a state.
///
/// `apply` must depend on nothing but the state, the command and the position: no clock, no random
/// numbers, no iteration over hashed collections on the way to an answer or a snapshot. Then every
/// node holds the same state at the same index.
public protocol StateMachine: SendableMetatype {
    /// What a proposer hears when its command has been applied.
    associatedtype Answer: Sendable
    /// A frozen view of the state, cheap to take, that another thread can write out.
    associatedtype Image: SnapshotImage

    /// Applies a committed command.
    ///
    /// - Parameters:
    ///   - command: The bytes that were proposed.
    ///   - position: Where in the log they stand, and the cluster time there.
    /// - Throws: Only when the state cannot go on; the node then stops and says why. What is wrong with
    ///   a command belongs in the answer.
    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> Answer

    /// Applies commands that follow on each other, and appends the answers that somebody waits for.
    ///
    /// There is an implementation, which calls the other `apply` for each; it is a requirement only so that the
    /// compiler makes one of it for each machine.
    mutating func apply(
        _ run: CommandRun, into completions: inout [Completion<Answer>]
    ) throws(CommandRun.Failure)

    /// A view of the state as it is now. Must not cost time that grows with the state.
    func image() -> Image

    /// Takes over the state that an image wrote.
    ///
    /// - Throws: When the bytes are not such an image; the state is then left as it was.
    mutating func restore(from bytes: Span<UInt8>) throws
}

/// A frozen state that can be written out.
public protocol SnapshotImage: Sendable {
    /// Appends the state's bytes piece by piece; `emit` takes each piece away.
    ///
    /// Equal states must write equal bytes.
    func write(to emit: ([UInt8]) throws -> Void) throws
}

/// Where a command stands in the log, and when.
public struct LogPosition: Hashable, Sendable {
    /// The entry.
    public var entry: EntryID
    /// The cluster time of the entry in milliseconds: the leader's replicated clock, which never goes
    /// back, stands still while there is no leader, and starts near the wall clock of the first leader.
    public var timeMilliseconds: UInt64

    /// Makes a position.
    public init(entry: EntryID, timeMilliseconds: UInt64) {
        self.entry = entry
        self.timeMilliseconds = timeMilliseconds
    }
}
