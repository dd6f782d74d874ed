public import Raft

/// A network inside one process, for tests and for clusters that live in one program.
///
/// Nothing moves by itself: what is sent waits in the queue of its directed link until somebody takes
/// it out and hands it to the receiver. So there is no recursion, and the same calls always have the
/// same outcome. Not for more than one thread.
public final class MemoryNetwork {
    /// An envelope that has arrived.
    public struct Delivery: Hashable, Sendable {
        /// The sender.
        public var from: NodeID
        /// The receiver.
        public var to: NodeID
        /// What was sent.
        public var envelope: Envelope
    }

    /// One node's way into the network.
    public struct Port: Network {
        fileprivate let network: MemoryNetwork
        /// The node whose port this is.
        public let node: NodeID

        /// Puts an envelope into the link's queue.
        ///
        /// - Returns: `false` when the link is cut or its queue full.
        @discardableResult
        public func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
            network.send(envelope, on: Link(from: node, to: peer))
        }
    }

    private struct Link: Hashable {
        var from: NodeID
        var to: NodeID
    }

    private struct Waiting {
        var link: Link
        var envelope: Envelope
    }

    /// The largest number of envelopes that wait on one link.
    public let maxWaitingPerLink: Int
    /// How many envelopes were dropped: their link was cut or full.
    public private(set) var droppedCount = 0
    /// Everything that waits, in the order in which it was sent.
    private var waiting: [Waiting] = []
    private var cutLinks: Set<Link> = []

    /// Makes a network in which every node can reach every other.
    public init(maxWaitingPerLink: Int = 1024) {
        self.maxWaitingPerLink = maxWaitingPerLink
    }

    /// The way into the network for a node.
    public func port(of node: NodeID) -> Port { Port(network: self, node: node) }

    /// The number of envelopes that wait on all links.
    public var waitingCount: Int { waiting.count }

    private func send(_ envelope: consuming Envelope, on link: Link) -> Bool {
        guard !cutLinks.contains(link), waitingCount(on: link) < maxWaitingPerLink else {
            droppedCount += 1
            return false
        }
        waiting.append(Waiting(link: link, envelope: envelope))
        return true
    }

    private func waitingCount(on link: Link) -> Int {
        waiting.reduce(0) { $0 + ($1.link == link ? 1 : 0) }
    }

    /// Takes out what was sent first of everything that waits.
    public func next() -> Delivery? { waiting.isEmpty ? nil : take(at: 0) }

    /// Takes out what was sent first of everything that waits on one link.
    public func next(from sender: NodeID, to receiver: NodeID) -> Delivery? {
        let link = Link(from: sender, to: receiver)
        return waiting.firstIndex { $0.link == link }.map(take)
    }

    private func take(at index: Int) -> Delivery {
        let taken = waiting.remove(at: index)
        return Delivery(from: taken.link.from, to: taken.link.to, envelope: taken.envelope)
    }

    /// Cuts the link in one direction, and drops what waits on it.
    public func cut(from sender: NodeID, to receiver: NodeID) {
        let link = Link(from: sender, to: receiver)
        cutLinks.insert(link)
        droppedCount += waitingCount(on: link)
        waiting.removeAll { $0.link == link }
    }

    /// Mends the link in one direction.
    public func mend(from sender: NodeID, to receiver: NodeID) {
        cutLinks.remove(Link(from: sender, to: receiver))
    }
}
