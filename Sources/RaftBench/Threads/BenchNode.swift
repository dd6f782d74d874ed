internal import RaftRuntime

/// A node on the thread of an event loop, as the bench sees it. Confined to that thread.
protocol BenchNode: AnyObject {
    /// Whether it leads.
    var isLeader: Bool { get }
    /// How many syncs it has finished.
    var syncs: UInt64 { get }
    /// The bytes that its log has handed to the system.
    var logBytes: UInt64 { get }
    /// Proposes a command; `then` is called once, later, on the loop.
    func propose(_ command: [UInt8], then: @escaping (ProposalOutcome<UInt64>) -> Void)
    /// Asks for a moment to read at; `then` is called once, later, on the loop.
    func read(then: @escaping (ReadOutcome) -> Void)
    /// Stops it.
    func stop()
}
