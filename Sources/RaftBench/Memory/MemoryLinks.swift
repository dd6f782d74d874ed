internal import Raft
internal import RaftRuntime
internal import RaftTransport

/// What has been sent to a node and not been received yet.
final class Mailbox {
    struct Letter {
        var envelope: Envelope
        var from: NodeID
        var incarnation: UInt64
    }

    let incarnation: UInt64
    private var letters: [Letter] = []

    init(incarnation: UInt64) { self.incarnation = incarnation }

    func put(_ letter: Letter) { letters.append(letter) }

    func takeAll() -> [Letter] {
        guard !letters.isEmpty else { return [] }
        var taken: [Letter] = []
        swap(&taken, &letters)
        return taken
    }
}

/// Hands messages over as they are: nothing is encoded.
final class MemoryLinks: Network {
    private let from: NodeID
    /// By node, beginning with node 1.
    var mailboxes: [Mailbox] = []
    var own: Mailbox?

    init(from: NodeID) { self.from = from }

    func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
        guard let own, mailboxes.indices.contains(Int(peer.rawValue) - 1) else { return false }
        mailboxes[Int(peer.rawValue) - 1].put(
            Mailbox.Letter(envelope: envelope, from: from, incarnation: own.incarnation))
        return true
    }
}

/// Does what is asked for at once, on the spot; the result is taken in with the next turn.
final class MemoryJobs: Background {
    typealias Files = MemoryFileSystem
    typealias Image = CountingMachine.Image

    private var results: [BackgroundResult<MemoryFileSystem, Image>] = []

    func start(_ job: BackgroundJob<MemoryFileSystem, Image>) { results.append(job.perform()) }

    func takeResults() -> [BackgroundResult<MemoryFileSystem, Image>] {
        guard !results.isEmpty else { return [] }
        var taken: [BackgroundResult<MemoryFileSystem, Image>] = []
        swap(&taken, &results)
        return taken
    }
}
