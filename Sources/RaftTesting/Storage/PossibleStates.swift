internal import Raft

/// The states in which a store may come back after its end: the one that is durable, and each one after it.
package struct PossibleStates<State: Hashable & Sendable>: Sendable {
    /// The durable one first; each further one is a record, or a file, later.
    package fileprivate(set) var all: [State]

    /// Begins with a store that holds this, durably.
    init(_ state: State) { all = [state] }

    /// What the store must say while its process lives.
    var newest: State { all[all.count - 1] }

    /// Takes note of what is about to be written. To be called before it is: it may come through although it fails.
    mutating func add(_ state: State) { all.append(state) }

    /// So many of the oldest can no longer be what is found.
    mutating func makeDurable(_ count: Int) { all.removeFirst(count) }

    /// The store has come back: the newest state that fits is the one, and there are no others.
    mutating func settle(
        _ found: some CustomStringConvertible, _ fits: (State) -> Bool
    ) throws(LogTwinFinding) {
        guard let i = all.lastIndex(where: fits) else {
            throw LogTwinFinding("after a restart: found \(found), possible \(all)")
        }
        all = [all[i]]
    }
}

extension PossibleStates<TwinSnapshot?> {
    /// The newest one has its name, durably. One that failed before may have got its name as well, and a restart uses
    /// it if it covers more.
    mutating func noteStored() {
        let stored = newest
        let others = all.dropLast().filter {
            ($0?.id.index ?? .zero) > (stored?.id.index ?? .zero)
        }
        all = [stored] + others
    }
}
