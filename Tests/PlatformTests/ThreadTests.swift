internal import Platform
internal import Testing

@Suite struct ThreadTests {
    @Test func `a worker runs jobs in order and shutdown waits for all of them`() throws {
        let worker = try WorkerThread(name: "worker")
        let seen = Guarded<[Int]>([])
        for number in 0..<1_000 {
            #expect(worker.submit { seen.withLock { $0.append(number) } })
        }
        worker.shutdown()
        #expect(seen.withLock { $0 } == Array(0..<1_000))
        #expect(!worker.submit {})
        worker.shutdown()
    }

    @Test func `a lock lets one thread in at a time`() throws {
        let count = Guarded(0)
        let threads = try (0..<4).map { _ in
            try SystemThread(name: "counter") {
                for _ in 0..<10_000 { count.withLock { $0 += 1 } }
            }
        }
        for thread in threads { thread.join() }
        #expect(count.withLock { $0 } == 40_000)
    }

    @Test func `random bytes differ and have the asked length`() {
        #expect(SystemRandom.bytes(0).isEmpty)
        #expect(SystemRandom.bytes(1_000).count == 1_000)
        #expect(SystemRandom.bytes(16) != SystemRandom.bytes(16))
    }
}
