internal import Raft
internal import RaftStorage
internal import Wire

/// What a node's snapshots are doing.
struct SnapshotActivity: Hashable {
    /// The last entry of the newest snapshot.
    var lastIndex = LogIndex.zero
    /// The last entry of the newest snapshot that was tried.
    var lastTried = LogIndex.zero
    /// The bytes of the entries applied since then.
    var bytesSinceTried = 0
    /// Whether a snapshot of the own state is being written.
    var isWriting = false
    /// The received snapshot that is being checked or read, if one is.
    var keeping: EntryID?
}

extension NodeLoop {
    // MARK: Of the own state

    /// Starts a snapshot when enough has been applied since the last.
    ///
    /// Only of what is durable in the own log, so that the log never ends before its snapshot.
    mutating func takeSnapshotIfDue() {
        let last = max(snapshotting.lastIndex, snapshotting.lastTried)
        // Looked at whatever else holds: a time that has come and stays would call for turn after turn.
        let isRetry = space.takeSnapshotRetry(at: now)
        guard
            applied.index.distance(from: last) >= settings.snapshotEntries
                || snapshotting.bytesSinceTried >= settings.snapshotLogBytes
                || isRetry
        else { return }
        takeSnapshot()
    }

    /// Starts a snapshot of the state as it is applied now, unless one is being made.
    ///
    /// A node that joins does not know the founding membership, which is in no entry: it waits until it
    /// has applied one that holds a membership, so that no snapshot says that there are no voters.
    public mutating func takeSnapshot() {
        guard failure == nil, !snapshotting.isWriting, snapshotting.keeping == nil,
            applied.index > snapshotting.lastIndex, core.durableIndex >= applied.index
        else { return }
        let membership = core.configuration(at: applied.index)
        guard !membership.incoming.isEmpty else { return }
        let writer = snapshots.beginWriting(lastIncluded: applied, configuration: membership)
        snapshotting.isWriting = true
        snapshotting.lastTried = applied.index
        snapshotting.bytesSinceTried = 0
        background.start(
            .writeSnapshot(
                SnapshotJob(
                    writer: writer, image: machine.image(), lastIncluded: applied,
                    timeMilliseconds: appliedMilliseconds)))
    }

    /// The disk would not take a snapshot. The log is whole and goes on; the next try comes in its time.
    mutating func snapshotNotWritten(_ entry: EntryID, _ error: StorageError) {
        snapshotting.isWriting = false
        if error.kind == .full { space.snapshotFailed(at: now) }
        notices.append(.snapshotFailed(entry, "\(error)"))
        endSnapshotRequests(upTo: entry.index, .failed(error))
    }

    /// A snapshot of the own state is durable: the log behind it, but for a rest, may go.
    mutating func snapshotWritten(_ info: SnapshotInfo) {
        snapshotting.isWriting = false
        guard info.lastIncluded.index > snapshotting.lastIndex else { return }
        snapshotting.lastIndex = info.lastIncluded.index
        do throws(StorageError) {
            snapshots.adopt(info)
            let base = compactionBase(behind: info.lastIncluded)
            feed(
                .compacted(
                    base: base,
                    snapshot: RaftCore.SnapshotPoint(
                        lastIncluded: info.lastIncluded, configuration: info.configuration)))
            try log.compact(through: base)
            notices.append(.snapshotTaken(info.lastIncluded, bytes: info.byteCount))
        } catch { fail(.storage(error)) }
    }

    /// The entry that the log may start after: some way behind the snapshot.
    private func compactionBase(behind end: EntryID) -> EntryID {
        let trailing = UInt64(max(0, settings.trailingEntries))
        let index = max(
            LogIndex(end.index.rawValue > trailing ? end.index.rawValue - trailing : 0),
            log.index(before: settings.snapshotLogBytes, endingAt: end.index))
        guard index > core.log.base.index, let term = core.log.term(at: index) else {
            return core.log.base
        }
        return EntryID(term: term, index: index)
    }

    // MARK: From a leader

    mutating func receiveSnapshot(_ part: SnapshotPart, _ contents: PackedBytes) {
        // While an earlier one is checked and read nothing may touch its file. The core must not wait for the
        // fate of this piece; the leader sends it again.
        guard snapshotting.keeping == nil else {
            return feed(.snapshotRejected(lastIncluded: part.lastIncluded))
        }
        do throws(StorageError) {
            let held = try snapshots.receive(
                lastIncluded: part.lastIncluded, configuration: part.configuration,
                offset: part.offset, bytes: contents.bytes.span)
            guard part.isLast, held == part.offset + UInt64(contents.byteCount),
                let check = snapshots.finishReceiving(
                    lastIncluded: part.lastIncluded, configuration: part.configuration)
            else { return feed(.snapshotReceived(lastIncluded: part.lastIncluded, bytes: held)) }
            snapshotting.keeping = part.lastIncluded
            background.start(.keepReceived(check, part.lastIncluded))
        } catch { snapshotNotKept(part.lastIncluded, error) }
    }

    /// A received snapshot is durable and the state in it at hand: the core may take it in.
    mutating func snapshotKept(_ info: SnapshotInfo, _ state: RestoredState<Machine.Image>) {
        snapshotting.keeping = nil
        snapshots.adopt(info)
        snapshotting.lastIndex = max(snapshotting.lastIndex, info.lastIncluded.index)
        // A newer one that is there already is of the own state, or was taken in: the core has what both cover.
        let newest = snapshots.latest ?? info
        restored = state
        feed(
            .snapshotStored(lastIncluded: newest.lastIncluded, configuration: newest.configuration))
        guard restored != nil else { return }
        restored = nil
        background.start(.letGo(state.image))
    }

    /// A received snapshot was damaged, or the disk would not take it. The leader sends it again.
    mutating func snapshotNotKept(_ entry: EntryID, _ error: StorageError) {
        snapshotting.keeping = nil
        snapshots.abandonReceiving()
        notices.append(.snapshotFailed(entry, "\(error)"))
        feed(.snapshotRejected(lastIncluded: entry))
    }

    /// The state begins anew from a stored snapshot, and so does the log.
    ///
    /// Another thread has read the state and will take the old one apart: this takes no time. Should the node die
    /// in between, opening finds the snapshot, which is durable, and does it again.
    mutating func restoreSnapshot(_ entry: EntryID) {
        guard let state = restored, state.entry == entry else {
            return fail(.machine(at: entry, reason: "the state in its snapshot was not read"))
        }
        restored = nil
        do throws(StorageError) {
            try log.reset(to: entry)
        } catch { return fail(.storage(error)) }
        let old = machine.image()
        machine.restore(state.image)
        background.start(.letGo(old))
        clock.see(state.timeMilliseconds)
        appliedMilliseconds = state.timeMilliseconds
        applied = entry
        notices.append(.snapshotRestored(entry, bytes: state.byteCount))
        endCovered(by: entry)
    }

    /// What stood in the log before a snapshot's end is committed or not; which, nobody here can tell.
    private mutating func endCovered(by entry: EntryID) {
        proposals.orphanAppended()
        for id in proposals.takeOrphans(through: entry.index) {
            complete(id, .unknown(.snapshotInstalled))
        }
    }
}
