internal import Naming
internal import Testing

@Suite struct ExpiryCostTests {
    /// A registry with so many instances that were heard of lately and ten that were not.
    private func registry(live: Int) -> Registry {
        var registry = Registry()
        var time: UInt64 = 1_000_000
        for number in 0..<(live + 10) {
            let service = ServiceKey(namespace: "public", group: "G", name: "s\(number % 50)")
            let instance = InstanceKey(
                ip: "10.\(number >> 16).\((number >> 8) & 255).\(number & 255)", port: 80,
                clusterName: "DEFAULT")
            if number == 10 { time += 10_000 }  // the first ten fall silent here
            _ = registry.apply(
                .register(Registration(service: service, instance: instance)), index: 1,
                timeMilliseconds: time)
        }
        return registry
    }

    @Test func `the cost of expiry follows what expires and not what lives`() {
        var costs: [Int] = []
        for live in [100, 1_000, 20_000] {
            var registry = registry(live: live)
            let before = registry.expiryWork
            let answer = registry.apply(.advanceTime, index: 2, timeMilliseconds: 1_015_001)
            #expect(answer == .advanced(unhealthy: 10, removedInstances: 0, removedServices: 0))
            costs.append(registry.expiryWork - before)
        }
        #expect(costs == [costs[0], costs[0], costs[0]])
        #expect(costs[0] <= 30)
    }

    @Test func `over time the wheel looks at an instance less often than it beats`() {
        var registry = registry(live: 5_000)
        var time: UInt64 = 1_010_000
        let numbers = (10..<UInt32(5_010)).map { InstanceNumber(slot: $0, generation: 1) }
        var beats = 0
        let before = registry.expiryWork
        for round in 0..<300 {
            // A tenth of all beats each half second, so each instance every five seconds.
            let batch = numbers.filter { Int($0.slot) % 10 == round % 10 }
            time += 500
            beats += batch.count
            _ = registry.apply(.beats(BeatBatch(batch)), index: 3, timeMilliseconds: time)
            _ = registry.apply(.advanceTime, index: 3, timeMilliseconds: time)
        }
        #expect(registry.counts.healthyInstances == 5_000)
        #expect(registry.expiryWork - before < beats)
    }

    @Test func `a time step at which nothing is due costs nothing`() {
        var registry = registry(live: 20_000)
        _ = registry.apply(.advanceTime, index: 3, timeMilliseconds: 1_015_001)
        let before = registry.expiryWork
        for step in 1...100 as ClosedRange<UInt64> {
            _ = registry.apply(.advanceTime, index: 3, timeMilliseconds: 1_015_001 + step)
        }
        #expect(registry.expiryWork - before == 0)
    }
}
