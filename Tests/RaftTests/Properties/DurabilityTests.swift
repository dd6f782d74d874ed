@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// What counts as durable against a disk that is an array, through truncations (row 20).
@Suite struct DurabilityTests {
    /// The dumb twin: every entry ever made has a number of its own, and the disk is a list of them.
    private struct Naive {
        var log: [Int] = []
        var disk: [Int] = []
        var diskState = HardState()
        var writes: [(first: Int, entries: [Int], state: HardState?)] = []
        var made = 0

        /// Entries up to here are on the disk as they are in the log.
        var shared: Int { zip(log, disk).prefix { $0 == $1 }.count }

        mutating func append(_ count: Int) {
            for _ in 0..<count {
                made += 1
                log.append(made)
            }
        }

        mutating func finish(_ count: Int) {
            for write in writes.prefix(count) {
                disk.removeSubrange(min(write.first, disk.count)...)
                disk += write.entries
                if let state = write.state { diskState = state }
            }
            writes.removeFirst(count)
        }
    }

    @Test(arguments: 0..<200) func `nothing counts as durable that is not`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var naive = Naive()
        var durability = Durability(index: .zero, hardState: HardState())
        var unwritten = 0
        var term: UInt64 = 0
        for _ in 0..<60 {
            switch random.below(5) {
            case 0: naive.append(1 + random.below(3))
            case 1 where !naive.log.isEmpty:
                let kept = random.below(naive.log.count)
                naive.log.removeSubrange(kept...)
                durability.truncate(from: LogIndex(UInt64(kept + 1)))
                unwritten = min(unwritten, kept)
                naive.append(1)  // a truncation always makes room for something
            case 2, 3:
                var state: HardState?
                if random.oneIn(3) {
                    term += 1
                    state = HardState(term: Term(term), vote: nil)
                }
                naive.writes.append((unwritten, Array(naive.log[unwritten...]), state))
                unwritten = naive.log.count
                let last = LogIndex(UInt64(naive.log.count))
                _ = durability.begin(hardState: state, lastIndex: last)
            default:
                let count = random.below(naive.writes.count + 1)
                let id = durability.newest.rawValue - UInt64(naive.writes.count - count)
                naive.finish(count)
                durability.finish(through: PersistID(id))
            }
            #expect(durability.index <= LogIndex(UInt64(naive.shared)))
            #expect(durability.hardState == naive.diskState)
            if naive.writes.isEmpty, unwritten == naive.log.count {
                #expect(durability.index == LogIndex(UInt64(naive.shared)))
            }
        }
    }

    @Test func `a completion from before a truncation vouches for nothing after it`() {
        var durability = Durability(index: .zero, hardState: HardState())
        let old = durability.begin(hardState: nil, lastIndex: LogIndex(3))
        durability.truncate(from: LogIndex(2))
        let new = durability.begin(hardState: nil, lastIndex: LogIndex(3))
        durability.finish(through: old)
        #expect(durability.index == LogIndex(1))
        durability.finish(through: new)
        #expect(durability.index == LogIndex(3))
        durability.finish(through: old)
        #expect(durability.index == LogIndex(3))
    }

    @Test func `a durable snapshot takes the place of writes under way`() {
        var durability = Durability(index: .zero, hardState: HardState())
        let old = durability.begin(hardState: nil, lastIndex: LogIndex(9))
        durability.reset(to: LogIndex(5))
        durability.finish(through: old)
        #expect(durability.index == LogIndex(5))
    }
}
