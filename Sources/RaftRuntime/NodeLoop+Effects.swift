internal import Raft
internal import RaftStorage
internal import RaftTransport
internal import Wire

extension NodeLoop {
    /// Does one thing that the core has asked for.
    ///
    /// - Parameter contents: What came beside the message that caused it.
    mutating func carryOut(_ effect: Effect, contents: PackedBytes?) {
        switch effect {
        case .send(let message): transmit(message)
        case .proposalAppended(let first, let count): proposalAppended(first: first, count: count)
        case .proposalRefused(let refusal): proposalRefused(refusal)
        case .emptyEntryAppended(let entry): emptyEntryAppended(entry)
        case .entriesReceived(let first, let skip, let runs):
            guard let contents else { return }
            entriesReceived(contents, skip: skip, first: first, runs: runs)
        case .persist(let persist): write(persist)
        case .configurationAppended(let entry, let next): configurationAppended(entry, next)
        case .configurationChanged(let configuration):
            notices.append(.configurationChanged(configuration))
        case .changeRefused(let refusal): membership.refusal = refusal
        case .transferRefused(let refusal): membership.transferRefusal = refusal
        case .commit: break  // applied at the end of the turn, from `core.commitIndex`
        case .setTimer(let timer): timers.set(timer, at: deadline(of: timer))
        case .cancelTimer(let timer): timers.cancel(timer)
        case .readReady(let read, let index): reads.confirm(read, index: index)
        case .readRefused(let read, let refusal): readRefused(read, refusal)
        case .receiveSnapshot(let part):
            guard let contents else { return }
            receiveSnapshot(part, contents)
        case .restoreSnapshot(let entry): restoreSnapshot(entry)
        case .roleChanged(let change): roleChanged(change)
        case .trace(let event):
            if case .transferAborted = event { transferAborted() }
            notices.append(.trace(event))
        case .stop(let fault): fail(.invariant(fault))
        }
    }

    private mutating func deadline(of timer: TimerID) -> Instant {
        let election = settings.electionTimeoutMilliseconds
        switch timer {
        case .election, .quorumCheck, .transfer: return now.advanced(byMilliseconds: election)
        case .heartbeat: return now.advanced(byMilliseconds: settings.heartbeatMilliseconds)
        case .campaign:
            return turnToCampaign() ?? campaignDeadline(within: election)
        case .earlyCampaign: return campaignDeadline(within: settings.earlyCampaignMilliseconds)
        }
    }

    /// Those who lose their leader together campaign in turn, the next one behind it first, a heartbeat's time apart: so
    /// the first is elected before the second begins, if messages take no longer than that.
    ///
    /// - Returns: Nothing for any but the first campaign after a leader, and nothing for that leader.
    private mutating func turnToCampaign() -> Instant? {
        let leader = lostLeader.take()
        let voters = core.configuration.incoming
        guard let leader, leader != identity.node, let own = voters.firstIndex(of: identity.node)
        else { return nil }
        let first = voters.firstIndex { $0 > leader } ?? 0
        let turn = (own - first + voters.count) % voters.count
        let apart = min(
            settings.heartbeatMilliseconds, settings.electionTimeoutMilliseconds / voters.count)
        // Others may have heard the leader a little later, and refuse until they have lost it, too.
        let deadline = randomDeadline(within: apart / 4)
        let turns = turn + (isOutranked ? voters.count : 0)
        return deadline.advanced(byMilliseconds: turns * apart)
    }

    /// A node of lower priority than the highest waits first for as long as those above it may: a hint, for
    /// they may all be gone.
    private mutating func campaignDeadline(within milliseconds: Int) -> Instant {
        let deadline = randomDeadline(within: milliseconds)
        return isOutranked ? deadline.advanced(byMilliseconds: milliseconds) : deadline
    }

    private var isOutranked: Bool {
        let own = core.configuration.member(identity.node)?.priority ?? 0
        return core.configuration.incoming.contains { node in
            core.configuration.member(node).map { $0.priority > own } ?? false
        }
    }

    /// In microseconds, so that two nodes seldom draw the same.
    private mutating func randomDeadline(within milliseconds: Int) -> Instant {
        let wait = UInt64.random(in: 0...UInt64(max(0, milliseconds)) * 1000, using: &random)
        return Instant(nanoseconds: now.nanoseconds + wait * 1000)
    }

