internal import Platform
internal import RaftRuntime

/// A node on the thread of an event loop, as the bench sees it. Confined to that thread.
protocol BenchNode: AnyObject {
    /// The loop that it is on.
    var loop: EventLoop { get }
    /// Whether it leads.
    var isLeader: Bool { get }
    /// The index of the entry that it has applied last.
    var applied: UInt64 { get }
    /// How many syncs it has finished.
    var syncs: UInt64 { get }
    /// The bytes that its log has handed to the system.
    var logBytes: UInt64 { get }
    /// Proposes a command, and tells the driver its outcome, later, on the loop. It takes no closure: to hand one on to
    /// generic code is to wrap it in another.
    func propose(_ command: [UInt8], for driver: LoadDriver, since: MonotonicTime)
    /// Asks for a moment to read at; `then` is called once, later, on the loop.
    func read(then: @escaping (ReadOutcome) -> Void)
    /// Stops it.
    func stop()
}

/// One with sockets, of which more can be asked.
protocol SocketBenchNode: BenchNode {
    /// What it has sent to the others, and got from them.
    var traffic: BenchTraffic { get }
    /// Has a snapshot written; `then` is called once with its bytes, or with nothing when there is none.
    func takeSnapshot(then: @escaping (Int?) -> Void)
    /// Watches how long turns take from now on.
    func watchTurns()
    /// The longest since.
    var longestTurns: BenchTurns { get }
}

/// Messages between a node and all others.
struct BenchTraffic {
    var sentMessages: UInt64 = 0
    var sentBytes: UInt64 = 0
    var receivedBytes: UInt64 = 0
}

/// Nanoseconds, by the clock and by the processor: the former count also what else the machine did.
struct BenchTurns {
    var wall: UInt64 = 0
    var processor: UInt64 = 0
}
