internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import Wire

/// A node with real files, whose messages are handed over to the others' threads as they are.
///
/// It does what `NodeHost` does, but for the sockets.
final class ChannelNode: BenchNode {
    private typealias Node = NodeLoop<
        CountingMachine, RealFileSystem, ChannelLinks, Workers<CountingMachine.Image>
    >

    private var node: Node
    private let links: ChannelLinks
    private let workers: Workers<CountingMachine.Image>
    let loop: EventLoop
    private let proposals = ProposalWaiters<UInt64>()
    private var commands = PackedBytes()
    private var reads: [ReadTicket: (ReadOutcome) -> Void] = [:]
    private var timer: TimerHandle?
    private var hook: HookHandle?
    private var hasWork = true
    private var isStopped = false

    init(
        _ start: NodeStart, _ settings: NodeSettings, channels: [Channel], on loop: EventLoop
    ) throws {
        self.loop = loop
        workers = try Workers(on: loop)
        let own = channels[Int(start.node.rawValue) - 1]
        links = ChannelLinks(from: start.node, channels)
        node = try Node(
            start, machine: CountingMachine(), files: RealFileSystem(), network: links,
            background: workers, settings: settings, at: .present)
        links.incarnation = node.identity.incarnation
        let bound = LoopBound(Weak(self), on: loop)
        workers.deliver = { result, _, _ in
            guard let node = bound.value.node else { return }
            node.node.finished(result)
            node.hasWork = true
        }
        own.open(wakes: loop.waker) { bound.value.node?.receive(from: own) }
        hook = loop.atEndOfTurn { [unowned self] in
            if hasWork { turn() }
        }
        node.start()
        loop.defer {}
    }

    var isLeader: Bool { node.core.roleName == .leader }
    var applied: UInt64 { node.applied.index.rawValue }
    var syncs: UInt64 { node.counters.syncs }
    var logBytes: UInt64 { node.logBytesWritten }

    func propose(_ command: [UInt8], for driver: LoadDriver, since: MonotonicTime) {
        commands.append(command.span)
        proposals.append { driver.proposalEnded($0, since) }
        noteWork()
    }

    func read(then: @escaping (ReadOutcome) -> Void) {
        reads[node.read()] = then
        noteWork()
    }

    private func receive(from channel: Channel) {
        guard !isStopped else { return }
        for letter in channel.takeAll() {
            node.receive(letter.envelope, from: letter.from, incarnation: letter.incarnation)
        }
        hasWork = true
    }

    private func noteWork() {
        guard !hasWork else { return }
        hasWork = true
        loop.defer {}
    }

    private func turn() {
        hasWork = false
        if !commands.isEmpty { _ = node.propose(all: &commands) }
        node.turn(at: .present, wallMilliseconds: wallClockMilliseconds())
        links.flush()
        _ = node.takeNotices()
        for completion in CountingMachine.tell(node.takeCompletions(), to: proposals) {
            switch completion {
            case .read(let ticket, let outcome): reads.removeValue(forKey: ticket)?(outcome)
            case .proposal, .membership, .transfer, .snapshot: break  // told, or nobody asks
            }
        }
        setTimer()
    }

    private func setTimer() {
        guard !isStopped, let deadline = node.nextDeadline else { return }
        let time = MonotonicTime(nanoseconds: deadline.nanoseconds)
        if let timer, loop.reschedule(timer, at: time) { return }
        timer = loop.schedule(at: time) { [unowned self] in
            timer = nil
            hasWork = true
        }
    }

    func stop() {
        isStopped = true
        if let timer { loop.cancel(timer) }
        if let hook { loop.removeHook(hook) }
        workers.shutdown()
    }

    /// A node that messages and work under way do not keep alive.
    private final class Weak {
        weak var node: ChannelNode?
        init(_ node: ChannelNode) { self.node = node }
    }
}