    private mutating func roleChanged(_ change: RoleChange) {
        if change.role == .leader {
            clock.startDriving(at: now, wallMilliseconds: wallMilliseconds)
            answeredRounds = []
            counters.electionsWon += 1
        } else {
            clock.stopDriving()
            proposals.orphanAppended()
        }
        if change.role == .preCandidate || change.role == .candidate && !settings.core.usesPreVote {
            counters.campaigns += 1
        }
        if let leader = change.leader {
            lostLeader = leader
            counters.leaderChanges += 1
            noteLeader(leader)
        }
        notices.append(.roleChanged(change))
    }

    // MARK: The log

    private mutating func emptyEntryAppended(_ entry: EntryID) {
        entryBuffer.removeAll()
        let header = EntryHeader(kind: .empty, timeMilliseconds: clock.newest)
        entryBuffer.append { header.write(into: &$0) }
        log.append(
            entryBuffer, 0..<1, first: entry.index, runs: [TermRun(term: entry.term, count: 1)])
    }

    private mutating func configurationAppended(_ entry: EntryID, _ configuration: Configuration) {
        entryBuffer.removeAll()
        entryBuffer.append(configuration, timeMilliseconds: clock.newest)
        log.append(
            entryBuffer, 0..<1, first: entry.index, runs: [TermRun(term: entry.term, count: 1)])
        membership.appendedEntry = entry
    }

    private mutating func entriesReceived(
        _ contents: PackedBytes, skip: Int, first: LogIndex, runs: [TermRun]
    ) {
        log.append(contents, skip..<contents.count, first: first, runs: runs)
        // The last entry's time is the newest: a leader's clock never falls along its log.
        let last = EntryID(term: core.log.last.term, index: core.log.lastIndex)
        do throws(NodeFailure) {
            let header = try Self.header(of: contents.count - 1, in: contents, last)
            clock.see(header.timeMilliseconds)
        } catch { fail(error) }
    }

    private mutating func write(_ persist: Persist) {
        do throws(StorageError) {
            try log.write(hardState: persist.hardState, entries: persist.entries)
            writtenPersist = persist.id
        } catch { fail(.storage(error)) }
    }

    // MARK: Sending

    private mutating func transmit(_ message: Message) {
        switch message.body {
        case .append(let request) where request.count > 0: transmit(request, of: message)
        case .snapshotPart(let part): transmit(part, of: message)
        default: network.send(.raft(message, PackedBytes()), to: message.to)
        }
    }

    /// Sends entries, as many as fit in one append, and tells the core how many those were.
    private mutating func transmit(_ request: AppendRequest, of message: Message) {
        let first = request.previous.index.next
        do throws(StorageError) {
            let contents = try log.read(
                from: first, through: request.lastIndex, maxBytes: settings.maxAppendBytes)
            var shortened = request
            if contents.count < request.count { shortened.truncate(toCount: contents.count) }
            var sent = message
            sent.body = .append(shortened)
            network.send(.raft(sent, contents), to: message.to)
            sentAppends.append(
                .appendSent(
                    peer: message.to, last: shortened.lastIndex, bytes: contents.byteCount))
        } catch { fail(.storage(error)) }
    }

    private mutating func transmit(_ part: SnapshotPart, of message: Message) {
        do throws(StorageError) {
            let piece = try snapshots.readPart(
                of: part.lastIncluded, offset: part.offset, maxBytes: settings.snapshotPartBytes)
            guard let piece else { return feed(.snapshotUnavailable(peer: message.to)) }
            var filled = part
            filled.isLast = piece.isLast
            var sent = message
            sent.body = .snapshotPart(filled)
            network.send(.raft(sent, PackedBytes([piece.bytes])), to: message.to)
        } catch { fail(.storage(error)) }
    }

    /// The time for the next heartbeat has come: notes which peers have answered none since the last.
    mutating func countMissedHeartbeats() {
        for peer in core.peers {
            let previous = answeredRounds.first { $0.node == peer.node }?.round
            if previous == peer.answeredRound { counters.noteMissedHeartbeat(of: peer.node) }
        }
        answeredRounds = core.peers.map { ($0.node, $0.answeredRound) }
    }
}
