internal import Naming
internal import Testing

@Suite struct `A registry that waits for its time to begin` {
    private let start: UInt64 = 9_000_000_000

    /// One instance that was silent for 12 s, one that is unhealthy, a service that was empty for a while.
    private func old() -> Fixture {
        let fixture = Fixture()
        fixture.register(1)
        fixture.apply(.advanceTime, after: 16_000)
        fixture.register(2)
        let other = ServiceKey(namespace: "public", group: "DEFAULT_GROUP", name: "empty")
        let guest = InstanceKey(ip: "10.0.0.9", port: 1, clusterName: "DEFAULT")
        fixture.apply(.register(Registration(service: other, instance: guest)))
        fixture.apply(.deregister(other, guest, generation: nil))
        fixture.apply(.advanceTime, after: 12_000)
        return fixture
    }

    @Test func `gives everybody the whole of its time from the first command on`() throws {
        let before = old().registry
        #expect(before.instance(Fixture.instance(1), of: Fixture.service)?.isHealthy == false)
        for isRead in [false, true] {
            var registry = before.awaitingTime()
            if isRead { registry = try Registry(decoding: registry.encoded().span) }
            #expect(registry.counts == before.counts)
            var index: UInt64 = 1000
            func advance(to time: UInt64) {
                index += 1
                _ = registry.apply(.advanceTime, index: index, timeMilliseconds: time)
            }
            advance(to: start)
            #expect(registry.counts == before.counts)
            advance(to: start + 15_000)
            #expect(registry.counts == before.counts, "nobody is late")
            advance(to: start + 15_001)
            #expect(registry.counts.healthyInstances == 0)
            #expect(registry.counts.instances == 2)
            advance(to: start + 30_001)
            #expect(registry.counts.instances == 0)
        }
    }

    @Test func `shows its lists with reference times that are newer than any before`() throws {
        let before = old().registry
        var registry = before.awaitingTime()
        _ = registry.apply(.advanceTime, index: 1, timeMilliseconds: start)
        let time = registry.service(Fixture.service)?.lastRefTime
        #expect(time == start)
        // A clock that stands before the old one.
        registry = before.awaitingTime()
        _ = registry.apply(.advanceTime, index: 1, timeMilliseconds: 5)
        let late = try #require(registry.service(Fixture.service)?.lastRefTime)
        #expect(late > (before.service(Fixture.service)?.lastRefTime ?? .max))
        #expect(registry.counts == before.counts)
    }
}
