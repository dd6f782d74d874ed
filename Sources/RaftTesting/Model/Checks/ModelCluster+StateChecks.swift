package import Raft

// What must hold after every step. What no single node can know, such as who led in a term before a
// crash, is in `history`.

extension ModelCluster {
    /// Looks at a node that has just taken in an event, and at what others know of it.
    package mutating func checkStep(
        _ i: Int, _ event: Event, before: RaftCore, effects: [Effect]
    ) {
        let core = nodes[i].core
        if !toleratesFaults, let fault = core.fault {
            return verdict.report("node \(core.id) has stopped: \(fault)")
        }
        checkTerms(i, event, before: before)
        checkRole(i, event, before: before)
        if core.log != before.log || core.log.last != nodes[i].log.last { checkOutline(i) }
        if core.roleName != .leader, core.commitIndex != before.commitIndex {
            checkCommit(i, before: before)
        }
        for j in nodes.indices where nodes[j].isUp { checkProgress(j) }
        let snapshot = core.snapshot?.lastIncluded.index ?? .zero
        verdict.require(
            snapshot >= before.snapshot?.lastIncluded.index ?? .zero
                && snapshot >= core.log.base.index,
            "snapshot of \(core.id) goes back to \(snapshot), the log starts at \(core.log.base)")
        if core.configuration != before.configuration || core.log.last != before.log.last {
            checkConfiguration(i)
        }
        verdict.require(!nodes[i].disk.isBroken, "node \(core.id) wrote entries after a hole")
    }

    /// Terms never fall, and a vote changes only with the term.
    private mutating func checkTerms(_ i: Int, _ event: Event, before: RaftCore) {
        let core = nodes[i].core
        verdict.require(core.term >= before.term, "term of \(core.id) falls from \(before.term)")
        verdict.require(
            core.term >= history.spokenTerms[core.id] ?? .zero,
            "\(core.id) has spoken in a newer term than \(core.term)")
        verdict.require(
            core.log.last.term <= core.term, "\(core.id): last \(core.log.last) in \(core.term)")
        if core.term == before.term, core.hardState.vote != before.hardState.vote {
            verdict.require(
                before.hardState.vote == nil, "\(core.id) votes twice in term \(core.term)")
            checkVote(i, event, before: before)
        }
        if case .message(let message) = event, case .preVoteRequest = message.body {
            verdict.require(
                core.hardState == before.hardState, "a pre-vote request changes \(core.id)")
        }
        if case .timerFired = event, core.term > before.term {
            let isAlone = core.configuration.incoming == [core.id] && !core.configuration.isJoint
            verdict.require(
                !core.settings.usesPreVote || isAlone, "\(core.id) raises its term without promises"
            )
        }
    }

    /// A vote goes to one whose log is at least as up to date (thesis §3.6.1).
    private mutating func checkVote(_ i: Int, _ event: Event, before: RaftCore) {
        guard case .message(let message) = event,
            case .voteRequest(let last, _) = message.body
        else { return verdict.report("\(nodes[i].id) votes without being asked") }
        let own = before.log.last
        let isNewer = last.term > own.term || (last.term == own.term && last.index >= own.index)
        verdict.require(isNewer, "\(nodes[i].id), with \(own), votes for one with \(last)")
        verdict.require(before.roleName != .leader, "leader \(nodes[i].id) votes in its own term")
    }

    /// Only the transitions of the picture in `Role` happen, and only for one who may.
    private mutating func checkRole(_ i: Int, _ event: Event, before: RaftCore) {
        let core = nodes[i].core
        guard core.roleName != before.roleName || core.term != before.term else { return }
        switch (before.roleName, core.roleName) {
        case (_, .follower): break
        case (.follower, .preCandidate), (.preCandidate, .preCandidate),
            (.candidate, .preCandidate):
            verdict.require(
                core.settings.usesPreVote, "\(core.id) asks for promises that nobody wants")
        case (.follower, .candidate), (.preCandidate, .candidate), (.candidate, .candidate):
            verdict.require(
                core.hardState.vote == core.id, "candidate \(core.id) has another's vote")
            verdict.require(
                core.log.last.term < core.term, "candidate \(core.id) has entries of its term")
        case (.candidate, .leader): checkElection(i)
        default: verdict.report("\(core.id) turns from \(before.roleName) to \(core.roleName)")
        }
        verdict.require(
            core.roleName == .follower
                || core.configuration.isVoter(core.id) && !core.configuration.disowns(nodes[i]),
            "\(core.id) is no voter and becomes \(core.roleName)")
    }

