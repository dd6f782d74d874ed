internal import Platform
internal import Raft
internal import RaftTransport

/// What has been sent to a node on another thread. Its loop is woken once for all that has come since it last looked.
final class Channel: Sendable {
    struct Letter: Sendable {
        var envelope: Envelope
        var from: NodeID
        var incarnation: UInt64
    }

    private struct State {
        var letters: [Letter] = []
        var waker: Waker?
        var receive: (@Sendable () -> Void)?
    }

    private let state = Guarded(State())

    /// From now on what is sent arrives; `receive` is called on the loop of this waker, and takes it.
    func open(wakes waker: Waker, receive: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.waker = waker
            state.receive = receive
        }
    }

    /// Puts in all of a sender's turn.
    func put(_ letters: [Letter]) {
        let wake: (Waker, @Sendable () -> Void)? = state.withLock { state in
            guard let waker = state.waker, let receive = state.receive else { return nil }
            let isFirst = state.letters.isEmpty
            state.letters += letters
            return isFirst ? (waker, receive) : nil
        }
        if let (waker, receive) = wake { waker.post(receive) }
    }

    func takeAll() -> [Letter] {
        state.withLock { state in
            let taken = state.letters
            state.letters = []
            return taken
        }
    }
}

/// A node's way to the others: what it sends in a turn is handed over at the turn's end.
final class ChannelLinks: Network {
    var incarnation: UInt64 = 0
    private let from: NodeID
    private let channels: [Channel]
    private var waiting: [[Channel.Letter]]

    /// - Parameter channels: By node, beginning with node 1.
    init(from: NodeID, _ channels: [Channel]) {
        self.from = from
        self.channels = channels
        waiting = channels.map { _ in [] }
    }

    func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
        let place = Int(peer.rawValue) - 1
        guard channels.indices.contains(place) else { return false }
        waiting[place].append(
            Channel.Letter(envelope: envelope, from: from, incarnation: incarnation))
        return true
    }

    func flush() {
        for i in channels.indices where !waiting[i].isEmpty {
            channels[i].put(waiting[i])
            waiting[i].removeAll(keepingCapacity: true)
        }
    }
}
