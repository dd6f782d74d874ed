internal import Platform
internal import Raft

/// Nodes as processes of their own, with a client of theirs on a thread of this one.
///
/// However this process ends, the nodes end with it, and what they have written is removed.
final class ProcessCluster {
    /// Where the nodes write.
    let directory: String
    /// The nodes, on the client's thread.
    let nodes: LoopBound<ProcessNodes>
    private let thread: LoopThread
    private var clients: LoopBound<ProcessLoad>?

    /// Starts the nodes and waits until one of them leads and all follow.
    ///
    /// - Parameter executable: What to start: `raft-lab`, which is this process itself if nothing is said.
    init(
        nodes count: Int, timeouts: BenchTimeouts, allowsLeases: Bool = false,
        executable: String? = nil
    ) throws {
        let program = try executable ?? CurrentProcess.executablePath()
        let directory = try Directory.makeTemporary(prefix: "raft-lab-bench-")
        self.directory = directory
        do {
            let addresses = try ThreadCluster.freeAddresses(count)
            let arguments = (1...count).map { number in
                NodeArguments(
                    node: number, directory: "\(directory)/\(number)", addresses: addresses,
                    timeouts: timeouts, allowsLeases: allowsLeases)
            }
            (thread, nodes) = try LoopThread.start(name: "bench-client") { loop in
                LoopBound(
                    try ProcessNodes(
                        arguments, in: directory, executable: program, on: loop), on: loop)
            }
        } catch {
            try? Directory.removeTree(directory)
            throw error
        }
        do {
            try wait(milliseconds: 20 * timeouts.electionMilliseconds + 5000, "a leader") {
                $0.settledLeader != nil
            }
        } catch {
            close()
            throw error
        }
    }

    /// Waits until a condition holds.
    func wait(
        milliseconds: Int, _ what: String,
        until condition: @escaping @Sendable (ProcessNodes) -> Bool
    ) throws {
        let nodes = self.nodes
        let reason: String? = try answer(from: thread.waker) { tell in
            nodes.value.wait(milliseconds: milliseconds, until: condition, then: tell)
        }
        if let reason { throw BenchError("waited for \(what): \(reason)") }
    }

    /// Has something done on the client's thread.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (ProcessNodes, @escaping @Sendable (Value) -> Void) -> Void
    ) throws -> Value {
        let nodes = self.nodes
        return try answer(from: thread.waker) { tell in work(nodes.value, tell) }
    }

    /// What each node tells now.
    func reports() throws -> [NodeReport] {
        // Whatever was told before is old.
        let now = MonotonicTime.now.nanoseconds
        try wait(milliseconds: 10_000, "reports of all nodes") { nodes in
            nodes.members.allSatisfy { ($0.report?.time ?? 0) >= now }
        }
        return try perform { nodes, tell in tell(nodes.members.compactMap(\.report)) }
    }

    /// Carries a load at the leader, each request on a connection of its own, and waits for its end.
    func run(_ load: Load, asking question: ClientQuestion) throws -> LoadOutcome {
        let known = clients
        let (outcome, used): (LoadOutcome, LoopBound<ProcessLoad>?) = try perform { nodes, tell in
            guard let leader = nodes.settledLeader, let address = nodes.members[leader].address
            else {
                let outcome = LoadOutcome(failure: "no leader")
                return tell((outcome, nil))
            }
            let clients =
                known ?? LoopBound(ProcessLoad(at: address, on: nodes.loop), on: nodes.loop)
            clients.value.run(load, question) { tell(($0, clients)) }
        }
        clients = used
        if let failure = outcome.failure { throw BenchError(failure) }
        return outcome
    }

    /// Kills the nodes and removes what they have written.
    func close() {
        let nodes = self.nodes
        let reason: String?? = try? answer(from: thread.waker) { tell in
            nodes.value.close()
            nodes.value.wait(milliseconds: 10_000, until: { $0.isGone }, then: tell)
        }
        thread.stop()
        thread.join()
        // If they are not gone the cleaner removes it.
        if case .some(.none) = reason { try? Directory.removeTree(directory) }
    }
}
