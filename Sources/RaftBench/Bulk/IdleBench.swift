internal import Platform
internal import RaftRuntime

/// What three nodes cost that have nothing to do, with the settings that nodes have by default.
package struct IdleBench {
    package var seconds = 10.0
    package var nodes = 3

    /// Takes the defaults.
    package init() {}

    /// Measures it.
    package func run(_ report: BenchReport) throws {
        let settings = NodeSettings()
        let parameters = [
            BenchRow.Parameter(name: "nodes", value: "\(nodes)"),
            BenchRow.Parameter(name: "heartbeat", value: "\(settings.heartbeatMilliseconds)"),
        ]
        try report.measure("idle", parameters) { try measure(settings) }
    }

    private func measure(_ settings: NodeSettings) throws -> [BenchRow.Metric] {
        let cluster = try ThreadCluster(nodes: nodes, settings: settings, hasSockets: true)
        defer { cluster.close() }
        try ThreadCluster.pause(milliseconds: 1000)
        let before = try Look(at: cluster)
        try ThreadCluster.pause(milliseconds: Int(seconds * 1000))
        let after = try Look(at: cluster)
        let time = Double(after.time.nanoseconds(since: before.time)) / 1e9
        func each(_ value: (Look) -> UInt64) -> Double {
            Double(value(after) - value(before)) / time
        }
        return [
            BenchRow.Metric(
                name: "CPU a second", unit: "ms", value: each(\.processor.nanoseconds) / 1e6),
            BenchRow.Metric(name: "wake-ups", unit: "/s", value: each(\.wakeUps)),
            BenchRow.Metric(name: "messages", unit: "/s", value: each(\.messages)),
            BenchRow.Metric(name: "bytes", unit: "/s", value: each(\.bytes)),
            BenchRow.Metric(name: "log bytes", unit: "/s", value: each(\.logBytes)),
        ]
    }

    private struct Look {
        let time = MonotonicTime.now
        let processor = MonotonicTime.ofProcess
        let wakeUps: UInt64
        let messages: UInt64
        let bytes: UInt64
        let logBytes: UInt64

        init(at cluster: ThreadCluster) throws {
            wakeUps = try Self.wakeUps()
            messages = try cluster.sum { $0.socketTraffic.sentMessages }
            bytes = try cluster.sum { $0.socketTraffic.sentBytes }
            logBytes = try cluster.logBytes()
        }

        /// How often threads of this process have given up a processor of their own accord.
        private static func wakeUps() throws -> UInt64 {
            let name = "voluntary_ctxt_switches:"
            return try Directory.list("/proc/self/task").reduce(0) { sum, thread in
                let lines = BenchHeading.text("/proc/self/task/\(thread)/status").split(
                    separator: "\n")
                let line = lines.first { $0.hasPrefix(name) }?.dropFirst(name.count)
                return sum + (line.flatMap { UInt64($0.drop(while: \.isWhitespace)) } ?? 0)
            }
        }
    }
}

extension BenchNode {
    fileprivate var socketTraffic: BenchTraffic {
        (self as? any SocketBenchNode)?.traffic ?? BenchTraffic()
    }
}
