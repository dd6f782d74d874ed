// The invariants that hold between nodes. Only what the last step may have changed is looked at.

extension Explorer {
    /// What node `i` has just committed first is on a quorum of disks, and every leader of a later term
    /// has it (thesis §3.6.3).
    func judgeCommit(by i: Int, after known: Int) -> String? {
        let before = table.facts[Int(state.nodes[i])]
        let committer = table.facts[Int(candidate.nodes[i])]
        let committed = memories[candidate.memory].committed
        for index in known + 1...Int(committed.last) {
            let term = committed.term(at: index)
            var holders: UInt64 = 0
            for node in candidate.nodes {
                let facts = table.facts[Int(node)]
                if facts.hasDurably(term, at: index) || committer.knowsAnother(facts) {
                    holders |= 1 << UInt64(facts.node - 1)
                }
                if facts.isLeader, facts.term > committer.term, index > Int(facts.log.base),
                    !facts.log.contains(term, at: index)
                {
                    return "leader \(facts.node) of a later term lacks \(term)/\(index)"
                }
            }
            // A leader goes on with a change once the entry before it is committed, in one step.
            if !committer.isQuorum(holders), !before.isQuorum(holders) {
                return "node \(i + 1) commits \(term)/\(index), which is not on a quorum of disks"
            }
        }
        return nil
    }

    /// Holds a node that has changed against all others and against what is committed.
    func judgeNeighbours(of i: Int) -> String? {
        let own = table.facts[Int(candidate.nodes[i])]
        let committed = memories[candidate.memory].committed
        if !own.log.agrees(with: committed, through: Int(own.commit)) {
            return "node \(own.node) has replaced what is committed"
        }
        if own.commit > committed.last { return "node \(own.node) has committed an unknown entry" }
        if let text = judgeChanges(of: own, committed) { return text }
        for node in candidate.nodes where node != candidate.nodes[i] {
            let other = table.facts[Int(node)]
            if !own.log.matches(other.log) || !own.durable.matches(other.durable)
                || !own.log.matches(other.durable) || !own.durable.matches(other.log)
            {
                return "the logs of \(own.node) and \(other.node) do not match"
            }
            if own.isLeader, other.isLeader, own.term == other.term {
                return "\(own.node) and \(other.node) both lead in term \(own.term)"
            }
            if let text = judgeBelief(of: own, in: other) ?? judgeBelief(of: other, in: own) {
                return text
            }
        }
        return nil
    }

    /// At most one membership of a log is not committed, so no two changes overlap (thesis §4.1).
    private func judgeChanges(of own: LocalFacts, _ committed: PackedLog) -> String? {
        guard own.changes != 0 else { return nil }
        var open = 0
        for index in 1...PackedLog.maxIndex where own.changes >> UInt64(index - 1) & 1 == 1 {
            let term = own.log.term(at: index)
            if index > Int(committed.last) || committed.term(at: index) != term { open += 1 }
        }
        return open > 1 ? "node \(own.node) has \(open) memberships that are not committed" : nil
    }

    /// What a leader believes of a peer is true, as long as the peer has not gone over to a later one.
    private func judgeBelief(of leader: LocalFacts, in peer: LocalFacts) -> String? {
        guard leader.isLeader, peer.durableTerm <= leader.term, !leader.knowsAnother(peer) else {
            return nil
        }
        let match = Int(UInt8(truncatingIfNeeded: leader.matches >> UInt64(8 * (peer.node - 1))))
        guard match > 0 else { return nil }
        let committed = memories[candidate.memory].committed
        let term =
            match < Int(leader.log.base) ? committed.term(at: match) : leader.log.term(at: match)
        if peer.hasDurably(term, at: match) { return nil }
        return "leader \(leader.node) believes that \(peer.node) has \(term)/\(match)"
    }
}
