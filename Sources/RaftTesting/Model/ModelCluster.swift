package import Raft

/// Some cores with simulated hosts, and the messages between them. It does nothing by itself: every
/// delivery, loss, timeout, sync and crash is an action that somebody chooses.
///
/// A value, so that whoever explores schedules may keep and copy it. After each step the invariants
/// are checked; the first that is broken is kept in `violation`.
package struct ModelCluster: Hashable, Sendable {
    package var nodes: [ModelNode]
    /// Messages on their way. None has to arrive, nor in this order.
    package var packets: [ModelPacket] = []
    /// What the checker remembers.
    package var history = ModelHistory()
    /// Counts rounds, for those who let timers run out in order.
    package var clock = 0
    /// Rare things that happened, when somebody wants to read them.
    package var notes = Notes()
    /// Whether every event is followed by a flush.
    package var flushesAtOnce = true
    /// The hosts send no more entries than this in one append, whatever the core asks for.
    package var maxEntriesSent = Int.max
    /// The size of every snapshot; it is sent byte by byte.
    package var snapshotBytes: UInt64 = 3
    /// Whether a stopped core is what the story wants, and no violation.
    package var toleratesFaults = false
    package var verdict = ModelVerdict()

    /// Whether there is but one node here, and somebody else holds what it does against what others
    /// do and have done. Then only what one node and its host can tell is checked.
    package var isAlone = false
    /// Whether commands are named by their place, and not by the order in which they came: what a
    /// node has then does not depend on what happened elsewhere meanwhile.
    package var namesCommandsByPlace = false
    /// What became of reads, for those who judge them elsewhere.
    package var readOutcomes: [ModelReadOutcome] = []

    /// The name that the next command gets.
    package private(set) var upcomingPayload: UInt64 = 1
    /// The number that the next read gets.
    package var nextRead: UInt64 = 1
    /// What hosts have to say once they have carried out the effects at hand.
    package var answers: [Event] = []

    /// Makes the nodes of a membership, and others that are no members yet.
    package init(
        configuration: Configuration, joining: [NodeID] = [],
        settings: CoreSettings = CoreSettings()
    ) {
        nodes = configuration.members.map {
            ModelNode(id: $0, configuration: configuration, settings: settings)
        }
        for id in joining {
            nodes.append(
                ModelNode(
                    id: id, incarnation: configuration.roster.isEmpty ? 0 : id.rawValue,
                    configuration: Configuration(voters: []), settings: settings))
        }
        for i in nodes.indices { tell(i, .start) }
    }

    /// The first broken invariant.
    package var violation: String? { verdict.violation }

    /// The place of a node that is up.
    package func position(of id: NodeID) -> Int? { nodes.firstIndex { $0.id == id && $0.isUp } }

    /// The leader of the newest term that has one.
    package var leader: ModelNode? {
        nodes.filter { $0.isUp && $0.core.roleName == .leader }.max { $0.core.term < $1.core.term }
    }

    /// Lets something happen. An action that is not possible now does nothing.
    package mutating func perform(_ action: ModelAction) {
        history.tally.steps += 1
        switch action {
        case .deliver, .drop, .duplicate: performOnNetwork(action)
        case .crash(let id, let surviving):
            guard let i = position(of: id) else { return }
            nodes[i].crash(surviving: surviving)
            history.tally.crashes += 1
        case .restart(let id):
            guard let i = nodes.firstIndex(where: { $0.id == id }), !nodes[i].isUp else { return }
            nodes[i].restart()
            checkRestart(i)
            tell(i, .start)
        case .sync(let id, let count):
            guard let i = position(of: id) else { return }
            if let write = nodes[i].disk.sync(count) { tell(i, .persisted(write)) }
        case .compact, .storeSnapshot, .rejectSnapshot, .loseSnapshot: performOnSnapshots(action)
        case .fire, .close, .propose, .read, .flush: performOnCore(action)
        case .change, .transfer, .stall, .clock: performOnLeadership(action)
        case .wipe(let id):
            guard let i = nodes.firstIndex(where: { $0.id == id }), !nodes[i].isUp else { return }
            nodes[i].wipe()
            history.forget(id)
            tell(i, .start)
        }
    }

    private mutating func performOnNetwork(_ action: ModelAction) {
        switch action {
        case .deliver(let place) where packets.indices.contains(place):
            let packet = packets.remove(at: place)
            guard let i = position(of: packet.message.to), isAdmitted(packet, at: i) else { return }
            tell(i, .message(packet.message), with: packet.payloads)
        case .drop(let place) where packets.indices.contains(place): packets.remove(at: place)
        case .duplicate(let place) where packets.indices.contains(place):
            packets.append(packets[place])
        default: break  // there is no such packet
        }
    }

    /// Whether the sender is who the receiver takes it for: one that has lost its disk must not act under its
    /// old name. What was meant for the one before may well reach it.
    private func isAdmitted(_ packet: ModelPacket, at i: Int) -> Bool {
        nodes[i].core.admits(packet.message, incarnation: packet.sender)
    }

    private mutating func performOnLeadership(_ action: ModelAction) {
        switch action {
        case .change(let id, let change):
            guard let i = position(of: id) else { return }
            tell(i, .changeMembership(change))
        case .transfer(let id, let target):
            guard let i = position(of: id) else { return }
            tell(i, .transferLeadership(to: target))
        case .stall(let id, let isStalled):
            guard let i = position(of: id) else { return }
            tell(i, .diskHealth(isStalled: isStalled))
        case .clock(let id, let milliseconds):
            guard let i = position(of: id) else { return }
            tell(i, .clock(nanoseconds: milliseconds * 1_000_000))
        default: break  // handled by others
        }
    }

    private mutating func performOnCore(_ action: ModelAction) {
        switch action {
        case .fire(let id, let timer):
            guard let i = position(of: id), nodes[i].isArmed(timer) else { return }
            nodes[i].cancelTimer(timer)
            tell(i, .timerFired(timer))
        case .close(let id, let peer):
            guard let i = position(of: id) else { return }
            tell(i, .connectionClosed(peer))
        case .propose(let id, let count):
            guard let i = position(of: id) else { return }
            tell(i, .propose(count: count, bytes: count))
        case .read(let id):
            guard let i = position(of: id) else { return }
            let read = ReadID(nextRead)
            nextRead += 1
            history.reads[read] = LogIndex(UInt64(history.committed.count))
            tell(i, .read(read))
        case .flush(let id):
            guard let i = position(of: id) else { return }
            flush(i)
        default: break  // handled by others
        }
    }

    private mutating func performOnSnapshots(_ action: ModelAction) {
        switch action {
        case .compact(let id, let keeping):
            if let i = position(of: id) { compact(i, keeping: keeping) }
        case .storeSnapshot(let id):
            guard let i = position(of: id), let stored = nodes[i].unstoredSnapshot else { return }
            nodes[i].unstoredSnapshot = nil
            nodes[i].disk.store(stored)
            tell(
                i,
                .snapshotStored(
                    lastIncluded: stored.lastIncluded, configuration: stored.configuration))
        case .rejectSnapshot(let id):
            guard let i = position(of: id), let stored = nodes[i].unstoredSnapshot else { return }
            nodes[i].unstoredSnapshot = nil
            nodes[i].incoming = nil
            tell(i, .snapshotRejected(lastIncluded: stored.lastIncluded))
        case .loseSnapshot(let id, let peer):
            guard let i = position(of: id) else { return }
            tell(i, .snapshotUnavailable(peer: peer))
        default: break  // handled by others
        }
    }

    private mutating func compact(_ i: Int, keeping: Int) {
        let node = nodes[i]
        let end = node.appliedIndex
        guard end > node.core.snapshot?.lastIncluded.index ?? .zero,
            let term = node.log.term(at: end),
            !node.core.configuration(at: end).incoming.isEmpty  // it does not know the founding one
        else { return }
        let start = max(
            node.log.base.index, LogIndex(end.rawValue - min(end.rawValue, UInt64(keeping))))
        guard let startTerm = node.log.term(at: start) else { return }
        let base = EntryID(term: startTerm, index: start)
        let snapshot = RaftCore.SnapshotPoint(
            lastIncluded: EntryID(term: term, index: end),
            configuration: node.core.configuration(at: end))
        checkMembership(of: snapshot, at: i)
        nodes[i].disk.store(snapshot)
        nodes[i].disk.write(.compact(base))
        nodes[i].log.compact(through: base)
        tell(i, .compacted(base: base, snapshot: snapshot))
    }

    /// Hands an event to a core, carries out what it says, and looks whether all is well.
    package mutating func tell(_ i: Int, _ event: Event, with payloads: [UInt64] = []) {
        handle(i, event, with: payloads)
        nodes[i].needsFlush = true
        if flushesAtOnce { flush(i) }
    }

    /// Flushes, until the host has nothing more to say about what came of it.
    package mutating func flush(_ i: Int) {
        while nodes[i].needsFlush {
            nodes[i].needsFlush = false
            handle(i, .flush)
            checkWritten(i)
        }
    }

    private mutating func handle(_ i: Int, _ event: Event, with payloads: [UInt64] = []) {
        let before = nodes[i].core
        var effects: [Effect] = []
        nodes[i].core.handle(event, into: &effects)
        checkLeaderCommit(i, before: before)
        var configurations: [PlacedConfiguration] = []
        if case .message(let message) = event, case .append(let request) = message.body {
            configurations = request.configurations
        }
        carryOut(effects, at: i, payloads: payloads, configurations)
        checkStep(i, event, before: before, effects: effects)
        while !answers.isEmpty {
            nodes[i].needsFlush = true
            handle(i, answers.removeFirst())
        }
    }

    /// The name of the command of an entry, when commands are named by their place.
    package static func payload(of entry: EntryID) -> UInt64 {
        entry.term.rawValue << 32 | entry.index.rawValue
    }

    package mutating func takePayloads(_ count: Int, from first: EntryID) -> [UInt64] {
        if namesCommandsByPlace { return (0..<UInt64(count)).map { Self.payload(of: first) + $0 } }
        defer { upcomingPayload += UInt64(count) }
        return (0..<UInt64(count)).map { upcomingPayload + $0 }
    }
}
