internal import Raft
internal import RaftHost
internal import RaftRuntime

/// Counters by name, the same on every node.
struct Counters: StateMachine, Sendable {
    private var values: [String: Int] = [:]

    func value(of name: String) -> Int { values[name] ?? 0 }

    /// A command is the name of a counter; the answer is its new value.
    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) -> Int? {
        guard let text = try? UTF8Span(validating: command) else { return nil }
        let name = String(copying: text)
        guard !name.isEmpty, !name.contains("\n") else { return nil }
        values[name, default: 0] += 1
        return values[name]
    }

    /// A copy of a value type is a frozen view, and costs nothing until the original changes.
    func image() -> Image { Image(values: values) }

    struct Image: SnapshotImage {
        let values: [String: Int]

        /// Sorted, so that equal states have equal bytes on every node.
        func write(to emit: ([UInt8]) throws -> Void) throws {
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                try emit(Array("\(name)\n\(value)\n".utf8))
            }
        }

        init(values: [String: Int]) { self.values = values }

        /// Reads what an image wrote. Another thread does both, so they may take their time.
        init(reading bytes: Span<UInt8>) throws {
            let text = String(copying: try UTF8Span(validating: bytes))
            var values: [String: Int] = [:]
            var lines = text.split(separator: "\n").makeIterator()
            while let name = lines.next() {
                guard let value = lines.next().flatMap({ Int($0) }) else { throw DamagedImage() }
                values[String(name)] = value
            }
            self.values = values
        }
    }

    /// Goes on from such a view.
    mutating func restore(_ image: Image) { values = image.values }

    struct DamagedImage: Error {}
}

/// Starts one of three nodes, counts once and reads the count back.
func countOnce(
    node: NodeID, members: [NodeID: String], directory: String
) async throws -> (own: Int?, seen: Int) {
    let settings = RaftNodeSettings(
        cluster: "counters", node: node, members: members, directory: directory)
    let raft = try await RaftNode.start(Counters(), settings)
    let outcome = await raft.propose(Array("visits".utf8))
    let seen = try await raft.read { $0.value(of: "visits") }
    await raft.shutdown()
    switch outcome {
    case .done(let own, _): return (own, seen)
    case .notDone, .unknown: return (nil, seen)  // try again, or look whether it was counted
    }
}
