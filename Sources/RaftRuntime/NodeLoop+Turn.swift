public import Raft
internal import RaftStorage
public import RaftTransport
internal import Wire

extension NodeLoop {
    /// Begins: arms the first timer. Once, before anything else.
    public mutating func start() {
        feed(.start)
        feed(.flush)
    }

    /// Takes in an envelope from a peer whose name the network vouches for.
    public mutating func receive(_ envelope: consuming Envelope, from peer: NodeID) {
        guard failure == nil else { return }
        hasReceived = true
        switch envelope {
        case .raft(let message, let contents):
            guard message.from == peer, contents.count == message.contentCount else {
                notices.append(.trace(.messageDropped(from: peer, reason: .malformed)))
                return
            }
            feed(.message(message), contents: contents)
        case .proposals(let forwarded): receiveForwarded(forwarded, from: peer)
        case .proposalsRefused(let refused): receiveRefusal(refused, from: peer)
        }
    }

    /// Takes in that a peer's process has closed its connection.
    public mutating func connectionClosed(_ peer: NodeID) {
        guard failure == nil else { return }
        feed(.connectionClosed(peer))
        loseForwarded(to: peer)
    }

    /// Takes in what became of a background job.
    public mutating func finished(_ result: consuming BackgroundResult<Files>) {
        guard failure == nil else { return }
        switch result {
        case .synced(let work):
            log.syncFinished(work)
            counters.syncs += 1
            guard let durable = syncingPersist else { return }
            syncingPersist = nil
            feed(.persisted(durable))
        case .written(let info): snapshotWritten(info)
        case .imageFailed(let entry, let reason): fail(.machine(at: entry, reason: reason))
        case .notWritten(let entry, let error): snapshotNotWritten(entry, error)
        case .kept(let info): snapshotKept(info)
        case .notKept(let entry, let error): snapshotNotKept(entry, error)
        case .failed(let error): fail(.storage(error))
        }
    }

    /// Does all that is due: sends, writes, applies, answers.
    ///
    /// - Parameters:
    ///   - now: The moment; never earlier than at the last turn.
    ///   - wallMilliseconds: The wall clock, milliseconds since 1970. Only the first leader of an empty
    ///     cluster looks at it, to start the cluster's time near it.
    public mutating func turn(at now: Instant, wallMilliseconds: UInt64) {
        guard failure == nil else { return }
        self.now = max(self.now, now)
        self.wallMilliseconds = wallMilliseconds
        if let gap = clock.turn(at: self.now) { notices.append(.heldUp(milliseconds: gap)) }
        submit()
        // What has been received may have put off a timer that is due, so it is taken in first.
        if hasReceived || timers.next ?? self.now <= self.now { feed(.flush) }
        hasReceived = false
        fireTimers()
        feed(.flush)
        applyCommitted()
        expireWaiting()
        takeSnapshotIfDue()
        startSync()
    }

    private mutating func fireTimers() {
        // Each timer at most once a turn: one with no delay would otherwise never let go.
        for _ in TimerID.allCases {
            guard failure == nil, let timer = timers.popDue(at: now) else { return }
            if timer == .heartbeat { countMissedHeartbeats() }
            feed(.timerFired(timer))
        }
    }

    /// Everything that was written and is not yet durable shares one sync.
    private mutating func startSync() {
        guard failure == nil, syncingPersist == nil, let work = log.takeSyncWork() else { return }
        syncingPersist = writtenPersist
        background.start(.sync(work))
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
