internal import Platform
internal import Raft
internal import RaftRuntime

/// Nodes on threads of their own, with logs on the disk.
final class ThreadCluster {
    private struct Member: Sendable {
        var thread: LoopThread
        var node: LoopBound<any BenchNode>
    }

    /// What a cluster is made of.
    struct Plan: Sendable {
        var nodes: Int
        var settings: NodeSettings
        /// Whether they speak over TCP; otherwise their messages stay in memory.
        var hasSockets: Bool
        /// The values of a table (`TableMachine`), only with sockets; without it the nodes count (`CountingMachine`).
        var tableValues: Int?
        /// A node that is not started with the others.
        var absent: Int?
    }

    /// Where the nodes write.
    let directory: String
    private let plan: Plan
    private let addresses: [Address]
    private let channels: [Channel]
    private var members: [Member?]
    private(set) var leader = 0

    convenience init(nodes count: Int, settings: NodeSettings, hasSockets: Bool) throws {
        try self.init(Plan(nodes: count, settings: settings, hasSockets: hasSockets))
    }

    init(_ plan: Plan) throws {
        var plan = plan
        // A disk that hangs for a moment belongs to the figures; a leader that hands over ends them.
        plan.settings.diskStallMilliseconds = 20_000
        self.plan = plan
        directory = try Directory.makeTemporary(prefix: "raft-lab-bench-")
        addresses = plan.hasSockets ? try Self.freeAddresses(plan.nodes) : []
        channels = (0..<plan.nodes).map { _ in Channel() }
        members = (0..<plan.nodes).map { _ in nil }
        do {
            for place in 0..<plan.nodes where place != plan.absent { try start(place) }
            try findLeader()
        } catch {
            close()
            throw error
        }
    }

    /// Opens a node, with whatever its directory holds.
    func start(_ place: Int) throws {
        let number = UInt64(place + 1)
        var plan = plan
        // Whoever comes late gets its table from the others.
        if place == plan.absent, plan.tableValues != nil { plan.tableValues = 0 }
        let start = NodeStart(
            directory: "\(directory)/\(number)", cluster: "bench", node: NodeID(number),
            initialConfiguration: Configuration(
                voters: (1...UInt64(plan.nodes)).map { NodeID($0) }), seed: number)
        let (thread, node) = try LoopThread.start(name: "bench-\(number)") {
            [plan, addresses, channels] loop in
            LoopBound(try Self.make(start, plan, addresses, channels, on: loop), on: loop)
        }
        members[place] = Member(thread: thread, node: node)
    }

    private static func make(
        _ start: NodeStart, _ plan: Plan, _ addresses: [Address], _ channels: [Channel],
        on loop: EventLoop
    ) throws -> any BenchNode {
        guard plan.hasSockets else {
            return try ChannelNode(start, plan.settings, channels: channels, on: loop)
        }
        guard let values = plan.tableValues else {
            return try SocketNode(
                start, plan.settings, machine: CountingMachine(), addresses: addresses, on: loop)
        }
        return try SocketNode(
            start, plan.settings, machine: TableMachine(values: values), addresses: addresses,
            on: loop)
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
            for i in members.indices where try members[i] != nil && ask(i, { $0.isLeader }) {
                leader = i
                return
            }
            try Self.pause()
        }
        throw BenchError("no leader within 20 s")
    }

    /// To ask without a pause would cost what the election has to spare, and blur the counts of instructions.
    static func pause(milliseconds: Int = 20) throws {
        let loop = try EventLoop()
        loop.schedule(at: MonotonicTime.now.advanced(byMilliseconds: milliseconds)) {
            [unowned loop] in
            loop.stop()
        }
        loop.run()
    }

    /// Asks a node something, on its thread.
    func ask<Value: Sendable>(
        _ place: Int, _ question: @escaping @Sendable (any BenchNode) -> Value
    ) throws -> Value {
        let member = try member(place)
        return try answer(from: member.thread.waker) { $0(question(member.node.value)) }
    }

    private func member(_ place: Int) throws -> Member {
        guard let member = members[place] else { throw BenchError("node \(place + 1) is down") }
        return member
    }

    /// Asks all nodes that are up, and adds up what they say.
    func sum(_ question: @escaping @Sendable (any BenchNode) -> UInt64) throws -> UInt64 {
        try members.indices.reduce(0) { sum, place in
            members[place] == nil ? sum : try sum + ask(place, question)
        }
    }

    /// Carries a load at the leader and waits for its end.
    func run(_ load: Load) throws -> LoadOutcome {
        let member = try member(leader)
        let outcome = try answer(from: member.thread.waker) { tell in
            LoadDriver(load, at: member.node.value).run(then: tell)
        }
        if let failure = outcome.failure { throw BenchError(failure) }
        return outcome
    }

    /// Carries a load at the leader until `body` has returned.
    func run<Value>(_ load: Load, during body: () throws -> Value) throws -> (LoadOutcome, Value) {
        let member = try member(leader)
        let isOver = Guarded(false)
        let outcome = Guarded<LoadOutcome?>(nil)
        var load = load
        load.goal = .told(isOver)
        member.thread.waker.post { [load] in
            LoadDriver(load, at: member.node.value).run { ended in
                outcome.withLock { $0 = ended }
            }
        }
        let result = Result { try body() }
        isOver.withLock { $0 = true }
        for _ in 0..<2000 {
            if let ended = outcome.withLock({ $0 }) {
                if let failure = ended.failure { throw BenchError(failure) }
                return (ended, try result.get())
            }
            try Self.pause(milliseconds: 5)
        }
        throw BenchError("a load has not ended within 10 s")
    }

    /// The syncs that all nodes have finished.
    func syncs() throws -> UInt64 { try sum { $0.syncs } }

    /// The bytes that the logs of all nodes have handed to the system.
    func logBytes() throws -> UInt64 { try sum { $0.logBytes } }

    /// Stops the nodes; what they have written stays.
    func stopNodes() {
        for case let member? in members {
            member.thread.waker.post { member.node.value.stop() }
            member.thread.stop()
        }
        for case let member? in members { member.thread.join() }
        members = members.map { _ in nil }
    }

    /// Stops the nodes and removes what they have written.
    func close() {
        stopNodes()
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
