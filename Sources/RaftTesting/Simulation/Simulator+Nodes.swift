internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTransport

// The life of a node: it starts, takes its turns, and ends in one way or the other.

extension Simulator {
    /// Starts a process on a node's disk.
    func start(_ node: SimulatedNode) {
        node.clock = SimulatedClock(
            offset: UInt64.random(in: 0...1 << 50, using: &dice), start: time,
            rate: UInt64(1024 + draw(-surroundings.maxDrift...surroundings.maxDrift)))
        node.wallMilliseconds = 1_700_000_000_000 + duration(0...100_000)
        var start = NodeStart(
            directory: "/data", cluster: "simulated", node: node.id,
            initialConfiguration: node.startConfiguration,
            seed: node.incarnation == 0 ? node.firstSeed : dice.next())
        start.meetsFounders = surroundings.meetsFounders
        if surroundings.rejoins {
            start.repair = .rejoin
            start.peers = nodes.map(\.id)
        }
        do throws(NodeFailure) {
            let loop = try SimulatedLoop(
                start, machine: Ledger(workload.makeState()), files: node.disk,
                logSettings: surroundings.log,
                network: SimulatedPort(outbox: node.outbox),
                background: SimulatedBackground(jobs: node.jobs), settings: surroundings.node,
                at: node.clock.reading(at: time))
            node.process = SimulatedProcess(loop)
        } catch {
            return failedToStart(node, error)
        }
        guard !node.disk.isOff else { return losePower(node, within: .powerLostWhileOpening) }
        settleLog(of: node)
        noteNewBeginning(of: node)
        node.incarnation = node.process?.loop.identity.incarnation ?? 0
        checker.noteIncarnation(node.incarnation, of: node.place)
        for peer in nodes where peer !== node { reconnect(node, peer) }
        checker.started(node)
        note(
            "node \(node.id) starts life \(node.life) in \(checker.witnesses[node.place].hardState)"
        )
        node.process?.loop.start()
        if surroundings.meetsFounders { beginToMeet(node) }
        afterCall(node)
        endTurn(node)
    }

    private func failedToStart(_ node: SimulatedNode, _ failure: NodeFailure) {
        if node.disk.isOff { return losePower(node, within: .powerLostWhileOpening) }
        stopAfterDiskFailure(node, failure)
    }

    private func reconnect(_ node: SimulatedNode, _ peer: SimulatedNode) {
        links.refuse(links.link(node.place, peer.place), false)
        links.refuse(links.link(peer.place, node.place), false)
    }

    /// A process does what waits for it and what is due.
    func turn(_ node: SimulatedNode) {
        guard node.isUp, time == node.nextTurn else { return }
        guard time >= node.pausedUntil else {
            node.nextTurn = node.pausedUntil
            return queue.plan(.turn(node.place), at: node.pausedUntil)
        }
        node.nextTurn = .max
        boundTurns(of: node)
        let arrivals = node.inbox
        node.inbox = []
        for arrival in arrivals where !node.disk.isOff {
            hand(arrival, to: node)
            afterCall(node)
        }
        if !node.disk.isOff {
            node.process?.loop.turn(
                at: node.clock.reading(at: time),
                wallMilliseconds: node.wallMilliseconds + time / 1_000_000,
                leaseClock: node.clock.bootReading(at: time))
            node.turns += 1
            afterCall(node)
        }
        endTurn(node)
    }

    /// A node that asks for turn after turn at one moment would hold time up for all.
    private func boundTurns(of node: SimulatedNode) {
        node.turnsAtOnce = node.lastTurn == time ? node.turnsAtOnce + 1 : 0
        node.lastTurn = time
        checker.expect(
            node.turnsAtOnce < 100_000, "node \(node.id) spins: its deadline stays in the past")
    }

    private func hand(_ arrival: Arrival, to node: SimulatedNode) {
        switch arrival {
        case .envelope(let envelope, let peer, let incarnation):
            checker.received(envelope, at: node)
            node.process?.loop.receive(envelope, from: peer, incarnation: incarnation)
        case .closed(let peer): node.process?.loop.connectionClosed(peer)
        case .result(let result): node.process?.loop.finished(result)
        case .propose(let operation, let command):
            guard let id = node.process?.loop.propose(command.span) else { return }
            node.openProposals[id.rawValue] = operation
        case .read(let number):
            guard let ticket = node.process?.loop.read() else { return }
            node.openReads[ticket.rawValue] = number
            node.turnsOfReads[ticket.rawValue] = node.turns
        case .change(let change):
            guard let ticket = node.process?.loop.changeMembership(change) else { return }
            note("node \(node.id) is asked to \(change)")
            node.openChanges[ticket.rawValue] = change
        case .handshake(let handshake): take(handshake, at: node)
        case .transfer: askForTransfer(at: node)
        case .resign:
            guard let ticket = node.process?.loop.resign() else { return }
            node.openTransfers[ticket.rawValue] = true
        }
    }

    /// Takes out what a call has sent and started.
    private func afterCall(_ node: SimulatedNode) {
        for (envelope, target) in node.outbox.take() {
            checker.sent(envelope, by: node)
            if envelope.isVote { node.hasSentVote = true }
            send(envelope, from: node, to: nodes[target])
        }
        for job in node.jobs.take() { begin(job, on: node) }
    }

