public import Raft
internal import RaftStorage
public import RaftTransport
internal import Wire

extension NodeLoop {
    /// Begins: arms the first timer. Once, before anything else.
    public mutating func start() {
        hasStarted = true
        if founding == nil { beginCore() }
    }

    /// Takes in an envelope from a peer whose name and incarnation the network vouches for.
    ///
    /// One that may not speak under its name (`admits`) is heard only where nothing counts that it has promised:
    /// as a leader, and when it asks for a vote with a newer log (`RaftCore.admits`).
    public mutating func receive(
        _ envelope: consuming Envelope, from peer: NodeID, incarnation: UInt64
    ) {
        // A founder that has not met all others yet must not be counted on.
        guard failure == nil, founding == nil else { return }
        if case .rejoin(let request) = envelope {
            hasReceived = true
            return receive(request, from: peer, incarnation: incarnation)
        }
        guard
            admits(peer, incarnation: incarnation)
                || hears(stranger: envelope, from: peer, incarnation: incarnation)
        else {
            return ignoreStranger(peer, incarnation)
        }
        hasReceived = true
        switch envelope {
        case .raft(let message, let contents): receive(message, contents, from: peer)
        case .proposals(let forwarded): receiveForwarded(forwarded, from: peer)
        case .proposalsRefused(let refused): receiveRefusal(refused, from: peer)
        case .rejoin: break  // handled above, whoever says it
        }
    }

    /// Whether one that may not speak under its name is heard all the same: this node may be behind.
    private func hears(
        stranger envelope: borrowing Envelope, from peer: NodeID, incarnation: UInt64
    ) -> Bool {
        guard case .raft(let message, _) = copy envelope, message.from == peer else { return false }
        return core.admits(message, incarnation: incarnation)
    }

    private mutating func receive(
        _ message: Message, _ contents: PackedBytes, from peer: NodeID
    ) {
        guard message.from == peer, contents.count == message.contentCount else {
            return dropMalformed(from: peer)
        }
        switch message.body {
        case .append(var request):
            // The core must know of a membership when it appends the entry, and sees no contents.
            do throws(DecodeError) {
                request.configurations = try contents.configurations(after: request.previous.index)
            } catch { return dropMalformed(from: peer) }
            var message = message
            if !request.configurations.isEmpty { message.body = .append(request) }
            // What cannot be kept is as if it had not come: the leader sends it again after its next
            // heartbeat, which also keeps this node from campaigning.
            guard
                contents.isEmpty
                    || hasRoom(forBytes: contents.byteCount, entries: contents.count)
            else { return }
            feed(.message(message), contents: contents)
        case .readIndexRequest where settings.core.lease != nil:
            // The core may answer at once from a lease, by the clock of the last turn. A pause may lie
            // between that and now, so the question waits for a clock that is read after it has come.
            leaseQuestions.append(message)
        default: feed(.message(message), contents: contents)
        }
    }

    /// Tells it once for each of the last few strangers.
    mutating func ignoreStranger(_ peer: NodeID, _ incarnation: UInt64) {
        guard isNewStranger(peer, incarnation) else { return }
        notices.append(.strangerIgnored(peer, incarnation: incarnation))
    }

    /// Remembers the last few strangers; whether this one was not among them.
    mutating func isNewStranger(_ peer: NodeID, _ incarnation: UInt64) -> Bool {
        guard !strangers.contains(where: { $0.node == peer && $0.incarnation == incarnation })
        else { return false }
        if strangers.count == 8 { strangers.removeFirst() }
        strangers.append((peer, incarnation))
        return true
    }

    private mutating func dropMalformed(from peer: NodeID) {
        notices.append(.trace(.messageDropped(from: peer, reason: .malformed)))
    }

    /// Takes in that a peer's process has closed its connection.
    public mutating func connectionClosed(_ peer: NodeID) {
        guard failure == nil, founding == nil else { return }
        feed(.connectionClosed(peer))
        loseForwarded(to: peer)
    }

    /// Takes in what became of a background job.
    public mutating func finished(_ result: consuming BackgroundResult<Files, Machine.Image>) {
        guard failure == nil else { return }
        switch result {
        case .synced(let work):
            log.syncFinished(work)
            counters.syncs += 1
            guard let durable = syncingPersist else { return }
            syncingPersist = nil
            feed(.persisted(durable))
            disk.syncEnded()
        case .upkept(let result): log.upkeepFinished(result)
        case .written(let info): snapshotWritten(info)
        case .imageFailed(let entry, let reason): fail(.machine(at: entry, reason: reason))
        case .notWritten(let entry, let error): snapshotNotWritten(entry, error)
        case .kept(let info, let state): snapshotKept(info, state)
        case .letGone: break
        case .notKept(let entry, let error): snapshotNotKept(entry, error)
        case .failed(let error): fail(.storage(error))
        }
    }

