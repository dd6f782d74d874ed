package import Raft

/// What one record changes in a log.
package enum LogTwinChange: Hashable, Sendable {
    /// Term and vote.
    case hardState(HardState)
    /// Entries that take the place of what is at the first index and after.
    case put(first: Int, [TwinEntry])
    /// The entries up to an index are forgotten.
    case compact(through: Int)
    /// The log begins anew behind an entry.
    case reset(EntryID)
}

extension LogTwinState {
    /// The state with one change more.
    func changed(by change: LogTwinChange) -> LogTwinState {
        var next = self
        switch change {
        case .hardState(let state): next.hardState = state
        case .put(let first, let entries): next.replace(from: first, with: entries)
        case .compact(let index): next.compact(through: index)
        case .reset(let id):
            next.base = id
            next.entries = []
        }
        return next
    }

    /// Whether a change can be made to this state at all.
    func allows(_ change: LogTwinChange) -> Bool {
        let base = Int(base.index.rawValue)
        return switch change {
        case .hardState: true
        case .put(let first, _): (base + 1...lastIndex + 1).contains(first)
        case .compact(let index): (base...lastIndex).contains(index)
        case .reset(let id): id.index >= self.base.index
        }
    }
}
