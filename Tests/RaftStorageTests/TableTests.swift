internal import Raft
@testable internal import RaftStorage
internal import RaftTesting
internal import Testing
internal import Wire

/// The tables inside the log, each against an array of (index, value).
@Suite struct `The tables of the log agree with arrays` {
    @Test(arguments: 1...10)
    func `terms`(seed: UInt64) {
        var dice = Dice(seed)
        var table = LogOutline()
        var base = EntryID.zero
        var terms: [UInt64] = []
        for _ in 0..<200 {
            switch Int.random(in: 0...5, using: &dice) {
            case 0 where !terms.isEmpty:
                let count = Int.random(in: 1...terms.count, using: &dice)
                base = EntryID(terms[count - 1], Int(base.index.rawValue) + count)
                terms.removeFirst(count)
                table.compact(through: base)
            default:
                let kept = max(0, terms.count - Int.random(in: 0...3, using: &dice))
                terms.removeSubrange(kept...)
                var new: [UInt64] = []
                for _ in 0..<Int.random(in: 0...6, using: &dice) {
                    new.append(
                        (new.last ?? terms.last ?? base.term.rawValue)
                            + (Bool.random(using: &dice) ? 1 : 0))
                }
                table.replace(
                    from: base.index.advanced(by: kept + 1),
                    with: new.map { TermRun(term: Term($0), count: 1) })
                terms += new
            }
            #expect(table.base == base)
            #expect(table.count == terms.count)
            #expect(table.term(at: base.index) == base.term)
            for (i, term) in terms.enumerated() {
                #expect(table.term(at: base.index.advanced(by: i + 1)) == Term(term))
            }
            #expect(table.term(at: base.index.advanced(by: terms.count + 1)) == nil)
            if table.count > 0 {
                let last = table.lastIndex
                for first in 1...table.count {
                    let index = base.index.advanced(by: first)
                    #expect(
                        table.run(from: index, through: last)
                            == table.runs(from: index, through: last)[0])
                    #expect(table.run(from: index, through: index).count == 1)
                }
            }
            #expect(
                table.runs.flatMap { [UInt64](repeating: $0.term.rawValue, count: $0.count) }
                    == terms)
        }
    }

    @Test(arguments: 1...5)
    func `entries in memory`(seed: UInt64) {
        var dice = Dice(seed)
        var cache = EntryCache()
        var next = 1
        var held: [Int: [UInt8]] = [:]
        var lists = 0
        for step in 0..<120 {
            let first = max(1, next - (step % 5 == 0 ? Int.random(in: 0...6, using: &dice) : 0))
            let items = (0..<Int.random(in: 1...4, using: &dice)).map { _ in
                [UInt8](
                    repeating: UInt8.random(in: 0...255, using: &dice),
                    count: Int.random(in: 0...60_000, using: &dice))
            }
            if Bool.random(using: &dice) {
                cache.replace(
                    from: LogIndex(UInt64(first)), with: PackedBytes([[1]] + items + [[2]]),
                    1..<items.count + 1)
            } else {
                cache.replace(
                    from: LogIndex(UInt64(first)), with: PackedBytes(items), 0..<items.count)
            }
            for index in first..<max(next, first) { held[index] = nil }
            for (i, item) in items.enumerated() { held[first + i] = item }
            next = first + items.count
            cache.trim(toBytes: 400_000, written: LogIndex(UInt64(next - 3)))

            let start = Int(cache.first?.rawValue ?? 0)
            #expect(start <= next - 2 || items.count < 3)
            var result = PackedBytes()
            let from = Int.random(in: start..<next, using: &dice)
            let limit = Int.random(in: 0...200_000, using: &dice)
            let count = cache.read(
                from: LogIndex(UInt64(from)), through: LogIndex(UInt64(next - 1)), maxBytes: limit,
                mustTakeOne: true, into: &result)
            #expect(count == result.count && count >= 1)
            #expect(count == 1 || result.byteCount <= limit)
            if from + count < next {
                #expect(result.byteCount + (held[from + count]?.count ?? 0) > limit)
            }
            for i in 0..<count { #expect(result[i] == held[from + i]) }
            let list = cache.list(
                from: LogIndex(UInt64(from)), through: LogIndex(UInt64(next - 1)), maxBytes: limit)
            guard let list else { continue }
            lists += 1
            #expect(list.byteCount <= limit)
            #expect(from + list.count == next || list.byteCount >= limit / 2)
            for i in 0..<list.count { #expect(list[i] == held[from + i]) }
        }
        #expect(lists > 0)
        cache.truncate(from: LogIndex(1))
        #expect(cache.byteCount == 0)
    }

    @Test func `no more memory is held than twice what is in it`() {
        for reserved in [0, 40_000, 50_000, 1_000_000] {
            var items = PackedBytes()
            items.reserve(count: 1, bytes: reserved)
            let content = [UInt8](repeating: 7, count: 40_000)
            items.append(content.span)
            var cache = EntryCache()
            cache.replace(from: LogIndex(1), with: items, 0..<1)
            let held = cache.run(
                from: LogIndex(1), through: LogIndex(1), maxBytes: 1, maxCount: 1)
            #expect(held.items == items)
            #expect(held.items.bytes.capacity <= 2 * 40_000 + 256)
        }
    }

    @Test func `names that are not of segments are left alone`() {
        #expect(LogFormat.segmentNumber(fileName: "0000000012.log") == 12)
        for name in [
            "12.log", "0000000000.log", "creating", "00000000012.log", "+000000012.log", ".log",
        ] {
            #expect(LogFormat.segmentNumber(fileName: name) == nil)
        }
    }
}
