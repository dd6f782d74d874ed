internal import Naming
internal import Platform
internal import RaftRuntime

/// How long the loop of a node stands still because a snapshot of its registry is being written.
///
/// A node with many instances takes commands round after round; every turn of its loop that ends any is timed,
/// first without a snapshot and then while snapshots are written. A round is what 50 ms bring to a busy cluster: the beats of a
/// million instances at an interval of five seconds, from all over the registry, some registrations and some
/// removals. The next round comes when the one before is applied, so that no turn has to apply what a slow
/// disk or a busy machine has dammed up.
package struct SnapshotBench {
    /// How many instances the registry holds.
    package var instances = 1_000_000
    /// Of how many services.
    package var services = 10_000
    /// How many snapshots are written.
    package var snapshots = 5
    /// The beats, registrations and removals of one round.
    var beats = 10_000
    var registrations = 20
    var removals = 2

    /// Takes the defaults.
    package init() {}

    /// Runs it in a temporary directory, and tells the outcome line by line.
    package func run(tell: (String) -> Void) throws {
        let directory = try Directory.makeTemporary(prefix: "muster-bench")
        let node = try LoneNode(directory: directory + "/node")
        let outcome = Result { try measure(node, tell) }
        node.shutdown()
        try Directory.removeTree(directory)
        try outcome.get()
    }

    private func measure(_ node: LoneNode, _ tell: (String) -> Void) throws {
        try fill(node)
        tell("\(node.counts.instances) instances of \(node.counts.services) services")
        var dice = SplitMix64(seed: 1)
        var quiet = Timing()
        for _ in 0..<1000 { try round(node, &dice, &quiet) }
        var busy = Timing()
        var views = Timing()
        for number in 1...snapshots {
            // A snapshot is of what is durable, so the node comes to rest first.
            try settle(node)
            let start = MonotonicTime.now
            views.record {
                node.takeSnapshot()
                return true
            }
            while node.snapshotNotices.count < number { try round(node, &dice, &busy) }
            let time = MonotonicTime.now.nanoseconds(since: start)
            tell("snapshot \(node.snapshotNotices[number - 1]) in \(milliseconds(time)) ms")
        }
        tell("")
        for line in Self.table([
            ("turns without a snapshot", quiet.wall), ("  processor time", quiet.processor),
            ("turns while one is written", busy.wall), ("  processor time", busy.processor),
            ("taking the view", views.wall), ("  processor time", views.processor),
        ]) { tell(line) }
    }

    // MARK: Work

    private func fill(_ node: LoneNode) throws {
        while !node.isLeader { _ = try node.turn() }
        var waiting = 0
        for number in 0..<instances {
            node.propose(.register(registration(number, round: 0)))
            waiting += 1
            while waiting >= 10_000 { waiting -= try node.turn() }
        }
        while waiting > 0 { waiting -= try node.turn() }
    }

    private func settle(_ node: LoneNode) throws {
        let end = MonotonicTime.now.advanced(byMilliseconds: 50)
        while MonotonicTime.now < end { _ = try node.turn() }
    }

    /// Proposes a round and turns until it is applied.
    private func round(
        _ node: LoneNode, _ dice: inout SplitMix64, _ timing: inout Timing
    ) throws {
        let numbers = (0..<beats).map { _ in
            InstanceNumber(
                slot: UInt32(Int.random(in: 0..<instances, using: &dice)), generation: 1)
        }
        node.propose(.beats(BeatBatch(numbers)))
        for _ in 0..<registrations {
            let number = Int.random(in: 0..<instances, using: &dice)
            node.propose(.register(registration(number, round: 1)))
        }
        for _ in 0..<removals {
            let number = Int.random(in: 0..<instances, using: &dice)
            let key = registration(number, round: 0)
            node.propose(.deregister(key.service, key.instance, generation: nil))
        }
        var waiting = 1 + registrations + removals
        while waiting > 0 {
            try timing.record {
                let ended = try node.turn()
                waiting -= ended
                return ended > 0
            }
        }
    }

    private func registration(_ number: Int, round: Int) -> Naming.Registration {
        Naming.Registration(
            service: ServiceKey(
                namespace: "public", group: "DEFAULT_GROUP", name: "service-\(number % services)"),
            instance: InstanceKey(
                ip: "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)",
                port: UInt16(8000 + number % 50_000), clusterName: "DEFAULT"),
            metadata: Metadata(["zone": "z\(number % 7)", "round": "\(round)"]))
    }

    // MARK: Outcome

    private static func table(_ rows: [(name: String, durations: Durations)]) -> [String] {
        let bounds: [UInt64] = [0, 1, 2, 4, 8, 10, 16].map { $0 * 1_000_000 }
        func cell(_ text: String) -> String {
            String(repeating: " ", count: max(1, 10 - text.count)) + text
        }
        func name(_ text: String) -> String {
            text + String(repeating: " ", count: max(1, 28 - text.count))
        }
        let quantiles = ["count", "p50 ms", "p99", "p99.9", "max"].map(cell).joined()
        let buckets = ["≤ 1 ms", "1–2", "2–4", "4–8", "8–10", "10–16", "> 16"].map(cell).joined()
        var lines = [name("") + quantiles]
        for (title, durations) in rows {
            let times = [500, 990, 999].map { durations.quantile(permille: $0) }
            lines.append(
                name(title) + cell("\(durations.count)")
                    + (times + [durations.longest]).map { cell(milliseconds($0)) }.joined())
        }
        lines += ["", name("how many took") + buckets]
        for (title, durations) in rows {
            let counts = durations.counts(above: bounds)
            lines.append(name(title) + counts.map { cell("\($0)") }.joined())
        }
        return lines
    }
}