    /// Election safety, leader completeness, and a quorum of votes that the ghost has seen.
    private mutating func checkElection(_ i: Int) {
        let core = nodes[i].core
        history.tally.elections += 1
        verdict.require(core.term > .zero, "a leader in term 0")
        if isAlone { return }
        let life = ModelHistory.Life(node: core.id, number: nodes[i].life)
        verdict.require(history.leaders[core.term] == nil, "two leaders in term \(core.term)")
        history.leaders[core.term] = life
        let known = history
        let isBacked = nodes[i].disk.durable.hardState == core.hardState
        let hasQuorum = core.configuration.hasNaiveQuorum { voter in
            known.hasVote(of: core.configuration.member(voter), for: core.id, in: core.term)
                || voter == core.id && isBacked
        }
        verdict.require(hasQuorum, "\(core.id) leads without a quorum of votes")
        for (offset, entry) in history.committed.enumerated() {
            let index = LogIndex(UInt64(offset + 1))
            // Whoever wins an old term late need not have what a later one has committed.
            guard history.committedIn[offset] < core.term, index > nodes[i].log.base.index else {
                continue
            }
            verdict.require(
                nodes[i].log.entry(at: index) == entry, "leader \(core.id) lacks committed \(index)"
            )
        }
        history.leaderLogs[core.term] = knownTerms(i)
    }

    /// The terms of a node's log from the first entry on; before the base all is committed.
    private func knownTerms(_ i: Int) -> [Term] {
        let base = Int(nodes[i].log.base.index.rawValue)
        return history.committed.prefix(base).map(\.term) + nodes[i].log.entries.map(\.term)
    }

    /// The core's outline says the same as the host's log.
    private mutating func checkOutline(_ i: Int) {
        let core = nodes[i].core
        let log = nodes[i].log
        let runs = core.log.runs(from: core.log.firstIndex, through: core.log.lastIndex)
        let terms = runs.flatMap { Array(repeating: $0.term, count: $0.count) }
        verdict.require(
            core.log.base == log.base && terms == log.entries.map(\.term),
            "outline of \(core.id) is \(core.log), its log \(log)")
    }

    /// Entries become known to the ghost, which holds all logs against each other.
    package mutating func checkAppended(from first: LogIndex, at i: Int) {
        let node = nodes[i]
        guard var previous = node.log.term(at: first.previous) else {
            return verdict.report("node \(node.id) appends at \(first) after nothing")
        }
        var index = first
        while let entry = node.log.entry(at: index) {
            let fact = ModelHistory.Fact(
                payload: entry.payload, configuration: entry.configuration, previousTerm: previous)
            let id = EntryID(term: entry.term, index: index)
            verdict.require(previous <= entry.term, "terms fall at \(id) of \(node.id)")
            verdict.require(entry.term <= node.core.term, "\(id) is newer than term of \(node.id)")
            let known = history.entries[id]
            verdict.require(
                known == nil || known == fact, "entry \(id) of \(node.id) is not what it was")
            history.entries[id] = fact
            previous = entry.term
            index = index.next
        }
        if node.core.roleName == .leader { checkLeaderAppend(from: first, at: i) }
    }

    private mutating func checkLeaderAppend(from first: LogIndex, at i: Int) {
        let term = nodes[i].core.term
        if let known = history.leaderLogs[term] {
            verdict.require(
                first.rawValue == UInt64(known.count) + 1,
                "leader \(nodes[i].id) changes its log at \(first)")
        }
        history.leaderLogs[term] = knownTerms(i)
    }

    /// A leader's commit, before it tells anybody.
    package mutating func checkLeaderCommit(_ i: Int, before: RaftCore) {
        let core = nodes[i].core
        guard core.roleName == .leader, core.commitIndex != before.commitIndex else { return }
        checkCommit(i, before: before)
    }

    /// The commit index rises, over entries that a quorum has on its disks and nobody knows otherwise.
    private mutating func checkCommit(_ i: Int, before: RaftCore) {
        let core = nodes[i].core
        verdict.require(
            core.commitIndex > before.commitIndex,
            "commit of \(core.id) falls from \(before.commitIndex)")
        verdict.require(
            core.commitIndex <= core.log.lastIndex, "commit of \(core.id) is beyond its log")
        if core.roleName == .leader {
            // A snapshot that was stored late tells a leader what is committed anyway.
            verdict.require(
                isAlone || core.log.term(at: core.commitIndex) == core.term
                    || core.commitIndex.rawValue <= UInt64(history.committed.count),
                "leader \(core.id) counts replicas of an older term")
        }
        var index = before.commitIndex.next
        while index <= core.commitIndex {
            if let entry = nodes[i].log.entry(at: index) {
                // A leader goes on with a change once the entry before it is committed, in one step.
                checkCommitted(entry, at: index, by: i, before.configuration)
            } else {
                verdict.require(
                    isAlone || history.committedTerm(at: index) != nil,
                    "\(core.id) commits an unknown \(index)")
            }
            index = index.next
        }
    }

    private mutating func checkCommitted(
        _ entry: ModelEntry, at index: LogIndex, by i: Int, _ configuration: Configuration
    ) {
        if isAlone { return }
        let known = history.committed.count
        if index.rawValue <= UInt64(known) {
            return verdict.require(
                history.committed[Int(index.rawValue) - 1] == entry,
                "\(nodes[i].id) commits \(entry) at \(index), others something else")
        }
        history.committed.append(entry)
        history.committedIn.append(nodes[i].core.term)
        history.tally.commits += 1
        let id = EntryID(term: entry.term, index: index)
        let all = nodes
        let isDurable = configuration.hasNaiveQuorum { voter in
            // One that has lost its disk since may be counted still: it cannot help anybody against it.
            all.contains { $0.id == voter && ($0.hasDurably(id) || configuration.disowns($0)) }
        }
        verdict.require(
            isDurable, "\(nodes[i].id) commits \(id), which is not on a quorum of disks")
        for other in nodes where other.isUp && other.core.roleName == .leader {
            guard other.core.term > nodes[i].core.term else { continue }
            verdict.require(
                other.log.base.index >= index || other.log.contains(id),
                "leader \(other.id) of a later term lacks \(id)")
        }
    }

