package import Naming
package import Platform
internal import Raft
package import RaftHost
internal import RaftRuntime

/// The registry as the doors of this node see it: commands go to the cluster, questions to the state that
/// is applied here, beats into batches, and expiry is driven while this node leads.
///
/// Confined to the loop's thread.
package final class RegistryService {
    package typealias Host = NodeHost<RegistryMachine>

    /// A door waits so long for the cluster before it tells its client to go elsewhere: shorter than
    /// the three seconds after which the shortest client time-out ends.
    package static let patienceMilliseconds = 2_500

    package let host: Host
    let loop: EventLoop
    private let beats: BeatBatcher
    private let expiry: ExpiryDriver
    private let readiness: Readiness

    package init(host: Host, on loop: EventLoop) {
        self.host = host
        self.loop = loop
        beats = BeatBatcher(host: host, on: loop)
        expiry = ExpiryDriver(host: host, on: loop)
        readiness = Readiness(host: host, on: loop)
    }

    /// Begins to serve; the host must have been started.
    package func start() { readiness.check() }

    /// The state that is applied at this node.
    package var registry: Registry { host.node.machine.registry }

    /// Whether this node has once held all that the cluster had committed since it started. Before that
    /// its lists may be shorter than the true ones, and nobody gets to see them.
    package var isReady: Bool { readiness.isReady }

    /// Whether this node takes no commands because its disk is full.
    package var isDiskFull: Bool { host.node.isDiskFull }

    /// What has changed at this node since it started.
    private(set) var changes = ChangeCounters()

    /// To be called after each turn of the node, which may have applied something or changed its part.
    package func nodeMoved() {
        expiry.arm()
        changes.count(host.withMachine { $0.takeEvents() })
    }

    /// Notes a beat of a known instance for the next batch.
    package func beat(_ number: InstanceNumber) { beats.add(number) }

    /// Has a command committed and applied at this node.
    ///
    /// Tries again while that is safe and there is time. `then` is called once, later or at once, with the
    /// registry's answer, or with nothing when the cluster did not give one in time.
    package func commit(_ command: Command, then: @escaping (Naming.Answer?) -> Void) {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: Self.patienceMilliseconds)
        commit(command.encoded(), canRepeat: command.canRepeat, until: deadline, then: then)
    }

    private func commit(
        _ bytes: [UInt8], canRepeat: Bool, until deadline: MonotonicTime,
        then: @escaping (Naming.Answer?) -> Void
    ) {
        host.propose(bytes.span) { [self] outcome in
            switch outcome {
            case .done(let answer, _): then(answer)
            case .notDone(.tooLarge), .notDone(.stopped), .unknown(.stopped): then(nil)
            case .notDone(.diskFull) where isDiskFull: then(nil)
            case .unknown where !canRepeat: then(nil)
            case .notDone, .unknown:
                let next = MonotonicTime.now.advanced(byMilliseconds: 20)
                guard next < deadline else { return then(nil) }
                loop.schedule(at: next) { [self] in
                    commit(bytes, canRepeat: canRepeat, until: deadline, then: then)
                }
            }
        }
    }
}

extension Command {
    /// Whether applying the command twice leaves what applying it once does, and gives an answer that is as true
    /// for its client. Then it may be proposed again when its outcome is not known.
    var canRepeat: Bool {
        switch self {
        case .register, .beat, .beats, .disconnect, .update, .setHealth, .deregister,
            .updateService,
            .advanceTime:
            true
        case .createService, .deleteService: false
        }
    }
}
