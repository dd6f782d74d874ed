internal import Raft
internal import RaftTransport

/// The kinds of what nodes send, for faults that meet one kind alone.
enum EnvelopeKind: Int, CaseIterable {
    case preVote, vote, append, appendResponse, heartbeat, heartbeatResponse, snapshotPart
    case snapshotResponse, forwarded, other

    init(_ envelope: Envelope) {
        guard case .raft(let message, _) = envelope else {
            self = .forwarded
            return
        }
        self =
            switch message.body {
            case .preVoteRequest, .preVoteResponse: .preVote
            case .voteRequest, .voteResponse: .vote
            case .append: .append
            case .appendResponse: .appendResponse
            case .heartbeat: .heartbeat
            case .heartbeatResponse: .heartbeatResponse
            case .snapshotPart: .snapshotPart
            case .snapshotResponse: .snapshotResponse
            default: .other
            }
    }
}

/// The state of all directed links, shared by the simulation and the nodes' ports.
///
/// Confined to the simulation's thread.
final class SimulatedLinks {
    /// What is wrong with a link that is not cut.
    struct Trouble {
        /// What is lost on the way.
        var lostKind: EnvelopeKind?
        /// Larger frames are lost.
        var maxFrameBytes = Int.max
        /// How long a byte takes in nanoseconds, when the link is slow; what has to wait too long is lost.
        var nanosecondsPerByte: UInt64 = 0
        /// When the link will have sent all that waits for it.
        var freeAt: UInt64 = 0
    }

    private let count: Int
    /// By how many faults each link is cut.
    private var cuts: [Int]
    /// The links that stay cut while all else is mended.
    private var standingCuts: [Bool]
    /// Whether the sender knows that its link is useless, so that sending is refused on the spot.
    private var refusals: [Bool]
    /// Counts the connections of each pair: what was sent on an earlier one is lost.
    private(set) var connections: [Int]
    /// The moment at which the newest message of each link arrives.
    var lastArrival: [UInt64]
    var troubles: [Trouble]

    init(nodes count: Int) {
        self.count = count
        cuts = Array(repeating: 0, count: count * count)
        standingCuts = Array(repeating: false, count: count * count)
        refusals = Array(repeating: false, count: count * count)
        connections = Array(repeating: 0, count: count * count)
        lastArrival = Array(repeating: 0, count: count * count)
        troubles = Array(repeating: Trouble(), count: count * count)
    }

    /// The place of a directed link; nodes are counted from 0.
    func link(_ from: Int, _ to: Int) -> Int { from * count + to }

    /// The place of a pair.
    func pair(_ one: Int, _ other: Int) -> Int { link(min(one, other), max(one, other)) }

    func cut(_ links: [Int]) { for link in links { cuts[link] += 1 } }

    func mend(_ links: [Int]) {
        for link in links where cuts[link] > 0 {
            cuts[link] -= 1
            if cuts[link] == 0 { refusals[link] = false }
        }
    }

    /// Mends everything but the links that are to stay cut.
    func mendAll(but standing: [Int] = []) {
        for link in cuts.indices {
            cuts[link] = 0
            refusals[link] = false
            standingCuts[link] = false
            troubles[link] = Trouble()
        }
        for link in standing { standingCuts[link] = true }
    }

    func isCut(_ link: Int) -> Bool { cuts[link] > 0 || standingCuts[link] }

    func refuse(_ link: Int, _ isRefusing: Bool) { refusals[link] = isRefusing }

    func isRefusing(_ link: Int) -> Bool { refusals[link] }

    func breakConnection(_ one: Int, _ other: Int) { connections[pair(one, other)] += 1 }

    /// Queues a frame at a slow link.
    ///
    /// - Returns: When the link has sent it; nothing when too much waits there already.
    func passSlowly(_ bytes: Int, over link: Int, at time: UInt64) -> UInt64? {
        let start = max(time, troubles[link].freeAt)
        guard start - time <= Self.longestQueueNanoseconds else { return nil }
        troubles[link].freeAt = start + UInt64(bytes) * troubles[link].nanosecondsPerByte
        return troubles[link].freeAt
    }

    private static let longestQueueNanoseconds: UInt64 = 400_000_000
}

/// A node's way into the simulated network: what it sends waits here until the step is over.
final class SimulatedOutbox {
    private let node: Int
    private let links: SimulatedLinks
    private let disk: SimulatedFileSystem
    private var waiting: [(envelope: Envelope, to: Int)] = []

    init(node: Int, links: SimulatedLinks, disk: SimulatedFileSystem) {
        self.node = node
        self.links = links
        self.disk = disk
    }

    func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
        // Without power nothing leaves any more; nobody is there to hear the answer either.
        guard !disk.isOff else { return true }
        let target = Int(peer.rawValue) - 1
        guard !links.isRefusing(links.link(node, target)) else { return false }
        waiting.append((envelope, target))
        return true
    }

    func take() -> [(envelope: Envelope, to: Int)] {
        guard !waiting.isEmpty else { return [] }
        defer { waiting.removeAll(keepingCapacity: true) }
        return waiting
    }
}

/// The port that a node's loop holds.
struct SimulatedPort: Network {
    let outbox: SimulatedOutbox

    func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
        outbox.send(envelope, to: peer)
    }
}

extension SimulatedFileSystem {
    /// Whether the power has gone.
    var isOff: Bool { lastCall.map { callCount >= $0 } ?? false }
}
