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

    /// Tells those who wait what became of their proposals, and returns what else has ended.
    ///
    /// There is an implementation, and a requirement for the same reason as above.
    static func tell(
        _ completions: [Completion<Answer>], to waiters: ProposalWaiters<Answer>
    ) -> [Completion<Answer>]

    /// A view of the state as it is now. Must not cost time that grows with the state.
    func image() -> Image

    /// Goes on from a frozen state, which `Image.init(reading:)` has made. Like `image`, must not cost time that
    /// grows with the state.
    mutating func restore(_ image: Image)
}

extension StateMachine {
    /// Reads the state that an image wrote, and goes on from it.
    ///
    /// - Throws: When the bytes are not such an image; the state is then left as it was.
    public mutating func restore(from bytes: Span<UInt8>) throws {
        restore(try Image(reading: bytes))
    }
}

/// A frozen state that can be written out, and read again.
///
/// Both may take their time: another thread does them while the loop goes on.
public protocol SnapshotImage: Sendable {
    /// Appends the state's bytes piece by piece; `emit` takes each piece away.
    ///
    /// Equal states must write equal bytes.
    func write(to emit: ([UInt8]) throws -> Void) throws

    /// Reads what an image wrote.
    ///
    /// - Throws: When the bytes are not an image.
    init(reading bytes: Span<UInt8>) throws
}

/// The state that a stored snapshot holds, as another thread has read it.
public struct RestoredState<Image: SnapshotImage>: Sendable {
    /// The last entry that it covers.
    let entry: EntryID
    let image: Image
    /// The cluster time there.
    let timeMilliseconds: UInt64
    /// What it had in the snapshot.
    let byteCount: Int

    /// Reads the body of a snapshot.
    init(_ entry: EntryID, body: [UInt8]) throws {
        var offset = 0
        let prelude = try SnapshotPrelude(body.span, at: &offset)
        self.entry = entry
        image = try Image(reading: body.span.extracting(offset..<body.count))
        timeMilliseconds = prelude.timeMilliseconds
        byteCount = body.count
    }
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
