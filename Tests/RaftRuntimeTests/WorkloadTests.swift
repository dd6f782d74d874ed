internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// Workloads of one's own: what the simulator finds in machines and histories that are wrong.
@Suite struct WorkloadTests {
    /// Registers whose clients are shown something that is not there, or whose state is disliked.
    private struct Wrong: SimulationWorkload {
        enum Mistake { case none, view, state, answer, image }

        struct Machine: StateMachine {
            var registers = Registers()
            var mistake: Mistake
            var node: Int
            var applied = 0

            mutating func apply(
                _ command: Span<UInt8>, at position: LogPosition
            ) throws -> UInt64 {
                let answer = try registers.apply(command, at: position)
                applied += 1
                return mistake == .answer ? answer.previous &+ UInt64(node) : answer.previous
            }

            func image() -> Image {
                Image(inner: registers.image(), extra: mistake == .image ? node : 0)
            }

            struct Image: SnapshotImage {
                let inner: Registers.Image
                let extra: Int

                func write(to emit: ([UInt8]) throws -> Void) throws {
                    try emit([UInt8(extra % 256)])
                    try inner.write(to: emit)
                }

                init(inner: Registers.Image, extra: Int) {
                    self.inner = inner
                    self.extra = extra
                }

                init(reading bytes: Span<UInt8>) throws {
                    extra = Int(bytes[0])
                    inner = try Registers.Image(reading: bytes.extracting(1..<bytes.count))
                }
            }

            mutating func restore(_ image: Image) { registers.restore(image.inner) }
        }

        var mistake: Mistake
        let machines = Counter()

        final class Counter {
            var count = 0
        }

        func makeMachine() -> Machine {
            machines.count += 1
            return Machine(mistake: mistake, node: machines.count)
        }

        mutating func nextCommand(_ number: Int, using dice: inout SplitMix64) -> [UInt8] {
            Registers.Command(id: UInt64(number), register: 0, change: .put(UInt64(number))).encoded
        }

        func view(of machine: Machine, for query: Void) -> UInt64 {
            machine.registers.values[0] / (mistake == .view ? 2 : 1)
        }

        func violation(in machine: Machine) -> String? {
            mistake == .state && machine.applied > 20 ? "more than twenty" : nil
        }

        func violation(in history: SimulationHistory<Self>) -> String? {
            var newest: UInt64 = 0
            for read in history.reads.sorted(by: { $0.ended < $1.ended }) {
                let done = history.commands.filter { $0.heardDone.map { $0 < read.begun } ?? false }
                newest = done.compactMap(\.answer).max() ?? 0
                if read.view < newest { return "saw \(read.view), \(newest) was overwritten" }
            }
            return nil
        }
    }

    private func finding(_ mistake: Wrong.Mistake) -> String? {
        let settings = SimulationSettings(seed: 4, profile: .calm, length: .seconds(15))
        return Simulation.run(settings, workload: Wrong(mistake: mistake)).failureLine
    }

    @Test func `a sound workload has no finding`() {
        #expect(finding(.none) == nil)
    }

    @Test func `a disliked state is found where it arises`() throws {
        #expect(try #require(finding(.state)).contains("more than twenty"))
    }

    @Test func `a client that sees too little is found at the end, with the name of the workload`()
        throws
    {
        let line = try #require(finding(.view))
        #expect(line.contains("was overwritten"))
        #expect(line.contains("Wrong, SimulationSettings(seed: 4"))
    }

    @Test func `nodes whose answers differ are found`() throws {
        #expect(try #require(finding(.answer)).contains("another answer"))
    }

    @Test func `nodes whose images differ are found`() throws {
        #expect(try #require(finding(.image)).contains("another state"))
    }

    @Test func `a run of one's own depends on its seed alone`() {
        let settings = SimulationSettings(seed: 8, length: .steps(3000))
        let first = Simulation.run(settings, workload: Wrong(mistake: .none))
        #expect(Simulation.run(settings, workload: Wrong(mistake: .none)) == first)
        #expect(first.finding == nil)
    }
}
