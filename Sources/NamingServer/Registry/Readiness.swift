internal import Platform
internal import RaftHost
internal import RaftRuntime

/// Finds out when this node has caught up after its start: a linearizable read succeeds once the machine
/// holds all that was committed when it was asked.
final class Readiness {
    static let retryMilliseconds = 100

    private let host: NodeHost<RegistryMachine>
    private let loop: EventLoop
    private(set) var isReady = false

    init(host: NodeHost<RegistryMachine>, on loop: EventLoop) {
        self.host = host
        self.loop = loop
    }

    func check() {
        host.read { [weak self] outcome in
            guard let self else { return }
            switch outcome {
            case .ready: isReady = true
            case .stopped: break
            case .noLeader, .overloaded, .timeout:
                loop.schedule(
                    at: MonotonicTime.now.advanced(byMilliseconds: Self.retryMilliseconds)
                ) {
                    [weak self] in self?.check()
                }
            }
        }
    }
}
