@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// The window against a list of (last, bytes) that is searched from end to end.
@Suite struct InflightWindowTests {
    @Test(arguments: 0..<200) func `it agrees with a plain list`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var window = InflightWindow()
        var list: [(last: UInt64, bytes: Int)] = []
        var isOpen = false
        var end: UInt64 = 0
        for _ in 0..<60 {
            switch random.below(6) {
            case 0,
                1 where !isOpen:
                guard !isOpen else { break }
                end += 1 + UInt64(random.below(4))
                window.append(LogIndex(end))
                list.append((end, 0))
                isOpen = true
            case 2, 3:
                guard let newest = list.last else { break }
                let before = list.count > 1 ? list[list.count - 2].last : 0
                let last = random.oneIn(2) ? newest.last : min(newest.last, before + 1)
                let bytes = random.below(50)
                let isTaken = window.close(through: LogIndex(last), bytes: bytes)
                #expect(isTaken == isOpen)
                guard isOpen else { break }
                list[list.count - 1] = (last, bytes)
                end = last
                isOpen = false
            case 4:
                let match = UInt64(random.below(Int(end) + 2))
                window.acknowledge(through: LogIndex(match))
                list.removeAll { $0.last <= match }
                if list.isEmpty { isOpen = false }
            default:
                guard random.oneIn(10) else { break }
                window.removeAll()
                list = []
                isOpen = false
            }
            #expect(window.ends == list.map { LogIndex($0.last) })
            #expect(window.bytes == list.reduce(0) { $0 + $1.bytes })
            #expect(window.isOpen == isOpen && window.count == list.count)
        }
    }
}
