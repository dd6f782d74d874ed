/// The name of a node, unique within its cluster and never used for another node again.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number; 1 or more.
    public var rawValue: UInt64

    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The number in decimal.
    public var description: String { "\(rawValue)" }

    /// Orders nodes by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A period with at most one leader (thesis §3.3). The first real term is 1.
public struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number; 0 before the first election.
    public var rawValue: UInt64

    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The term before any election.
    public static let zero = Term(0)

    /// The term after this one.
    public var next: Term { Term(rawValue + 1) }

    /// The number in decimal.
    public var description: String { "\(rawValue)" }

    /// Orders terms by time.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A position in the log; the first entry has index 1.
public struct LogIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number; 0 is the place before the first entry.
    public var rawValue: UInt64

    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The place before the first entry.
    public static let zero = LogIndex(0)

    /// The position after this one.
    public var next: LogIndex { LogIndex(rawValue + 1) }

    /// The position before this one. Must not be asked of `zero`.
    public var previous: LogIndex { LogIndex(rawValue - 1) }

    /// The position `count` entries later.
    public func advanced(by count: Int) -> LogIndex { LogIndex(rawValue + UInt64(count)) }

    /// The number of entries in `start + 1 ... self`, or 0 when there is none.
    public func distance(from start: LogIndex) -> Int {
        self > start ? Int(rawValue - start.rawValue) : 0
    }

    /// The number in decimal.
    public var description: String { "\(rawValue)" }

    /// Orders positions from the start of the log.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What tells one entry from every other: its term and its index.
public struct EntryID: Hashable, Sendable, CustomStringConvertible {
    /// The term of the leader that made the entry.
    public var term: Term
    /// The entry's position.
    public var index: LogIndex

    /// Joins a term and an index.
    public init(term: Term, index: LogIndex) {
        self.term = term
        self.index = index
    }

    /// The place before the first entry.
    public static let zero = EntryID(term: .zero, index: .zero)

    /// As `term/index`.
    public var description: String { "\(term)/\(index)" }

    /// Whether a log that ends here is at least as up to date as one that ends at `other` (thesis §3.6.1).
    public func isAtLeastAsUpToDate(as other: EntryID) -> Bool {
        term != other.term ? term > other.term : index >= other.index
    }
}

/// Term and vote: durable before anybody hears of them (thesis §3.8).
public struct HardState: Hashable, Sendable {
    /// The newest term this node has heard of.
    public var term: Term
    /// The candidate that got this node's vote in `term`.
    public var vote: NodeID?

    /// Joins a term and a vote.
    public init(term: Term = .zero, vote: NodeID? = nil) {
        self.term = term
        self.vote = vote
    }
}

/// A run of neighbouring entries of one term.
public struct TermRun: Hashable, Sendable {
    /// The term of all of them.
    public var term: Term
    /// How many they are; 1 or more.
    public var count: Int

    /// Describes a run.
    public init(term: Term, count: Int) {
        self.term = term
        self.count = count
    }
}

/// Names one read on its way through ReadIndex. The host makes the numbers and never uses one twice,
/// also not after a restart of its node.
public struct ReadID: Hashable, Sendable {
    /// The number.
    public var rawValue: UInt64

    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Numbers the writes that the core asks for, in order, within one life of a node.
public struct PersistID: Hashable, Comparable, Sendable {
    /// The number; 0 is before the first write.
    public var rawValue: UInt64

    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Orders writes by time.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Who a node is. Set once, when its data directory is made, and never changed.
public struct NodeIdentity: Hashable, Sendable {
    /// The largest length of a cluster's name in bytes.
    public static let maxClusterNameBytes = 64

    /// The name of the cluster; nodes of different clusters do not talk.
    public var cluster: String
    /// The node's name within it.
    public var node: NodeID
    /// A random number drawn when the data directory was made: a wiped node comes back with another one.
    public var incarnation: UInt64

    /// Joins the three.
    public init(cluster: String, node: NodeID, incarnation: UInt64) {
        self.cluster = cluster
        self.node = node
        self.incarnation = incarnation
    }
}