    /// Does all that is due: sends, writes, applies, answers.
    ///
    /// - Parameters:
    ///   - now: The moment, read when everything that this turn shall know of had been handed in; never
    ///     earlier than at the last turn.
    ///   - wallMilliseconds: The wall clock, milliseconds since 1970. Only the first leader of an empty
    ///     cluster looks at it, to start the cluster's time near it.
    ///   - leaseClock: A clock that goes on while the machine sleeps, read when everything that this
    ///     turn shall know of had been handed in: reads are answered from leases by it. Without it `now` is
    ///     that clock.
    public mutating func turn(
        at now: Instant, wallMilliseconds: UInt64, leaseClock: Instant? = nil
    ) {
        guard failure == nil else { return }
        self.now = max(self.now, now)
        self.wallMilliseconds = wallMilliseconds
        if let gap = clock.turn(at: self.now) { notices.append(.heldUp(milliseconds: gap)) }
        tellLeaseClock(leaseClock ?? now)
        checkDisk()
        submit()
        // What has been received may have put off a timer that is due, so it is taken in first.
        if hasReceived || timers.next ?? self.now <= self.now { feed(.flush) }
        hasReceived = false
        fireTimers()
        feed(.flush)
        applyCommitted()
        if reads.hasReady(applied: applied.index) { answerReads() }
        settleMembership()
        askForReadmission()
        if isAnythingLate { endLate() }
        takeSnapshotIfDue()
        serveSnapshotRequests()
        startSync()
        startUpkeep()
    }

    private mutating func fireTimers() {
        // Each timer at most once a turn: one with no delay would otherwise never let go.
        for _ in 0..<TimerTable.count {
            guard failure == nil, let timer = timers.popDue(at: now) else { return }
            if timer == .heartbeat { countMissedHeartbeats() }
            feed(.timerFired(timer))
        }
    }

    /// A leader that was paused, and perhaps deposed meanwhile, must notice before it answers a read from its
    /// lease. So every read, own or another node's, has come before this reading of the clock, and is handed
    /// to the core after it: what was committed anywhere before the read came was then committed here.
    /// The reading also dates the heartbeats of this turn; it is not later than their sending, which makes the
    /// lease shorter and never longer.
    private mutating func tellLeaseClock(_ reading: Instant) {
        guard settings.core.lease != nil else { return }
        feed(.clock(nanoseconds: reading.nanoseconds))
        let questions = leaseQuestions
        leaseQuestions.removeAll(keepingCapacity: true)
        for question in questions { feed(.message(question)) }
    }

    /// A sync that does not end is told to the core while it lasts, and that it has ended.
    private mutating func checkDisk() {
        let stalled = disk.change(at: now, settings.diskStallMilliseconds)
        if let stalled { notices.append(stalled ? .diskStalled : .diskRecovered) }
        let full = space.change(toFull: log.shortage != nil, at: now)
        if let full {
            notices.append(full ? .diskFull(log.shortage.map { "\($0)" } ?? "") : .diskHasSpace)
            if full { counters.fullDisks += 1 }
        }
        guard stalled != nil || full != nil else { return }
        // A leader without space serves as badly as one whose disk hangs, and hands over alike.
        feed(.diskHealth(isStalled: disk.isStalled || space.isFull))
    }

    /// Whether so many entries can surely be written. When not, they must not be taken.
    mutating func hasRoom(forBytes byteCount: Int, entries: Int) -> Bool {
        do throws(StorageError) {
            return try log.hasRoom(forBytes: byteCount, entries: entries)
        } catch {
            fail(.storage(error))
            return false
        }
    }

    /// Everything that was written and is not yet durable shares one sync.
    private mutating func startSync() {
        if failure == nil, syncingPersist == nil, log.hasUnsynced { beginSync() }
    }

    // Apart, because even to name a job's type costs a generic function more than most turns have to do.
    @inline(never)
    private mutating func beginSync() {
        guard let work = log.takeSyncWork() else { return }
        syncingPersist = writtenPersist
        disk.syncBegan(at: now)
        background.start(.sync(work))
    }

    /// Segments are made and put away by the thread of the syncs, ahead of need.
    private mutating func startUpkeep() {
        guard failure == nil else { return }
        writeMarkWhenAtRest()
        let retries = space.takeRetry(at: now)
        if log.needsUpkeep(retries: retries) { beginUpkeep(retries: retries) }
    }

    /// A mark for each entry would be a second write for each, before its answer leaves, where entries come one at a
    /// time. The next record says as much, and mostly comes soon.
    private mutating func writeMarkWhenAtRest() {
        guard failure == nil, log.lacksMarkAtRest else {
            markDeadline = nil
            return
        }
        let deadline =
            markDeadline ?? now.advanced(byMilliseconds: NodeSettings.restMilliseconds)
        markDeadline = deadline
        guard deadline <= now else { return }
        do throws(StorageError) {
            try log.writeMarkAtRest()
        } catch { fail(.storage(error)) }
    }

    // Apart, like `beginSync`.
    @inline(never)
    private mutating func beginUpkeep(retries: Bool) {
        if let work = log.takeUpkeep(retries: retries) { background.start(.upkeep(work)) }
    }

    /// Tells the core something and does what it says.
    mutating func feed(_ event: Event, contents: PackedBytes? = nil) {
        guard failure == nil else { return }
        var batch = effects
        effects = []
        core.handle(event, into: &batch)
        var i = 0
        while i < batch.count, failure == nil {
            carryOut(batch[i], contents: contents)
            i += 1
        }
        batch.removeAll(keepingCapacity: true)
        if effects.isEmpty { effects = batch }
        while let sent = sentAppends.popLast() { feed(sent) }
    }
}
