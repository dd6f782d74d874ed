/// What an object does when one call comes after the other: the sequential meaning of a history.
public protocol SequentialModel {
    /// The state of the object.
    associatedtype State: Hashable
    /// A call, with its answer if one was heard.
    associatedtype Call

    /// The state before the first call.
    var initialState: State { get }

    /// The state after a call, or nothing when the object in this state cannot have given its answer.
    func state(after call: Call, in state: State) -> State?

    /// Whether a call leaves every state as it is in which its answer is right. Knowing that makes the search
    /// shorter; the default is no.
    func onlyLooks(_ call: Call) -> Bool
}

extension SequentialModel {
    /// Not known.
    public func onlyLooks(_ call: Call) -> Bool { false }
}

/// A call, and when it was under way. Moments are numbers of a common clock; no two need differ.
public struct TimedCall<Call> {
    /// The call.
    public var call: Call
    /// When it began.
    public var begun: Int
    /// When its answer was there, or by when it had surely taken effect.
    public var ended: Int

    /// Joins all that.
    public init(_ call: Call, begun: Int, ended: Int) {
        self.call = call
        self.begun = begun
        self.ended = max(begun, ended)
    }
}

/// Whether a history can be explained by an order of its calls.
public enum LinearizabilityVerdict: Hashable, Sendable {
    /// There is such an order: these places of the calls, in that order.
    case linearizable([Int])
    /// There is none. The longest order that explains a part of the history, and the calls of which one would
    /// have to be next.
    case violated(explained: [Int], next: [Int])
    /// None was found within the limit.
    case undecided
}

extension SequentialModel {
    /// Looks for an order of the calls in which each answer is right and no call comes after one that began
    /// when it had ended (Herlihy and Wing 1990).
    ///
    /// The search is that of Wing and Gong (1993) with Lowe's memory of what has failed (2017): it picks the next
    /// call among those that began before all others had ended. Histories of many objects are
    /// linearizable if and only if those of each object are, so check each key by itself.
    ///
    /// - Parameter maxSteps: How many states to look at before giving up.
    /// - Complexity: Exponential in the number of calls under way at once, at worst.
    public func linearize(
        _ calls: [TimedCall<Call>], maxSteps: Int = 1_000_000
    ) -> LinearizabilityVerdict {
        var search = LinearizationSearch(model: self, calls: calls, stepsLeft: maxSteps)
        return search.run()
    }
}

/// One search, depth first.
private struct LinearizationSearch<Model: SequentialModel> {
    /// A choice that was made: the call, and the state before it.
    private struct Choice {
        var call: Int
        var state: Model.State
        /// Whether no other choice is worth trying.
        var isForced: Bool
    }

    /// Calls that are placed, and the state after them: what comes next depends on nothing else.
    private struct Situation: Hashable {
        var first: Int
        var placed: [UInt64]
        var state: Model.State
    }

    private let model: Model
    private let calls: [TimedCall<Model.Call>]
    /// The places of the calls as they were given, by the moment at which they began.
    private let order: [Int]
    private var stepsLeft: Int
    private var isPlaced: [Bool]
    /// All calls before this one are placed.
    private var first = 0
    private var choices: [Choice] = []
    private var tried: Set<Situation> = []
    private var longest: (explained: [Int], next: [Int]) = ([], [])

    init(model: Model, calls: [TimedCall<Model.Call>], stepsLeft: Int) {
        self.model = model
        order = calls.indices.sorted {
            (calls[$0].begun, calls[$0].ended, $0) < (calls[$1].begun, calls[$1].ended, $1)
        }
        self.calls = order.map { calls[$0] }
        self.stepsLeft = stepsLeft
        isPlaced = Array(repeating: false, count: calls.count)
    }

    mutating func run() -> LinearizabilityVerdict {
        var state = model.initialState
        var cursor = 0
        while first < calls.count {
            guard stepsLeft > 0 else { return .undecided }
            stepsLeft -= 1
            if let (call, next) = candidate(from: cursor, in: state) {
                choices.append(
                    Choice(call: call, state: state, isForced: model.onlyLooks(calls[call].call)))
                isPlaced[call] = true
                while first < calls.count, isPlaced[first] { first += 1 }
                state = next
                cursor = first
                continue
            }
            noteEnd()
            guard let last = choices.popLast() else {
                return .violated(explained: longest.explained, next: longest.next)
            }
            isPlaced[last.call] = false
            first = min(first, last.call)
            state = last.state
            cursor = last.isForced ? calls.count : last.call + 1
        }
        return .linearizable(choices.map { order[$0.call] })
    }

    /// The next call, from a place on, that may come now and does not lead where the search has been before.
    ///
    /// A call that only looks, and is right here, is the only choice: if any order explains the rest, it still
    /// does with this call moved to its front.
    private mutating func candidate(
        from start: Int, in state: Model.State
    ) -> (call: Int, state: Model.State)? {
        var found: (call: Int, state: Model.State)?
        var latest = Int.max
        var call = first
        while call < calls.count, calls[call].begun <= latest, start < calls.count {
            defer { call += 1 }
            guard !isPlaced[call] else { continue }
            latest = min(latest, calls[call].ended)
            guard let next = model.state(after: calls[call].call, in: state) else { continue }
            if model.onlyLooks(calls[call].call) {
                let isNew = tried.insert(situation(placing: call, next)).inserted
                return isNew ? (call, next) : nil
            }
            guard found == nil, call >= start,
                !tried.contains(situation(placing: call, next))
            else { continue }
            found = (call, next)
        }
        if let (call, next) = found { tried.insert(situation(placing: call, next)) }
        return found
    }

    private func situation(placing call: Int, _ state: Model.State) -> Situation {
        var words: [UInt64] = []
        var beginning = first
        while beginning < calls.count, isPlaced[beginning] || beginning == call { beginning += 1 }
        for other in beginning..<calls.count where isPlaced[other] || other == call {
            let word = (other - beginning) / 64
            while words.count <= word { words.append(0) }
            words[word] |= 1 << UInt64((other - beginning) % 64)
        }
        return Situation(first: beginning, placed: words, state: state)
    }

    private mutating func noteEnd() {
        guard choices.count > longest.explained.count || longest.next.isEmpty else { return }
        var next: [Int] = []
        var latest = Int.max
        for call in first..<calls.count where !isPlaced[call] && calls[call].begun <= latest {
            latest = min(latest, calls[call].ended)
            next.append(order[call])
        }
        longest = (choices.map { order[$0.call] }, next)
    }
}
