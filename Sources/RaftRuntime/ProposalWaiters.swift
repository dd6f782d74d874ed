/// Those who wait for the outcomes of a node's proposals.
///
/// A node numbers its proposals one after the other, so whoever waits is found by place, without a search. Each is
/// told once. A class, because one who is told may well propose again.
public final class ProposalWaiters<Answer: Sendable> {
    /// Is called once, with the outcome.
    public typealias Waiter = (ProposalOutcome<Answer>) -> Void

    /// A closure as such would be wrapped once more in an array, which takes values of any type.
    @usableFromInline
    struct Slot {
        /// Nothing once it was told.
        @usableFromInline var waiter: Waiter?

        @inlinable
        init(waiter: @escaping Waiter) { self.waiter = waiter }
    }

    /// All that changes, in one piece: each access to a property of a class is checked at run time.
    @usableFromInline
    struct State {
        @usableFromInline var slots: [Slot] = []
        /// The place of the first who was not told yet; all before are empty.
        @usableFromInline var head = 0
        /// The number of the proposal at `head`.
        @usableFromInline var first: UInt64 = 1

        @inlinable
        init() {}

        @inlinable
        mutating func take(_ proposal: ProposalID) -> Waiter? {
            let distance = Int(truncatingIfNeeded: proposal.rawValue &- first)
            guard distance >= 0, distance < slots.count - head else { return nil }
            let waiter = slots[head + distance].waiter
            slots[head + distance].waiter = nil
            if distance == 0 { advance() }
            return waiter
        }

        /// Passes over those who were told, and lets go of their places now and then.
        @inlinable
        mutating func advance() {
            while head < slots.count, slots[head].waiter == nil {
                head += 1
                first += 1
            }
            if head == slots.count {
                slots.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024, head * 2 >= slots.count {
                slots.removeFirst(head)
                head = 0
            }
        }
    }

    @usableFromInline var state = State()

    /// Nobody waits yet, and the node has taken no proposal.
    public init() {}

    /// How many wait, or stand between those who do.
    public var count: Int { state.slots.count - state.head }

    /// The number of the next proposal.
    public var next: ProposalID { ProposalID(rawValue: state.first + UInt64(count)) }

    /// Takes in who waits for the next proposal.
    @inlinable
    public func append(_ waiter: @escaping Waiter) { state.slots.append(Slot(waiter: waiter)) }

    /// Takes out who waits for a proposal; nobody, when that was told already.
    ///
    /// - Complexity: O(1), amortised over many.
    @inlinable
    public func take(_ proposal: ProposalID) -> Waiter? { state.take(proposal) }
}

extension StateMachine {
    /// Tells those who wait what became of their proposals, and returns what else has ended.
    ///
    /// Inlinable for the same reason as `apply(_:into:)`.
    @inlinable
    public static func tell(
        _ completions: [Completion<Answer>], to waiters: ProposalWaiters<Answer>
    ) -> [Completion<Answer>] {
        var others: [Completion<Answer>] = []
        for i in completions.indices {
            if case .proposal(let id, let outcome) = completions[i] {
                waiters.take(id)?(outcome)
            } else {
                others.append(completions[i])
            }
        }
        return others
    }
}
