internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// A register that tells what it held before.
private struct Register: SequentialModel {
    enum Call {
        case put(Int, previous: Int?)
        case read(Int)
    }

    /// Whether it says which calls only look.
    var isHelpful = true
    let initialState = 0

    func onlyLooks(_ call: Call) -> Bool {
        if case .read = call { isHelpful } else { false }
    }

    func state(after call: Call, in state: Int) -> Int? {
        switch call {
        case .put(let value, let previous): previous ?? state == state ? value : nil
        case .read(let value): value == state ? state : nil
        }
    }
}

/// The checker of histories against histories made by hand, and against trying out every order.
@Suite struct LinearizabilityTests {
    private typealias Timed = TimedCall<Register.Call>

    private func put(_ value: Int, _ begun: Int, _ ended: Int, previous: Int? = nil) -> Timed {
        Timed(.put(value, previous: previous), begun: begun, ended: ended)
    }

    private func read(_ value: Int, _ begun: Int, _ ended: Int) -> Timed {
        Timed(.read(value), begun: begun, ended: ended)
    }

    private func isLinearizable(_ calls: [Timed]) -> Bool {
        if case .linearizable = Register().linearize(calls) { true } else { false }
    }

    @Test func `what happens one after the other must be seen`() {
        #expect(isLinearizable([put(1, 0, 1), read(1, 2, 3)]))
        #expect(!isLinearizable([put(1, 0, 1), read(0, 2, 3)]))
        #expect(isLinearizable([]))
    }

    @Test func `what overlaps may be seen or not, but not again after it was gone`() {
        #expect(isLinearizable([put(1, 0, 10), read(0, 1, 2), read(1, 3, 4)]))
        #expect(!isLinearizable([put(1, 0, 10), read(1, 1, 2), read(0, 3, 4)]))
        #expect(isLinearizable([put(1, 0, 10), read(1, 1, 5), read(0, 3, 4)]))
    }

    @Test func `ends and beginnings at one moment overlap`() {
        #expect(isLinearizable([put(1, 0, 5), read(0, 5, 6)]))
        #expect(!isLinearizable([put(1, 0, 5), read(0, 6, 6)]))
    }

    @Test func `two writers may both have found the old value only if it was there twice`() {
        #expect(
            isLinearizable([
                put(1, 0, 9, previous: 0), put(2, 0, 9, previous: 1), read(2, 10, 11),
            ]))
        #expect(!isLinearizable([put(1, 0, 9, previous: 0), put(2, 0, 9, previous: 0)]))
        #expect(
            isLinearizable([
                put(1, 0, 9, previous: 0), put(0, 0, 9, previous: 1), put(2, 0, 9, previous: 0),
            ]))
    }

    @Test func `a violation names what could be explained and what could not come next`() {
        let verdict = Register().linearize([put(1, 0, 1), put(2, 2, 3), read(1, 4, 5)])
        #expect(verdict == .violated(explained: [0, 1], next: [2]))
    }

    @Test func `an order that is found explains each answer and keeps to the clock`() {
        let calls = [read(2, 5, 8), put(2, 3, 6), put(1, 0, 4), read(1, 1, 5)]
        guard case .linearizable(let order) = Register().linearize(calls) else {
            Issue.record("not found")
            return
        }
        #expect(explains(order, calls))
    }

    @Test func `the search gives up at its limit`() {
        let calls = (1...12).map { put($0, 0, 100) } + [read(99, 50, 60)]
        #expect(Register().linearize(calls, maxSteps: 50) == .undecided)
        #expect(!isLinearizable(calls))
    }

    @Test func `long histories with little under way at once are quick`() {
        var calls: [Timed] = []
        for i in 1...5000 {
            calls.append(put(i, 2 * i, 2 * i + 3, previous: i - 1))
        }
        #expect(isLinearizable(calls))
        #expect(Register().linearize(calls, maxSteps: 5001) != .undecided)
    }

    /// Half of the histories come from a real register, half are made up.
    @Test func `small histories are judged as by trying all orders`() {
        var dice = SplitMix64(seed: 7)
        var verdicts = [false: 0, true: 0]
        for _ in 0..<4000 {
            let calls = (0..<Int.random(in: 1...6, using: &dice)).map { _ in
                let begun = Int.random(in: 0...10, using: &dice)
                let ended = begun + Int.random(in: 0...6, using: &dice)
                let value = Int.random(in: 0...2, using: &dice)
                switch Int.random(in: 0...2, using: &dice) {
                case 0: return put(value, begun, ended)
                case 1:
                    let previous = Int.random(in: 0...2, using: &dice)
                    return put(value, begun, ended, previous: previous)
                default: return read(value, begun, ended)
                }
            }
            let expected = someOrderExplains(calls)
            verdicts[expected, default: 0] += 1
            #expect(isLinearizable(calls) == expected, "\(calls)")
            let slow = Register(isHelpful: false).linearize(calls)
            if case .linearizable = slow { #expect(expected) } else { #expect(!expected) }
        }
        #expect(verdicts.values.allSatisfy { $0 > 500 }, "\(verdicts)")
    }

    // MARK: The obvious way

    private func explains(_ order: [Int], _ calls: [Timed]) -> Bool {
        var state = 0
        for (i, place) in order.enumerated() {
            let isLate = order[(i + 1)...].contains { calls[$0].ended < calls[place].begun }
            guard !isLate, let next = Register().state(after: calls[place].call, in: state) else {
                return false
            }
            state = next
        }
        return order.sorted() == Array(calls.indices)
    }

    private func someOrderExplains(_ calls: [Timed]) -> Bool {
        func extend(_ order: [Int], _ rest: [Int]) -> Bool {
            guard !rest.isEmpty else { return explains(order, calls) }
            return rest.contains { place in extend(order + [place], rest.filter { $0 != place }) }
        }
        return extend([], Array(calls.indices))
    }
}
