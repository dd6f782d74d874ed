internal import Platform
internal import RaftHost
internal import RaftStorage

/// The least that one commit can take on this machine: its bytes written and synced by every node at once, and the ways
/// there and back that it goes over sockets. Nothing else is done.
struct CommitFloor {
    private static let rounds = 200
    private static let fileBytes = 1 << 20

    private let nodes: Int
    private let recordBytes: Int
    private let roundTrips: Int

    init(nodes: Int, entryBytes: Int, roundTrips: Int) {
        self.nodes = nodes
        // What the log writes around an entry.
        recordBytes = entryBytes + 48
        self.roundTrips = roundTrips
    }

    /// The middle of many, in microseconds.
    func measure(in directory: String) throws -> Double {
        let syncs = try syncsAtOnce(in: directory)
        guard roundTrips > 0 else { return Double(Self.middle(syncs)) / 1000 }
        let trips = try LoopbackProbe.roundTrips(Self.rounds, bytes: recordBytes)
        return Double(Self.middle(syncs) + UInt64(roundTrips) * Self.middle(trips)) / 1000
    }

    private static func middle(_ durations: [UInt64]) -> UInt64 {
        durations.sorted()[durations.count / 2]
    }

    /// How long a write and its sync take while as many threads as there are nodes do the same in their own files,
    /// which were written before.
    private func syncsAtOnce(in directory: String) throws -> [UInt64] {
        let files = try (1...nodes).map { number in
            let file = try RealFileSystem().open("\(directory)/floor-\(number)", create: true)
            try file.write([UInt8](repeating: 0xEE, count: Self.fileBytes).span, at: 0)
            try file.sync()
            return file
        }
        let durations = Guarded<[UInt64]>([])
        let record = [UInt8](repeating: 0x55, count: recordBytes)
        let threads = try files.map { file in
            try SystemThread(name: "floor") {
                var own: [UInt64] = []
                for round in 0..<Self.rounds {
                    let place = UInt64(round * record.count % (Self.fileBytes - record.count))
                    let start = MonotonicTime.now
                    do throws(StorageError) {
                        try file.write(record.span, at: place)
                        try file.sync()
                    } catch { break }
                    own.append(MonotonicTime.now.nanoseconds(since: start))
                }
                durations.withLock { $0 += own }
            }
        }
        for thread in threads { thread.join() }
        let all = durations.withLock { $0 }
        guard all.count == nodes * Self.rounds else { throw BenchError("the disk has failed") }
        return all
    }
}
