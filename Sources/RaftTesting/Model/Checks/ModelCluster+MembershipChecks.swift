package import Raft

// What must hold of memberships (thesis chapter 4).

extension ModelCluster {
    /// The membership that counts is the last in the log, or else that of the snapshot, or the founding one.
    package mutating func checkConfiguration(_ i: Int) {
        let node = nodes[i]
        guard node.core.fault == nil else { return }
        verdict.require(
            node.core.configuration == lastConfiguration(i),
            "\(node.id) goes by \(node.core.configuration.told)")
        checkUncommitted(i)
    }

    private func lastConfiguration(_ i: Int) -> Configuration {
        nodes[i].log.entries.last { $0.configuration != nil }?.configuration
            ?? nodes[i].core.snapshot?.configuration ?? nodes[i].founding
    }

    /// At most one membership of a log is not committed; so no two changes overlap.
    private mutating func checkUncommitted(_ i: Int) {
        if isAlone { return }
        let log = nodes[i].log
        var open = 0
        for placed in log.configurations(from: log.base.index.next, through: log.lastIndex) {
            let place = Int(placed.index.rawValue) - 1
            let isCommitted =
                place < history.committed.count
                && history.committed[place] == log.entry(at: placed.index)
            if !isCommitted { open += 1 }
        }
        verdict.require(open <= 1, "\(nodes[i].id) has \(open) memberships that are not committed")
    }

    /// A leader changes the membership by one step at a time, from one that is committed, and only when it
    /// has committed an entry of its own term.
    package mutating func checkChange(to next: Configuration, at i: Int) {
        history.tally.changes += 1
        let node = nodes[i]
        verdict.require(node.core.roleName == .leader, "\(node.id) changes the membership")
        verdict.require(
            node.core.log.term(at: node.core.commitIndex) == node.core.term,
            "leader \(node.id) changes the membership before its term has a commit")
        let old = lastConfiguration(i)
        // Any quorum of the one meets any quorum of the other: the same voters, or a half in common.
        let isStep =
            old.isJoint
            ? !next.isJoint && next.incoming == old.incoming
            : next.isJoint ? next.outgoing == old.incoming : next.incoming == old.incoming
        verdict.require(isStep, "\(node.id) goes from \(old.told) to \(next.told)")
        for member in old.roster where member.incarnation != 0 && next.isVoter(member.id) {
            // Who is counted has said what is counted, before and after.
            verdict.require(
                !old.isVoter(member.id)
                    || next.member(member.id)?.incarnation == member.incarnation,
                "\(node.id) lets another one vote as \(member.id)")
        }
    }

    /// A snapshot holds the membership that was in force at its last entry, committed like all it covers.
    package mutating func checkMembership(of snapshot: RaftCore.SnapshotPoint, at i: Int) {
        if isAlone { return }
        let covered = history.committed.prefix(Int(snapshot.lastIncluded.index.rawValue))
        let known = covered.last { $0.configuration != nil }?.configuration
        verdict.require(
            snapshot.configuration == known ?? nodes[i].founding,
            "\(nodes[i].id) puts \(snapshot.configuration.told) into \(snapshot.lastIncluded)")
    }
}
