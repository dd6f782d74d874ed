public import Raft
public import Wire

/// What one node hands to the network for another: a message of the protocol or forwarded work.
public enum Envelope: Hashable, Sendable {
    /// A message of the core and what travels beside it.
    ///
    /// The contents hold one item an entry for an append, one item (the bytes) for a piece of a
    /// snapshot, and nothing for every other message.
    case raft(Message, PackedBytes)
    /// A follower passes its callers' proposals to the leader.
    case proposals(ForwardedProposals)
    /// A node that was sent proposals did not put them into its log, and never will.
    case proposalsRefused(RefusedProposals)
    /// A node that has begun anew under its name asks the leader to be taken for what it is now.
    case rejoin(RejoinRequest)

    /// Whether the contents are as many as the message says.
    public var isConsistent: Bool {
        guard case .raft(let message, let contents) = self else { return true }
        return contents.count == message.contentCount
    }
}

extension Message {
    /// The number of items that travel beside this message.
    public var contentCount: Int {
        switch body {
        case .append(let request): request.count
        case .snapshotPart: 1
        case .preVoteRequest, .preVoteResponse, .voteRequest, .voteResponse, .appendResponse,
            .heartbeat, .heartbeatResponse, .commitNotice, .snapshotResponse, .readIndexRequest,
            .readIndexResponse, .timeoutNow:
            0
        }
    }
}

/// Proposals on their way from the node that took them to the leader.
public struct ForwardedProposals: Hashable, Sendable {
    /// The sender's number for the first; the others follow without a gap.
    public var firstSequence: UInt64
    /// The commands, one item each.
    public var commands: PackedBytes

    /// Makes a group of proposals.
    public init(firstSequence: UInt64, commands: PackedBytes) {
        self.firstSequence = firstSequence
        self.commands = commands
    }
}

/// The wish of a node that has begun anew under its name; its incarnation is that of the connection.
public struct RejoinRequest: Hashable, Sendable {
    /// The incarnations that it takes the place of, and that will never act again.
    public var replaced: [UInt64]

    /// Makes a wish.
    public init(replaced: [UInt64]) { self.replaced = replaced }
}

/// Proposals that were not put into the log of the node that they were forwarded to.
public struct RefusedProposals: Hashable, Sendable {
    /// The proposer's number for the first of them.
    public var firstSequence: UInt64
    /// How many they are.
    public var count: Int
    /// Why.
    public var refusal: ProposalRefusal

    /// Makes a refusal.
    public init(firstSequence: UInt64, count: Int, refusal: ProposalRefusal) {
        self.firstSequence = firstSequence
        self.count = count
        self.refusal = refusal
    }
}