    /// A voter always has a timer that gets it going again; a leader one for its heartbeats.
    private mutating func checkTimers(_ i: Int) {
        let node = nodes[i]
        guard node.core.configuration.isVoter(node.id), node.core.fault == nil,
            !node.core.configuration.disowns(node)
        else { return }
        let waits = [TimerID.election, .campaign, .earlyCampaign].contains(where: node.isArmed)
        if node.core.roleName == .leader {
            verdict.require(node.isArmed(.heartbeat), "leader \(node.id) sends no heartbeats")
            verdict.require(!waits, "leader \(node.id) waits to campaign")
            verdict.require(node.isArmed(.quorumCheck), "leader \(node.id): quorum check")
        } else {
            verdict.require(waits, "\(node.core.roleName) \(node.id) has no timer")
            verdict.require(
                !node.isArmed(.heartbeat), "\(node.id) has heartbeats and does not lead")
        }
    }

    /// What leaders believe of their peers is true.
    private mutating func checkProgress(_ j: Int) {
        let leader = nodes[j]
        for peer in leader.core.peers {
            verdict.require(
                peer.nextIndex > peer.matchIndex
                    && peer.nextIndex <= leader.core.log.lastIndex.next,
                "leader \(leader.id): next \(peer.nextIndex) for \(peer.node)")
            verdict.require(
                peer.inflight.count <= leader.core.settings.maxInflightAppends,
                "leader \(leader.id) has too many appends on their way")
            if case .replicate = peer.state {
                let inflight = peer.inflight.ends
                let sent = [peer.matchIndex] + inflight
                let rises = zip(inflight, inflight.dropFirst()).allSatisfy { $0 < $1 }
                verdict.require(
                    rises && sent.last == peer.nextIndex.previous,
                    "leader \(leader.id): \(peer) has sent \(sent)")
            }
            let match = peer.matchIndex
            // A peer that has gone over to a later leader may have dropped what it had acknowledged to
            // this one; without a quorum of its term the belief does no harm.
            guard match > .zero, let known = nodes.first(where: { $0.id == peer.node }),
                known.disk.durable.hardState.term <= leader.core.term,
                !leader.core.configuration.disowns(known)
            else { continue }
            let term = leader.log.term(at: match) ?? history.committedTerm(at: match) ?? .zero
            verdict.require(
                known.hasDurably(EntryID(term: term, index: match)),
                "leader \(leader.id) believes that \(peer.node) has \(match)")
        }
    }

    /// After a flush all that the core knows has been handed to the disk.
    package mutating func checkWritten(_ i: Int) {
        let node = nodes[i]
        guard node.core.fault == nil else { return }
        verdict.require(
            node.disk.written.hardState == node.core.hardState,
            "\(node.id): term and vote unwritten")
        checkTimers(i)
        verdict.require(node.disk.written.log == node.log, "\(node.id): entries unwritten")
        verdict.require(
            node.appliedIndex == node.core.commitIndex,
            "\(node.id): commit \(node.core.commitIndex), told \(node.appliedIndex)")
        let durable = node.core.durableIndex
        let isTrue =
            durable <= node.disk.durable.log.base.index
            || node.disk.durable.log.term(at: durable) == node.log.term(at: durable)
        verdict.require(
            isTrue || durable <= node.log.base.index, "\(node.id): \(durable) is not durable")
        verdict.require(
            node.core.durableHardState == node.disk.durable.hardState,
            "\(node.id): durable state is \(node.disk.durable.hardState)")
    }

    /// What a restart finds is enough for all that was said before it.
    package mutating func checkRestart(_ i: Int) {
        let core = nodes[i].core
        verdict.require(
            core.term >= history.spokenTerms[core.id] ?? .zero,
            "\(core.id) comes back in term \(core.term)")
        let ballot = ModelHistory.Ballot(
            term: core.term, voter: core.id, incarnation: nodes[i].incarnation)
        let vote = history.votes[ballot]
        verdict.require(
            vote == nil || vote == core.hardState.vote, "\(core.id) has forgotten its vote")
    }
}

extension Configuration {
    /// Whether the node goes under the name of a member, and is another one.
    package func disowns(_ node: ModelNode) -> Bool {
        let known = member(node.id)?.incarnation ?? 0
        return known != 0 && known != node.incarnation
    }

    /// The definition of a quorum, word by word.
    package func hasNaiveQuorum(_ agrees: (NodeID) -> Bool) -> Bool {
        let halves = outgoing.isEmpty ? [incoming] : [incoming, outgoing]
        return halves.allSatisfy { half in 2 * half.filter(agrees).count > half.count }
    }
}
