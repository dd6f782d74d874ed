internal import Raft
internal import RaftTransport

/// The state of all directed links, shared by the simulation and the nodes' ports.
///
/// Confined to the simulation's thread.
final class SimulatedLinks {
    private let count: Int
    /// By how many faults each link is cut.
    private var cuts: [Int]
    /// Whether the sender knows that its link is useless, so that sending is refused on the spot.
    private var refusals: [Bool]
    /// Counts the connections of each pair: what was sent on an earlier one is lost.
    private(set) var connections: [Int]
    /// The moment at which the newest message of each link arrives.
    var lastArrival: [UInt64]

    init(nodes count: Int) {
        self.count = count
        cuts = Array(repeating: 0, count: count * count)
        refusals = Array(repeating: false, count: count * count)
        connections = Array(repeating: 0, count: count * count)
        lastArrival = Array(repeating: 0, count: count * count)
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

    func mendAll() {
        for link in cuts.indices {
            cuts[link] = 0
            refusals[link] = false
        }
    }

    func isCut(_ link: Int) -> Bool { cuts[link] > 0 }

    func refuse(_ link: Int, _ isRefusing: Bool) { refusals[link] = isRefusing }

    func isRefusing(_ link: Int) -> Bool { refusals[link] }

    func breakConnection(_ one: Int, _ other: Int) { connections[pair(one, other)] += 1 }
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
