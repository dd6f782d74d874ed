internal import Raft
internal import RaftRuntime

// After the faults: the cluster must recover by itself, in bounded time (liveness).

extension Simulator {
    func settle() {
        if surroundings.changesMembership, chance(300) {
            // So that a change is under way where links stay cut.
            changeMembership(near: nodes[leader ?? 0])
            pass(milliseconds: 2 + surroundings.maxDelay / 1_000_000)
        }
        // Whoever sits on rotten bytes shall find them now.
        for node in nodes where node.isUp && !node.rottenFiles.isEmpty { kill(node) }
        calmDown()
        if surroundings.standingCuts == .beforeCalm, budget == .holds { settleBesideCuts() }
        guard checker.finding == nil else { return }
        links.mendAll()
        switch budget {
        case .holds: break
        case .isSpent: return expectStandstill()
        case .isUnclear: return mark(.votersUnclear)
        }
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        passWhatIsUnderWay()
        expectSoon("a leader whom all follow", milliseconds: 40 * election) { self.hasLeader }
        expectBacklogDone()
        expectReadmission()
        expectSettledMembership()
        // One after the other: together they could be too many bytes for what the settings allow to wait.
        for node in livingNodes where checker.finding == nil { expectService(at: node) }
        expectSoon("the same state at every node", milliseconds: 40 * election) { self.isEven }
        expectPeace()
        if surroundings.handsOverInCalm { expectHandOver() }
        if surroundings.stallsInCalm { expectEscapeFromDisk() }
        guard surroundings.standingCuts == .afterCalm, checker.finding == nil else { return }
        settleBesideCuts()
        links.mendAll()
        expectSoon("the same state again", milliseconds: 40 * election) { self.isEven }
    }

    /// What was held up on the way still arrives, and may still stir things up; disks that were slow or hung
    /// still finish what they had begun.
    func passWhatIsUnderWay() {
        let last = max(
            links.lastArrival.max() ?? 0, nodes.map { $0.laneEnds.max() ?? 0 }.max() ?? 0)
        while time <= last, step() {}
    }

    func expectBacklogDone() {
        let election = UInt64(surroundings.node.electionTimeoutMilliseconds)
        expectSoon("an end of all that was asked", milliseconds: 40 * election) {
            self.nodes.allSatisfy { $0.hasNothingOpen }
        }
        // With the smallest windows entries go out one by one, so what has piled up may take a while.
        let backlog = UInt64(longestLog.distance(from: LogIndex(UInt64(checker.committed.count))))
        expectSoon("commit of what was left", milliseconds: 40 * election + 1000 * backlog) {
            self.leader.map { self.checker.witnesses[$0].isAllCommitted } ?? false
        }
    }

    /// A proposal may end in doubt even now, when a snapshot brings its effect; then another one must do.
    func expectService(at node: SimulatedNode) {
        let milliseconds = 40 * UInt64(surroundings.node.electionTimeoutMilliseconds)
        for _ in 1...5 where checker.finding == nil {
            propose(at: node)
            read(at: node)
            expectSoon("answers at node \(node.id)", milliseconds: milliseconds) {
                self.checker.operations.last?.outcome != .open
                    && self.checker.reads.last?.hasEnded == true
            }
            let isDone = checker.operations.last?.outcome == .done
            if isDone, checker.reads.last?.isServed == true { return }
            // What came late may take all the room there is, for a moment.
            pass(milliseconds: UInt64(surroundings.node.electionTimeoutMilliseconds))
        }
        checker.expect(false, "no proposal is done and no read served at node \(node.id) in calm")
    }

    /// Ends all that is wrong.
    private func calmDown() {
        note("the faults stop")
        isTroubled = false
        lossPermille = 0
        links.mendAll()
        for node in nodes {
            calmDisk(of: node)
            node.pausedUntil = min(node.pausedUntil, time)
            node.clock.wake(at: time)
            node.turnGrid = 1
            startIfPossible(node)
            plan(turnOf: node, at: time + 1)
        }
    }

    func expectSoon(
        _ what: String, milliseconds: UInt64, _ holds: () -> Bool
    ) {
        let deadline = time + milliseconds * 1_000_000
        while checker.finding == nil, !holds() {
            guard time <= deadline else {
                return checker.expect(false, "no \(what) within \(milliseconds) ms of calm")
            }
            guard step() else { break }
        }
    }

    private var longestLog: LogIndex {
        checker.witnesses.reduce(.zero) { max($0, $1.log.lastIndex) }
    }

    /// Of those whom the leader means to lead: a removal that is not committed yet has taken the others from its
    /// care, and how long the commit takes is a matter of the backlog.
    var hasLeader: Bool {
        guard let leader, let core = nodes[leader].process?.loop.core else { return false }
        return livingNodes.allSatisfy {
            !core.configuration.isMember($0.id)
                || $0.process?.loop.core.leader == core.id
                    && $0.process?.loop.core.term == core.term
        }
    }

    private var isEven: Bool {
        let count = LogIndex(UInt64(checker.committed.count))
        let living = livingNodes
        return living.allSatisfy {
            $0.process?.loop.core.commitIndex == count && $0.process?.loop.applied.index == count
                && $0.process?.loop.core.durableIndex == count
                && $0.process?.loop.machine.state == living[0].process?.loop.machine.state
                && $0.imageChecksum == living[0].imageChecksum
        }
    }
}
