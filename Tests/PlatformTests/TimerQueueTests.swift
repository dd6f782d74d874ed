internal import Testing

@testable internal import Platform

@Suite struct TimerQueueTests {
    /// The obvious version: a list that is searched from end to end.
    private struct DumbTwin {
        var timers: [(handle: Int, due: UInt64, sequence: Int)] = []
        var sequence = 0

        mutating func add(_ handle: Int, due: UInt64) {
            sequence += 1
            timers.append((handle, due, sequence))
        }

        mutating func cancel(_ handle: Int) -> Bool {
            let before = timers.count
            timers.removeAll { $0.handle == handle }
            return timers.count < before
        }

        mutating func takeDue(at now: UInt64) -> Int? {
            let first = timers.filter { $0.due <= now }
                .min { ($0.due, $0.sequence) < ($1.due, $1.sequence) }
            if let first { _ = cancel(first.handle) }
            return first?.handle
        }
    }

    @Test(arguments: 0..<20)
    func `it agrees with a list that is searched from end to end`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var queue = TimerQueue<Int>()
        var twin = DumbTwin()
        var handles: [TimerHandle] = []
        for step in 0..<500 {
            let due = UInt64.random(in: 0..<100, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                twin.add(handles.count, due: due)
                handles.append(queue.add(handles.count, due: MonotonicTime(nanoseconds: due)))
            case 2 where !handles.isEmpty:
                let chosen = Int.random(in: handles.indices, using: &random)
                if step.isMultiple(of: 2) {
                    #expect((queue.cancel(handles[chosen]) != nil) == twin.cancel(chosen))
                } else {
                    let isThere = queue.move(
                        handles[chosen], due: MonotonicTime(nanoseconds: due))
                    #expect(isThere == twin.cancel(chosen))
                    if isThere { twin.add(chosen, due: due) }
                }
            default:
                let expected = twin.takeDue(at: due)
                #expect(queue.takeDue(at: MonotonicTime(nanoseconds: due)) == expected)
            }
            #expect(queue.count == twin.timers.count)
            #expect(queue.firstDue?.nanoseconds == twin.timers.map(\.due).min())
        }
    }

    @Test func `time does not overflow`() {
        let late = MonotonicTime(nanoseconds: .max - 1)
        #expect(late.advanced(byNanoseconds: 5) == .distantFuture)
        #expect(late.advanced(byMilliseconds: .max) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: 7).advanced(byMilliseconds: -3).nanoseconds == 7)
        #expect(MonotonicTime(nanoseconds: 7).nanoseconds(since: late) == 0)
    }
}
