// Lease reads (thesis §6.4.1): a quorum has promised to elect nobody else for a while, so what is
// committed here is all that is committed anywhere, without asking again.
//
// A voter's promise lasts from the arrival of a heartbeat for an election timeout on the voter's clock.
// The leader counts it from the moment at which it *sent* that heartbeat, on its own clock, less what both
// clocks may err: if no clock's rate deviates by more than d, a promise P lasts P/(1+d) of true time, and
// a clock that shows P(1-2d) has let at most P(1-2d)/(1-d) of true time pass, which is less. A promise
// holds through newer terms, restarts and changes of the leader (`Follower.isBound`), because it is kept
// as a state that only the election timer ends; only the leader itself can release the voters, by ordering
// a campaign, and then it uses no lease any more.

extension RaftCore {
    /// Takes in the host's clock. A clock that goes back is a broken host; the newest reading counts.
    mutating func tell(clock nanoseconds: UInt64) {
        guard settings.lease != nil else { return }
        clock = max(clock ?? 0, nanoseconds)
    }

    /// Whether this leader may answer reads from its own state now.
    var isLeased: Bool {
        guard settings.lease != nil, let clock, case .leader(let leadership) = role else {
            return false
        }
        return clock < leadership.lease.end && !leadership.lease.isVoid
            && leadership.transfer == nil && commitIndex >= leadership.firstIndex
    }

    /// An answer to a heartbeat may have made the lease longer.
    mutating func extendLease() {
        guard let lease = settings.lease, case .leader(let leadership) = role else { return }
        let answered = configuration.quorumValue { node in
            if node == id { return leadership.round }
            let peer = leadership.peers.first { $0.node == node && $0.promiseMilliseconds > 0 }
            return peer?.answeredRound ?? 0
        }
        guard let answered, answered > 0 else { return }
        var promise = lease.promiseMilliseconds
        for peer in leadership.peers
        where peer.answeredRound >= answered && peer.promiseMilliseconds > 0 {
            promise = min(promise, peer.promiseMilliseconds)
        }
        // Longer than an hour is nonsense, and would overflow below.
        promise = min(promise, 3_600_000)
        let certain = promise * 1000 * (1000 - 2 * lease.maxDriftPermille)
        role.leadership.lease.extend(answered: answered, promiseNanoseconds: certain)
    }

    /// A voter may have made a promise before it was started: it keeps it, whatever it was.
    mutating func standByForgottenPromise() {
        guard settings.lease != nil else { return }
        role.follower.isBound = true
    }
}
