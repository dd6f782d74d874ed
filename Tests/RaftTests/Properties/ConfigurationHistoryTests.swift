@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// The memberships of a log against an array that has one for every index.
@Suite struct ConfigurationHistoryTests {
    @Test(arguments: 0..<200) func `it agrees with a membership noted at every index`(seed: UInt64)
    {
        var random = SplitMix64(seed: seed)
        let founding = Configuration(voters: [NodeID(1)])
        var history = ConfigurationHistory(base: founding)
        var base = 0
        var twin = [founding]  // what counts at base, base + 1 and so on
        for number in 0..<40 {
            switch random.below(5) {
            case 0, 1:
                let gap = random.below(3)
                twin += Array(repeating: twin[twin.count - 1], count: gap)
                let next = Configuration(voters: [NodeID(UInt64(number + 2))])
                history.append(next, at: LogIndex(UInt64(base + twin.count)))
                twin.append(next)
            case 2:
                let first = base + 1 + random.below(twin.count)
                history.truncate(from: LogIndex(UInt64(first)))
                twin.removeSubrange((first - base)...)
            case 3:
                let end = base + random.below(twin.count)
                history.compact(through: LogIndex(UInt64(end)), twin[end - base])
                twin.removeFirst(end - base)
                base = end
            default: break
            }
            #expect(history.current == twin[twin.count - 1])
            for (offset, expected) in twin.enumerated() {
                let index = LogIndex(UInt64(base + offset))
                #expect(history.configuration(at: index) == expected)
            }
        }
    }
}
