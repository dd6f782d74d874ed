internal import Naming
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime

/// Lets cluster time take effect: while this node leads, it proposes to advance when something is due.
///
/// An idle registry has no deadline, so nothing is proposed.
final class ExpiryDriver {
    /// What comes due within this time shares one entry.
    static let spacingMilliseconds: UInt64 = 250

    private let host: NodeHost<RegistryMachine>
    private let loop: EventLoop
    private var timer: TimerHandle?
    private var isUnderWay = false
    private var lastProposal: MonotonicTime?

    init(host: NodeHost<RegistryMachine>, on loop: EventLoop) {
        self.host = host
        self.loop = loop
    }

    /// Sets the timer by the state as it is now.
    func arm() {
        guard !isUnderWay else { return }
        guard host.node.core.roleName == .leader,
            let deadline = host.node.machine.registry.nextDeadline
        else {
            if let timer { loop.cancel(timer) }
            timer = nil
            return
        }
        let now = host.node.clusterTimeMilliseconds
        let wait = deadline > now ? deadline - now : 0
        var due = MonotonicTime.now.advanced(byMilliseconds: Int(min(wait, 1 << 40)) + 1)
        if let lastProposal {
            due = max(due, lastProposal.advanced(byMilliseconds: Int(Self.spacingMilliseconds)))
        }
        if let timer, loop.reschedule(timer, at: due) { return }
        timer = loop.schedule(at: due) { [weak self] in self?.advance() }
    }

    private func advance() {
        timer = nil
        guard host.node.core.roleName == .leader else { return }
        isUnderWay = true
        lastProposal = .now
        host.propose(Command.advanceTime.encoded().span) { [weak self] _ in
            // Whatever came of it, the state says what is due next.
            self?.isUnderWay = false
            self?.arm()
        }
    }
}