    private func endTurn(_ node: SimulatedNode) {
        guard let notices = node.process?.loop.takeNotices() else { return }
        let restored = notices.compactMap { $0.restoredEntry }
        for entry in restored { checker.noteRestored(entry, at: node.place) }
        defer { node.hasSentVote = false }
        node.ledBefore = checker.witnesses[node.place].role == .leader
        checker.observe(node)
        checker.observeApplied(node, restored: restored)
        observe(notices, of: node)
        mixState(of: node)
        if node.disk.isOff { return losePower(node, within: .powerLostWithinStep) }
        if node.isAtFatalVote {
            let isPowerLoss = node.fatalVote == .decided
            node.fatalVote = nil
            return isPowerLoss ? losePower(node) : kill(node)
        }
        takeCompletions(of: node)
        if let failure = node.process?.loop.failure { return stopAfterDiskFailure(node, failure) }
        planTurn(node)
    }

    private func mixState(of node: SimulatedNode) {
        let witness = checker.witnesses[node.place]
        traceHash.mix(time)
        traceHash.mix(node.place, node.life)
        traceHash.mix(
            witness.hardState.term.rawValue << 8 ^ (witness.hardState.vote?.rawValue ?? 0))
        traceHash.mix(witness.log.lastIndex.rawValue << 32 ^ witness.commitIndex.rawValue)
        traceHash.mix(witness.applied.rawValue)
    }

    private func takeCompletions(of node: SimulatedNode) {
        guard let completions = node.process?.loop.takeCompletions() else { return }
        for completion in completions {
            switch completion {
            case .proposal(let id, let outcome):
                guard let operation = node.openProposals.removeValue(forKey: id.rawValue) else {
                    return checker.expect(false, "node \(node.id) ended a proposal twice")
                }
                note("node \(node.id) ends operation \(operation): \(outcome)")
                checker.ended(operation, outcome, at: node.id)
            case .read(let ticket, let outcome): readEnded(ticket, outcome, at: node)
            case .snapshot: break  // nobody asks for one
            case .transfer(let ticket, let outcome): transferEnded(ticket, outcome, at: node)
            case .membership(let ticket, let outcome): membershipEnded(ticket, outcome, at: node)
            }
        }
        noteLapsedLease(of: node)
    }

    /// Plans the turn that a node wants, or the one that news in its inbox call for.
    private func planTurn(_ node: SimulatedNode) {
        guard let deadline = node.process?.loop.nextDeadline else { return }
        plan(turnOf: node, at: max(time + 1, node.clock.time(of: deadline)))
    }

    func plan(turnOf node: SimulatedNode, at moment: UInt64) {
        let late = moment + node.turnGrid - 1
        let moment = late - late % node.turnGrid
        guard node.isUp, moment < node.nextTurn else { return }
        node.nextTurn = moment
        queue.plan(.turn(node.place), at: moment)
    }

    /// Puts news into a node's inbox; it looks there soon.
    func hand(_ arrival: Arrival, toInboxOf node: SimulatedNode) {
        node.inbox.append(arrival)
        plan(turnOf: node, at: time + duration(1...surroundings.maxTurnDelay))
    }

    // MARK: Background jobs

    private func begin(_ job: SimulatedJob, on node: SimulatedNode) {
        let lane = job.lane == .sync ? 0 : 1
        let longest = surroundings.maxSyncDelay * node.diskSlowness * UInt64(1 + 4 * lane)
        let end = max(time, node.laneEnds[lane]) + duration(10_000...longest)
        node.laneEnds[lane] = end
        node.lanes[lane].append(job)
        queue.plan(.jobDone(node.place, lane: lane, life: node.life), at: end)
    }

    func finishJob(_ node: SimulatedNode, _ lane: Int, _ life: Int) {
        guard node.life == life, node.isUp, !node.lanes[lane].isEmpty else { return }
        guard !node.isDiskStalled else { return node.parkedLanes.append(lane) }
        let result = node.lanes[lane].removeFirst().perform()
        traceHash.mix(node.place, lane)
        if node.disk.isOff { return losePower(node, within: .powerLostWithinStep) }
        hand(.result(result), toInboxOf: node)
    }

    // MARK: Ends

    /// The machine's power goes: what is not on the device may be lost, or torn.
    func losePower(_ node: SimulatedNode, within mark: SimulationMark? = nil) {
        self.mark(mark ?? .powerLost)
        note("node \(node.id) loses its power")
        node.disk.crash(using: &dice)
        end(node, restartAfter: milliseconds(5...3000))
    }

    /// The process ends; the machine keeps what was written.
    func kill(_ node: SimulatedNode) {
        mark(.processKilled)
        note("node \(node.id) is killed")
        node.disk.endProcess()
        end(node, restartAfter: milliseconds(5...3000))
    }

    func end(_ node: SimulatedNode, restartAfter delay: UInt64) {
        checker.ended(node)
        if isFounding(node) { node.founding.hasEnded = true }
        node.forgetProcess()
        for peer in nodes where peer !== node {
            links.breakConnection(node.place, peer.place)
            guard peer.isUp, chance(800) else { continue }
            links.refuse(links.link(peer.place, node.place), true)
            plan(
                .closed(peer.place, peer: node.place, life: peer.life),
                after: duration(surroundings.minDelay...surroundings.maxDelay))
        }
        plan(.restart(node.place, life: node.life), after: delay)
    }
}
