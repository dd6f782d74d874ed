package import Platform
package import Raft
package import RaftRuntime
package import RaftStorage
internal import RaftTransport
internal import Wire

/// A node on an event loop: `NodeLoop` joined to real files, real sockets and a real clock.
///
/// Confined to the loop's thread. Everything that happens within one turn of the event loop (messages,
/// finished syncs, proposals of all callers) is handed to the node together at the turn's end, so
/// it shares appends, writes and syncs.
package final class NodeHost<Machine: StateMachine> {
    package typealias Node = NodeLoop<Machine, RealFileSystem, TCPLinks, Workers<Machine.Image>>

    /// The node; look, but let only the host drive it.
    package private(set) var node: Node
    /// The sockets between the nodes.
    package let transport: TCPTransport
    /// Called for what is worth a log line.
    package var onNotice: ((NodeNotice) -> Void)?
    /// Called at the end of each turn of the node, after all answers.
    package var onTurn: (() -> Void)?
    /// Called once when the node cannot go on.
    package var onFailure: ((NodeFailure) -> Void)?
    /// How long syncs took.
    package private(set) var syncLatency = LatencyHistogram()

    let loop: EventLoop
    private let workers: Workers<Machine.Image>
    private var lock: DirectoryLock?
    /// Commands that were proposed in this turn, to be handed to the node together.
    private var commands = PackedBytes()
    /// Who waits for the outcomes of proposals.
    package let waiters = ProposalWaiters<Machine.Answer>()
    private var reads: [ReadTicket: (ReadOutcome) -> Void] = [:]
    private var changes: [MembershipTicket: (MembershipOutcome) -> Void] = [:]
    private var transfers: [TransferTicket: (TransferOutcome) -> Void] = [:]
    private var snapshots: [SnapshotTicket: (SnapshotOutcome) -> Void] = [:]
    private var timer: TimerHandle?
    /// Whom the transport speaks to.
    var peerBook: PeerBook
    /// Nodes that are asked who they are, to be taken in.
    var newcomers: [Newcomer] = []
    private var hook: HookHandle?
    private var hasWork = false
    private(set) var isStopped = false

    /// Opens the data directory and listens; nothing is sent before `start`.
    ///
    /// - Throws: `NodeHostError` when the directory cannot be used or the address is taken.
    package init(
        _ options: NodeOptions, machine: consuming Machine, on loop: EventLoop
    ) throws(NodeHostError) {
        self.loop = loop
        do throws(SystemError) {
            try Directory.create(options.start.directory)
            lock = try DirectoryLock(options.start.directory)
            workers = try Workers(on: loop)
        } catch { throw .system(error) }
        let links = TCPLinks()
        do throws(NodeFailure) {
            node = try Node(
                options.start, machine: machine, files: RealFileSystem(), network: links,
                background: workers, settings: options.settings, at: Self.instant(loop.turnTime))
        } catch { throw .node(error) }
        do throws(TCPTransportError) {
            transport = try TCPTransport(
                loop: loop, identity: node.identity, listen: options.listen)
        } catch { throw .transport(error) }
        links.transport = transport
        peerBook = PeerBook(own: node.identity.node, settings: options.peers)
        updatePeers()
        connect()
    }

    private func connect() {
        transport.onEnvelope = { [unowned self] peer, incarnation, envelope in
            node.receive(envelope, from: peer, incarnation: incarnation)
            hasWork = true
        }
        transport.onConnectionClosed = { [unowned self] peer, processEnded in
            guard processEnded else { return }
            node.connectionClosed(peer)
            hasWork = true
        }
        // Within the handshake, which must not go on before the disk has what is told by going on.
        transport.mayAnswer = { [unowned self] identity, isFounding in
            defer { noteWork() }
            return node.meet(identity, isFounding: isFounding)
        }
        transport.onAnswer = { [unowned self] identity in
            node.wasMet(by: identity)
            noteWork()
        }
        transport.onPeerIdentity = { [unowned self] identity in met(identity) }
        let bound = LoopBound(Weak(self), on: loop)
        workers.deliver = { result, nanoseconds, lane in
            bound.value.host?.finished(result, nanoseconds: nanoseconds, lane: lane)
        }
    }

    /// Begins to take part.
    package func start() {
        hook = loop.atEndOfTurn { [unowned self] in
            if hasWork { turn() }
        }
        node.start()
        hasWork = true
        loop.defer {}
    }

    // MARK: Requests

    /// Proposes a command; `then` is called once, later, on the loop.
    package func propose(
        _ command: Span<UInt8>, then: @escaping (ProposalOutcome<Machine.Answer>) -> Void
    ) {
        waiters.append(then)
        propose(command)
    }

    /// Proposes a command for whoever was put into `waiters` last; to be called at once after that.
    ///
    /// A caller that knows the machine does both by itself where it proposes much: to look up a generic type costs
    /// more than all the rest here.
    package func propose(_ command: Span<UInt8>) {
        commands.append(command)
        if isStopped { loop.defer { [self] in refuseProposals() } } else { noteWork() }
    }

    private func refuseProposals() {
        handInProposals()
        deliver()
    }

    private func handInProposals() {
        guard !commands.isEmpty else { return }
        let first = waiters.next.rawValue - UInt64(commands.count)
        let taken = node.propose(all: &commands)
        precondition(taken.rawValue == first, "broken invariant: proposals and waiters have parted")
    }

    /// Waits until the machine holds all that is committed now; `then` is called once, later, on the loop.
    package func read(then: @escaping (ReadOutcome) -> Void) {
        let ticket = node.read()
        reads[ticket] = then
        noteWork()
    }

    /// Asks for another membership; `then` is called once, later, on the loop.
    package func changeMembership(
        _ change: MembershipChange, then: @escaping (MembershipOutcome) -> Void
    ) {
        let ticket = node.changeMembership(change)
        changes[ticket] = then
        noteWork()
    }

    /// Asks for another leader, this one or the best; `then` is called once, later, on the loop.
    package func transferLeadership(
        to target: NodeID?, then: @escaping (TransferOutcome) -> Void
    ) {
        let ticket = node.transferLeadership(to: target)
        transfers[ticket] = then
        noteWork()
    }

    /// Has a snapshot made durable at this node that covers all that is committed anywhere now; `then` is called
    /// once, later, on the loop. Within it the snapshot can be opened.
    package func takeSnapshot(then: @escaping (SnapshotOutcome) -> Void) {
        read { [unowned self] outcome in
            switch outcome {
            case .ready:
                snapshots[node.requestSnapshot()] = then
                noteWork()
            case .noLeader, .timeout: then(.noLeader)
            case .overloaded: then(.overloaded)
            case .stopped: then(.stopped)
            }
        }
    }

    /// Opens a snapshot's file for reading; see `NodeLoop.openSnapshot`.
    package func openSnapshot(_ info: SnapshotInfo) throws(StorageError) -> RealFile? {
        try node.openSnapshot(info.lastIncluded)
    }

    func noteWork() {
        if !hasWork {
            hasWork = true
            loop.defer {}
        }
    }

    // MARK: Turns

    private func finished(
        _ result: BackgroundResult<RealFileSystem, Machine.Image>, nanoseconds: UInt64,
        lane: JobLane
    ) {
        guard !isStopped else { return }
        if lane == .sync { syncLatency.record(nanoseconds: nanoseconds) }
        node.finished(result)
        hasWork = true
    }

    private func turn() {
        hasWork = false
        handInProposals()
        // Not the time at which this turn of the loop began: what has come may have been sent later than
        // that, when the thread was held up, and a promise to a leader must not end too early.
        node.turn(
            at: Self.instant(.now), wallMilliseconds: wallClockMilliseconds(),
            leaseClock: leaseClock)
        deliver()
        updatePeers()
        setTimer()
        if !isStopped { onTurn?() }
    }

    /// Hands the machine out for what is no part of the replicated state; see `NodeLoop.withMachine`.
    package func withMachine<Result>(_ body: (inout Machine) -> Result) -> Result {
        node.withMachine(body)
    }

    private func deliver() {
        for notice in node.takeNotices() { onNotice?(notice) }
        for completion in Machine.tell(node.takeCompletions(), to: waiters) {
            switch completion {
            case .proposal: break  // told already
            case .read(let ticket, let outcome): reads.removeValue(forKey: ticket)?(outcome)
            case .membership(let ticket, let outcome): changes.removeValue(forKey: ticket)?(outcome)
            case .snapshot(let ticket, let outcome): snapshots.removeValue(forKey: ticket)?(outcome)
            case .transfer(let ticket, let outcome): transfers.removeValue(forKey: ticket)?(outcome)
            }
        }
        if let failure = node.failure, !isStopped {
            stop()
            onFailure?(failure)
        }
    }

    private func setTimer() {
        guard !isStopped else { return }
        let own = node.nextDeadline.map { MonotonicTime(nanoseconds: $0.nanoseconds) }
        guard let time = [own, peersDeadline].compactMap(\.self).min() else { return }
        if let timer, loop.reschedule(timer, at: time) { return }
        timer = loop.schedule(at: time) { [unowned self] in
            timer = nil
            hasWork = true
        }
    }

    /// Only read where it is of use, and here, at the end of the turn, when all that has come is handed in.
    private var leaseClock: Instant? {
        node.settings.core.lease == nil ? nil : Self.instant(.includingSleep)
    }

    private static func instant(_ time: MonotonicTime) -> Instant {
        Instant(nanoseconds: time.nanoseconds)
    }

    // MARK: The end

    /// Stops taking part, ends all that waits and lets go of sockets, threads and directory.
    ///
    /// Blocks until the worker threads have ended what they were doing, a running sync included.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        if let timer { loop.cancel(timer) }
        if let hook { loop.removeHook(hook) }
        transport.close()
        endNewcomers()
        handInProposals()
        node.endEverything()
        deliver()
        workers.shutdown()
        lock = nil
    }

    /// A host that background work does not keep alive.
    private final class Weak {
        weak var host: NodeHost?
        init(_ host: NodeHost) { self.host = host }
    }
}
