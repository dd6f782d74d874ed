internal import Platform
internal import RaftRuntime

/// Keeps a number of proposals outstanding: for each that has ended it makes another.
struct Proposer {
    private let isRead: Bool
    private let command: [UInt8]
    private let outstanding: Int
    /// Proposals end in the order in which they were made: how many of them, and when.
    private var waiting: [(count: Int, since: MonotonicTime)] = []
    private var waitingCount = 0
    private(set) var latencies = Latencies()
    private(set) var ended = 0

    init(_ request: CommitBench.Request, outstanding: Int, bytes: Int) {
        isRead = request != .entry
        command = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        self.outstanding = outstanding
    }

    mutating func forget() {
        latencies = Latencies()
        ended = 0
    }

    mutating func run(until goal: Load.Goal, at cluster: MemoryCluster) throws {
        let start = MonotonicTime.now
        var isOver = false
        while !isOver || waitingCount > 0 {
            if !isOver, waitingCount < outstanding { try propose(at: cluster) }
            for completion in try cluster.turn() { try end(completion) }
            switch goal {
            case .entries(let count): isOver = ended + waitingCount >= count
            case .seconds(let seconds):
                isOver = MonotonicTime.now.nanoseconds(since: start) > UInt64(seconds * 1e9)
            case .told(let told): isOver = told.withLock { $0 }
            }
        }
    }

    private mutating func propose(at cluster: MemoryCluster) throws {
        let count = outstanding - waitingCount
        for _ in 0..<count {
            if isRead {
                try cluster.read()
            } else {
                _ = try cluster.propose(command.span)
            }
        }
        waiting.append((count, .now))
        waitingCount += count
    }

    private mutating func end(_ completion: Completion<UInt64>) throws {
        switch completion {
        case .proposal(_, .done), .read(_, .ready): break
        default: throw BenchError("a request was not done: \(completion)")
        }
        guard !waiting.isEmpty else { throw BenchError("an answer to nothing") }
        latencies.record(MonotonicTime.now.nanoseconds(since: waiting[0].since))
        ended += 1
        waitingCount -= 1
        waiting[0].count -= 1
        if waiting[0].count == 0 { waiting.removeFirst() }
    }
}
