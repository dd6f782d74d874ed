@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// The outline of a log against an array with a term for each entry.
@Suite struct LogOutlineTests {
    /// The dumb twin.
    private struct Naive {
        var base = EntryID.zero
        var terms: [Term] = []

        var last: UInt64 { base.index.rawValue + UInt64(terms.count) }

        func term(at index: UInt64) -> Term? {
            if index == base.index.rawValue { return base.term }
            guard index > base.index.rawValue, index <= last else { return nil }
            return terms[Int(index - base.index.rawValue) - 1]
        }

        func lastEntry(notAfter index: UInt64, termAtMost term: Term) -> EntryID {
            var place = min(index, last)
            while place > base.index.rawValue, let own = self.term(at: place) {
                if own <= term { return EntryID(term: own, index: LogIndex(place)) }
                place -= 1
            }
            return base
        }
    }

    private func compare(_ outline: LogOutline, _ naive: Naive, _ random: inout SplitMix64) {
        #expect(outline.base == naive.base && outline.lastIndex.rawValue == naive.last)
        #expect(outline.last.term == naive.term(at: naive.last))
        for index in 0...naive.last + 2 {
            #expect(outline.term(at: LogIndex(index)) == naive.term(at: index), "\(index)")
        }
        let runs = outline.runs(from: outline.firstIndex, through: outline.lastIndex)
        #expect(runs.flatMap { Array(repeating: $0.term, count: $0.count) } == naive.terms)
        #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.term < $1.term })
        for term in 0...6 {
            let index = UInt64(random.below(Int(naive.last) + 3))
            #expect(
                outline.lastEntry(notAfter: LogIndex(index), termAtMost: Term(UInt64(term)))
                    == naive.lastEntry(notAfter: index, termAtMost: Term(UInt64(term))))
        }
        guard !naive.terms.isEmpty else { return }
        let first = random.below(naive.terms.count)
        let count = 1 + random.below(naive.terms.count - first)
        let start = outline.firstIndex.advanced(by: first)
        let slice = outline.runs(from: start, through: start.advanced(by: count - 1))
        #expect(
            slice.flatMap { Array(repeating: $0.term, count: $0.count) }
                == Array(naive.terms[first..<first + count]))
        #expect(outline.runs(from: start.next, through: start) == [])
    }

    /// Does the same at random to both.
    private func change(
        _ outline: inout LogOutline, _ naive: inout Naive, _ random: inout SplitMix64
    ) {
        switch random.below(7) {
        case 0 where !naive.terms.isEmpty:
            let kept = random.below(naive.terms.count)
            naive.terms.removeSubrange(kept...)
            outline.truncate(from: naive.base.index.advanced(by: kept + 1))
        case 1:
            let gone = random.below(naive.terms.count + 1)
            let index = naive.base.index.advanced(by: gone)
            let base = EntryID(term: naive.term(at: index.rawValue) ?? .zero, index: index)
            naive.terms.removeFirst(gone)
            naive.base = base
            outline.compact(through: base)
        case 2 where random.oneIn(8):
            let base = EntryID(term: outline.last.term, index: outline.lastIndex.advanced(by: 3))
            naive = Naive(base: base)
            outline.reset(to: base)
        default:
            let newest = outline.last.term.rawValue
            let term = Term(max(1, newest + UInt64(random.below(2))))
            let count = 1 + random.below(3)
            naive.terms += Array(repeating: term, count: count)
            outline.append(term: term, count: count)
        }
    }

    @Test(arguments: 0..<40) func `an outline knows what an array of terms knows`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var outline = LogOutline()
        var naive = Naive()
        for _ in 0..<40 {
            change(&outline, &naive, &random)
            compare(outline, naive, &random)
        }
        let rebuilt = LogOutline(
            base: naive.base, runs: naive.terms.map { TermRun(term: $0, count: 1) })
        #expect(rebuilt == outline, "the same log has one outline only")
    }

    @Test func `a truncation beyond the end changes nothing`() {
        var outline = LogOutline(base: .zero, runs: [TermRun(term: Term(1), count: 2)])
        let before = outline
        outline.truncate(from: LogIndex(3))
        #expect(outline == before)
    }
}
