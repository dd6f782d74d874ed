internal import Platform
internal import Raft
internal import RaftRuntime

/// Nodes on threads of their own, with logs on the disk.
final class ThreadCluster {
    private struct Member {
        var thread: LoopThread
        var node: LoopBound<any BenchNode>
    }

    /// Where the nodes write.
    let directory: String
    private var members: [Member] = []
    private var leader = 0

    /// - Parameter hasSockets: Whether they speak over TCP; otherwise their messages stay in memory.
    init(nodes count: Int, settings: NodeSettings, hasSockets: Bool) throws {
        directory = try Directory.makeTemporary(prefix: "raft-lab-bench-")
        let addresses = hasSockets ? try Self.freeAddresses(count) : []
        let channels = (0..<count).map { _ in Channel() }
        do {
            for number in 1...UInt64(count) {
                let start = NodeStart(
                    directory: "\(directory)/\(number)", cluster: "bench", node: NodeID(number),
                    initialConfiguration: Configuration(
                        voters: (1...UInt64(count)).map { NodeID($0) }), seed: number)
                let (thread, node) = try LoopThread.start(name: "bench-\(number)") { loop in
                    let node: any BenchNode =
                        hasSockets
                        ? try SocketNode(start, settings, addresses: addresses, on: loop)
                        : try ChannelNode(start, settings, channels: channels, on: loop)
                    return LoopBound(node, on: loop)
                }
                members.append(Member(thread: thread, node: node))
            }
            try findLeader()
        } catch {
            close()
            throw error
        }
    }

    /// Addresses at which nobody listens now.
    static func freeAddresses(_ count: Int) throws -> [Address] {
        let loop = try EventLoop()
        let listeners = try (0..<count).map { _ in
            try Listener(at: Address(host: "127.0.0.1", port: 0), on: loop) { $0.close() }
        }
        defer { for listener in listeners { listener.close() } }
        return listeners.map(\.address)
    }

    private func findLeader() throws {
        let end = MonotonicTime.now.advanced(byMilliseconds: 20_000)
        while MonotonicTime.now < end {
            for (i, member) in members.enumerated() where try ask(member, { $0.isLeader }) {
                leader = i
                return
            }
            try Self.pause()
        }
        throw BenchError("no leader within 20 s")
    }

    /// To ask without a pause would cost what the election has to spare, and blur the counts of instructions.
    private static func pause() throws {
        let loop = try EventLoop()
        loop.schedule(at: MonotonicTime.now.advanced(byMilliseconds: 20)) { [unowned loop] in
            loop.stop()
        }
        loop.run()
    }

    private func ask<Value: Sendable>(
        _ member: Member, _ question: @escaping @Sendable (any BenchNode) -> Value
    ) throws -> Value {
        let node = member.node
        return try answer(from: member.thread.waker) { $0(question(node.value)) }
    }

    /// Carries a load at the leader and waits for its end.
    func run(_ load: Load) throws -> LoadOutcome {
        let node = members[leader].node
        let outcome = try answer(from: members[leader].thread.waker) { tell in
            LoadDriver(load, at: node.value).run(then: tell)
        }
        if let failure = outcome.failure { throw BenchError(failure) }
        return outcome
    }

    /// The syncs that all nodes have finished.
    func syncs() throws -> UInt64 {
        try members.reduce(0) { try $0 + ask($1) { $0.syncs } }
    }

    /// The bytes that the logs of all nodes have handed to the system.
    func logBytes() throws -> UInt64 {
        try members.reduce(0) { try $0 + ask($1) { $0.logBytes } }
    }

    /// Stops the nodes and removes what they have written.
    func close() {
        for member in members {
            let node = member.node
            member.thread.waker.post { node.value.stop() }
            member.thread.stop()
        }
        for member in members { member.thread.join() }
        members = []
        try? Directory.removeTree(directory)
    }
}

/// Has another thread's loop do something, and waits until it says what came of it.
func answer<Value: Sendable>(
    from waker: Waker, to ask: @escaping @Sendable (@escaping @Sendable (Value) -> Void) -> Void
) throws -> Value {
    let loop = try EventLoop()
    let bound = LoopBound(loop, on: loop)
    let own = loop.waker
    let place = Guarded<Value?>(nil)
    let isTaken = waker.post {
        ask { value in
            place.withLock { $0 = value }
            own.post { bound.value.stop() }
        }
    }
    guard isTaken else { throw BenchError("a thread has ended") }
    loop.run()
    guard let value = place.withLock({ $0 }) else { throw BenchError("a thread gave no answer") }
    return value
}
