internal import Raft
package import RaftRuntime

// A time without faults: all messages arrive, all disks work, timers run out in the order of their
// lengths. Then a leader must emerge and proposals must commit (verification by liveness).

extension ModelCluster {
    /// An election timeout in rounds; a heartbeat is one round.
    package static let electionRounds = 10

    /// Delivers and syncs until nothing is left to do.
    ///
    /// - Returns: Whether it came to an end.
    package mutating func settle(limit: Int = 20_000) -> Bool {
        var steps = 0
        while violation == nil, steps < limit {
            steps += 1
            if !packets.isEmpty {
                perform(.deliver(0))
            } else if let node = nodes.first(where: { $0.isUp && $0.needsFlush }) {
                perform(.flush(node.id))
            } else if let node = nodes.first(where: { $0.isUp && !$0.disk.pending.isEmpty }) {
                perform(.sync(node.id, count: node.disk.pending.count))
            } else if let node = nodes.first(where: { $0.isUp && $0.unstoredSnapshot != nil }) {
                perform(.storeSnapshot(node.id))
            } else {
                return true
            }
        }
        return false
    }

    /// Lets rounds pass until something holds.
    ///
    /// - Returns: Whether it came to hold.
    package mutating func passRounds(
        _ rounds: Int, random: inout SplitMix64, until isReached: (ModelCluster) -> Bool
    ) -> Bool {
        for _ in 0..<rounds {
            if !settle() {
                verdict.report(
                    "messages never come to an end: \(packets.prefix(4).map(\.message.told))")
            }
            if violation != nil || isReached(self) { return violation == nil }
            clock += 1
            fireDueTimers(random: &random)
        }
        return false
    }

    private mutating func fireDueTimers(random: inout SplitMix64) {
        for node in nodes where node.isUp {
            for armed in node.timers where clock - armed.since >= length(armed.timer) {
                if armed.timer == .campaign, !random.oneIn(5) { continue }
                perform(.fire(node.id, armed.timer))
            }
        }
    }

    private func length(_ timer: TimerID) -> Int {
        switch timer {
        case .heartbeat, .campaign, .earlyCampaign: 1
        case .election, .quorumCheck, .transfer: Self.electionRounds
        }
    }

    /// Whether those who still have their disks, and are members, could decide: in every membership that
    /// some node goes by.
    package var isRecoverable: Bool {
        nodes.allSatisfy { node in
            let configuration = node.core.configuration
            return configuration.incoming.isEmpty
                || configuration.hasNaiveQuorum { voter in
                    nodes.contains { $0.id == voter && !configuration.disowns($0) }
                }
        }
    }

    /// Restarts who is down, ends all faults, and demands progress within a stated number of rounds:
    /// a leader, then a new entry that all nodes have committed.
    package mutating func demandProgress(random: inout SplitMix64) {
        flushesAtOnce = true
        for node in nodes where !node.isUp { perform(.restart(node.id)) }
        for node in nodes { perform(.stall(node.id, false)) }
        guard isRecoverable else { return }
        let hasLeader = passRounds(20 * Self.electionRounds, random: &random) { cluster in
            cluster.leader.map { leader in
                leader.core.commitIndex == leader.core.log.lastIndex
                    && leader.core.log.last.term == leader.core.term
                    && leader.core.successor == nil
            } ?? false
        }
        verdict.require(hasLeader, "no leader after \(20 * Self.electionRounds) quiet rounds")
        guard violation == nil, let leader else { return }
        perform(.propose(leader.id, count: 1))
        let goal = LogIndex(UInt64(history.committed.count)).next
        let isDone = passRounds(4 * Self.electionRounds, random: &random) { cluster in
            guard let leader = cluster.leader else { return false }
            let members = leader.core.configuration
            return cluster.nodes.allSatisfy {
                !members.isMember($0.id) || members.disowns($0) || $0.core.commitIndex >= goal
            }
        }
        verdict.require(
            isDone, "a proposal is not everywhere after \(4 * Self.electionRounds) quiet rounds")
    }
}
