@testable internal import Naming
internal import Testing

@Suite struct StorageTests {
    @Test func `a set of slots gives its smallest member`() {
        var random = SplitMix64(seed: 1)
        var set = SlotSet()
        var plain = Set<UInt32>()
        for _ in 0..<5_000 {
            let slot = UInt32.random(in: 0..<10_000, using: &random) * 1_600
            if Bool.random(using: &random) {
                set.insert(slot)
                plain.insert(slot)
            } else {
                set.remove(slot)
                plain.remove(slot)
            }
            #expect(set.first == plain.min())
        }
        while let first = set.first {
            #expect(plain.remove(first) != nil)
            set.remove(first)
        }
        #expect(plain.isEmpty)
    }

    @Test func `an index finds what is in it and nothing else`() {
        var random = SplitMix64(seed: 2)
        var index = ShardedIndex(shardBits: 1)
        var plain: [UInt32: UInt64] = [:]
        // So few different hashes that places collide in table, half and whole.
        let hashes = (0..<60).map { UInt64($0 % 30 * 5) << 32 | UInt64($0 % 4) }
        for _ in 0..<20_000 {
            let slot = UInt32.random(in: 0..<200, using: &random)
            if let hash = plain[slot] {
                index.remove(hash, slot)
                plain[slot] = nil
            } else {
                let hash = hashes[Int.random(in: 0..<hashes.count, using: &random)]
                index.insert(hash, slot)
                plain[slot] = hash
            }
            let asked = UInt32.random(in: 0..<200, using: &random)
            let hash = plain[asked] ?? hashes[Int.random(in: 0..<hashes.count, using: &random)]
            let expected = plain[asked] == hash ? asked : nil
            let found = index.find(hash) { $0 == asked && plain[$0] == hash }
            #expect(found == expected)
        }
    }

    @Test func `a shared value is kept once and until its last use`() {
        var table = InternTable<ByteText>(shardBits: 2)
        let first = table.retain(ByteText("a"))
        let second = table.retain(ByteText("a"))
        let other = table.retain(ByteText("b"))
        #expect(first == second)
        #expect(first != other)
        table.release(first)
        #expect(table.find(ByteText("a")) == first)
        table.release(first)
        #expect(table.find(ByteText("a")) == nil)
        #expect(table.count == 1)
        #expect(table.retain(ByteText("c")) == first)
        #expect(table[other]?.string == "b")
    }

    @Test func `a copy of a chunked array stays as it was`() {
        var array = ChunkedArray<Int>()
        for i in 0..<2_000 { array.append(i) }
        let copy = array
        for i in UInt32(0)..<2_000 { array[i] += 1 }
        array.append(-1)
        #expect((0..<UInt32(2_000)).allSatisfy { copy[$0] == Int($0) })
        #expect((0..<UInt32(2_000)).allSatisfy { array[$0] == Int($0) + 1 })
        #expect(copy.count == 2_000)
        #expect(array.count == 2_001)
    }

    @Test func `a copy of a paged array stays as it was`() {
        var array = PagedArray<Int>()
        for i in 0..<20_000 { array.append(i) }
        let copy = array
        for i in UInt32(0)..<20_000 { array[i] += 1 }
        array.append(-1)
        #expect((0..<UInt32(20_000)).allSatisfy { copy[$0] == Int($0) })
        #expect((0..<UInt32(20_000)).allSatisfy { array[$0] == Int($0) + 1 })
        #expect(copy.count == 20_000)
        #expect(array.count == 20_001)
    }

    @Test
    func `a write to a copied array copies a chunk and a list, and to a paged one a short list`() {
        var chunked = ChunkedArray<Int>()
        var paged = PagedArray<Int>()
        for i in 0..<100_000 {
            chunked.append(i)
            paged.append(i)
        }
        let (oldChunked, oldPaged) = (chunked, paged)
        #expect(chunked.copiedBytes(since: oldChunked) == 0)
        #expect(paged.copiedBytes(since: oldPaged) == 0)
        // 128 to a chunk; the list of all has 782 of 8 bytes, that of a page 64, and there are 13 pages.
        for i in [5, 6, 90_000] as [UInt32] { chunked[i] = 0 }
        #expect(chunked.copiedBytes(since: oldChunked) == 2 * 1024 + 782 * 8)
        for i in [5, 6, 130] as [UInt32] { paged[i] = 0 }
        #expect(paged.copiedBytes(since: oldPaged) == 2 * 1024 + 64 * 8 + 13 * 16)
    }

    @Test(arguments: UInt64(1)...20) func `the wheel gives out whoever is due`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var wheel = TimingWheel()
        var plain: [UInt32: UInt64] = [:]
        var now: UInt64 = seed % 2 == 0 ? 0 : 1_795_217_253_867
        for _ in 0..<1_500 {
            let slot = UInt32.random(in: 0..<50, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let span = UInt64(1) << UInt64.random(in: 0..<34, using: &random)
                let offset = UInt64.random(in: 0..<span, using: &random)
                let isPast = Int.random(in: 0..<10, using: &random) == 0
                let deadline = isPast ? now - min(now, offset) : now + offset
                wheel.arm(slot, at: deadline, now: now)
                plain[slot] = deadline
            case 5..<7:
                wheel.disarm(slot)
                plain[slot] = nil
            default:
                let bound = wheel.nextDeadline
                #expect((bound == nil) == plain.isEmpty)
                if let bound, let least = plain.values.min() {
                    #expect(bound <= max(least, now))
                    if Bool.random(using: &random) { now = max(now, bound) }
                }
                now += UInt64(1) << UInt64.random(in: 0..<30, using: &random)
                takeDue(&wheel, &plain, now)
            }
        }
    }

    private func takeDue(
        _ wheel: inout TimingWheel, _ plain: inout [UInt32: UInt64], _ now: UInt64
    ) {
        var taken: [UInt32] = []
        wheel.takeDue(at: now, into: &taken)
        #expect(Set(taken).count == taken.count)
        for slot in taken {
            guard let deadline = plain[slot] else {
                Issue.record("gave out \(slot), which is not armed")
                continue
            }
            if deadline <= now {
                plain[slot] = nil
            } else {
                wheel.arm(slot, at: deadline, now: now)
            }
        }
        #expect(plain.values.allSatisfy { $0 > now })
    }
}
