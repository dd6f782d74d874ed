@testable internal import RaftHost
internal import Platform
internal import Testing

@Suite struct RetryDelayTests {
    @Test func `waits double up to the last one, each within its upper half`() {
        var delay = RetryDelay(firstMilliseconds: 20, lastMilliseconds: 1000, seed: 3)
        for longest in [20, 40, 80, 160, 320, 640, 1000, 1000] {
            #expect((longest / 2...longest).contains(delay.next()))
        }
        for _ in 0..<100 { #expect(delay.next() <= 1000) }
        delay.reset()
        #expect((10...20).contains(delay.next()))
    }

    @Test func `a seed gives the same waits again, another one others`() {
        func waits(_ seed: UInt64) -> [Int] {
            var delay = RetryDelay(firstMilliseconds: 20, lastMilliseconds: 1000, seed: seed)
            return (0..<10).map { _ in delay.next() }
        }
        #expect(waits(1) == waits(1))
        #expect(waits(1) != waits(2))
    }

    @Test(arguments: [(0, 0), (-5, 3), (5, 1), (Int.max, Int.max), (1, Int.max)])
    func `no setting makes a wait that is not one`(first: Int, last: Int) {
        var delay = RetryDelay(firstMilliseconds: first, lastMilliseconds: last, seed: 1)
        for _ in 0..<80 { #expect(delay.next() >= 1) }
    }

    @Test func `a few notices pass at once, then one an interval, and none goes uncounted`() {
        var limiter = NoticeLimiter(burst: 3, intervalMilliseconds: 100)
        func admit(at milliseconds: Int) -> Int? {
            limiter.admit(at: MonotonicTime(nanoseconds: 0).advanced(byMilliseconds: milliseconds))
        }
        let atOnce = (0..<6).map { _ in admit(at: 1000) }
        #expect(atOnce == [0, 0, 0, nil, nil, nil])
        let later = [1099, 1100, 1101, 1199, 1200].map { admit(at: $0) }
        #expect(later == [nil, 4, nil, nil, 2])
        let muchLater = (0..<4).map { _ in admit(at: 100_000) }
        #expect(muchLater == [0, 0, 0, nil])
    }
}
