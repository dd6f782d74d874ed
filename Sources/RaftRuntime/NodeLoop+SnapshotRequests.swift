public import Raft
public import RaftStorage

/// The number of a request for a snapshot at the node that took it.
public struct SnapshotTicket: Hashable, Sendable {
    /// The number.
    public var rawValue: UInt64
}

/// What became of a request for a snapshot.
public enum SnapshotOutcome: Hashable, Sendable {
    /// A durable snapshot covers all that was asked for; `NodeLoop.openSnapshot` reads it.
    case taken(SnapshotInfo)
    /// The disk would not take it; the log is whole and goes on.
    case failed(StorageError)
    /// No leader was found in time who could say what is committed.
    case noLeader
    /// Too many requests wait.
    case overloaded
    /// The node is stopping.
    case stopped
}

/// The requests for snapshots that wait, in the order in which they came.
struct PendingSnapshots {
    /// More than these are refused.
    static let maxWaiting = 64

    struct Request {
        var ticket: SnapshotTicket
        /// What the snapshot must cover.
        var index: LogIndex
    }

    var waiting: [Request] = []
    private var lastTicket: UInt64 = 0

    mutating func nextTicket() -> SnapshotTicket {
        lastTicket += 1
        return SnapshotTicket(rawValue: lastTicket)
    }
}

extension NodeLoop {
    /// Asks for a durable snapshot that covers at least what is applied here now.
    ///
    /// Asked for when a `read` is ready, it covers whatever was committed anywhere before that read. A
    /// snapshot that is there already may be the answer.
    /// - Returns: The number under which the outcome will be told. Every request has exactly one.
    public mutating func requestSnapshot() -> SnapshotTicket {
        let ticket = snapshotRequests.nextTicket()
        if failure != nil || snapshotRequests.waiting.count >= PendingSnapshots.maxWaiting {
            completions.append(.snapshot(ticket, failure == nil ? .overloaded : .stopped))
        } else {
            snapshotRequests.waiting.append(
                PendingSnapshots.Request(ticket: ticket, index: applied.index))
        }
        return ticket
    }

    /// Opens a snapshot's file for reading: the file as it goes to other nodes, header and checksum included.
    ///
    /// An open file can be read to its end, also when a newer snapshot has taken its place meanwhile.
    /// - Returns: Nothing when that snapshot is no longer kept. The caller closes the file.
    /// - Throws: `StorageError` when the disk refuses.
    public func openSnapshot(_ lastIncluded: EntryID) throws(StorageError) -> Files.File? {
        try snapshots.openForReading(lastIncluded)
    }

    /// Answers those whose snapshot is there, and starts one for the others as soon as that is possible.
    mutating func serveSnapshotRequests() {
        guard failure == nil, !snapshotRequests.waiting.isEmpty else { return }
        if let latest = snapshots.latest {
            endSnapshotRequests(upTo: latest.lastIncluded.index, .taken(latest))
        }
        if !snapshotRequests.waiting.isEmpty { takeSnapshot() }
    }

    /// Ends the requests that a snapshot up to `index` serves, or would have served.
    mutating func endSnapshotRequests(upTo index: LogIndex, _ outcome: SnapshotOutcome) {
        for request in snapshotRequests.waiting where request.index <= index {
            completions.append(.snapshot(request.ticket, outcome))
        }
        snapshotRequests.waiting.removeAll { $0.index <= index }
    }
}
