package import Raft

/// A disk whose writes reach it in order, but late: a crash loses some of the newest.
package struct ModelDisk: Hashable, Sendable {
    package struct Contents: Hashable, Sendable {
        package var hardState = HardState()
        package var log = ModelLog()
        package var snapshot: RaftCore.SnapshotPoint?

        /// The memberships in the log after the snapshot's end.
        package var changes: [PlacedConfiguration] {
            let first = (snapshot?.lastIncluded.index ?? log.base.index).next
            return log.configurations(from: first, through: log.lastIndex)
        }

        /// - Returns: Whether the write left no hole.
        fileprivate mutating func apply(_ write: Write) -> Bool {
            switch write {
            case .persist(let persist, let entries):
                if let state = persist.hardState { hardState = state }
                guard let range = persist.entries else { return true }
                return log.replace(from: range.first, with: entries)
            case .reset(let base): log.reset(to: base)
            case .compact(let base): log.compact(through: base)
            }
            return true
        }
    }

    package enum Write: Hashable, Sendable {
        case persist(Persist, [ModelEntry])
        case reset(EntryID)
        case compact(EntryID)
    }

    /// What a crash now would leave, if it lost all it could.
    package private(set) var durable = Contents()
    /// What a crash now would leave, if it lost nothing.
    package private(set) var written = Contents()
    /// The writes between the two.
    package private(set) var pending: [Write] = []
    /// Whether a write would have left a hole.
    package private(set) var isBroken = false

    package mutating func write(_ write: Write) {
        pending.append(write)
        if !written.apply(write) { isBroken = true }
    }

    /// Lets the oldest writes reach the disk.
    ///
    /// - Returns: The number of the newest of them that the core asked for.
    package mutating func sync(_ count: Int) -> PersistID? {
        var newest: PersistID?
        for write in pending.prefix(count) {
            if !durable.apply(write) { isBroken = true }
            if case .persist(let persist, _) = write { newest = persist.id }
        }
        pending.removeFirst(min(count, pending.count))
        return newest
    }

    /// Stores a snapshot beside the log, at once.
    package mutating func store(_ snapshot: RaftCore.SnapshotPoint) {
        if isNewer(snapshot, than: durable.snapshot) { durable.snapshot = snapshot }
        if isNewer(snapshot, than: written.snapshot) { written.snapshot = snapshot }
    }

    private func isNewer(
        _ snapshot: RaftCore.SnapshotPoint, than known: RaftCore.SnapshotPoint?
    ) -> Bool {
        snapshot.lastIncluded.index > known?.lastIncluded.index ?? .zero
    }

    /// Loses all that is not durable but the oldest `surviving` writes, and mends what is left: a
    /// snapshot that the log does not reach takes its place.
    package mutating func crash(surviving: Int) {
        _ = sync(surviving)
        pending = []
        if let end = durable.snapshot?.lastIncluded, !durable.log.contains(end) {
            durable.log.reset(to: end)
        }
        written = durable
    }
}
