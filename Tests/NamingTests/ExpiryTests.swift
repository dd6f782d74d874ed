internal import Naming
internal import Testing

@Suite struct ExpiryTests {
    @Test func `silence of exactly the timeout is not too long, and one millisecond more is`() {
        let fixture = Fixture()
        fixture.register()
        let nothing = Answer.advanced(unhealthy: 0, removedInstances: 0, removedServices: 0)
        #expect(fixture.apply(.advanceTime, after: 15_000) == nothing)
        #expect(fixture.isHealthy() == true)
        #expect(
            fixture.apply(.advanceTime, after: 1)
                == .advanced(unhealthy: 1, removedInstances: 0, removedServices: 0))
        #expect(fixture.isHealthy() == false)
        #expect(fixture.apply(.advanceTime, after: 14_999) == nothing)
        #expect(
            fixture.apply(.advanceTime, after: 1)
                == .advanced(unhealthy: 0, removedInstances: 1, removedServices: 0))
        #expect(fixture.isHealthy() == nil)
    }

    @Test func `expiry says what it did`() {
        let fixture = Fixture()
        fixture.register()
        let key = Fixture.instance()
        #expect(fixture.changes() == [.serviceAdded, .instanceAdded(key)])
        fixture.apply(.advanceTime, after: 15_001)
        #expect(fixture.changes() == [.instanceChanged(key)])
        fixture.apply(.advanceTime, after: 15_000)
        #expect(fixture.changes() == [.instanceRemoved(key)])
        fixture.apply(.advanceTime, after: 59_999)
        #expect(fixture.changes() == [])
        fixture.apply(.advanceTime, after: 1)
        #expect(fixture.changes() == [.serviceRemoved])
        #expect(fixture.registry.nextDeadline == nil)
    }

    @Test func `nothing expires but by the command`() throws {
        let fixture = Fixture()
        let number = try #require(fixture.register())
        fixture.apply(.register(Fixture.registration(2)), after: 1_000_000)
        #expect(fixture.isHealthy() == true)
        // The beat came into the log before the command that would have removed it.
        #expect(fixture.apply(.beats(BeatBatch([number]))) == .beats(known: 1))
        fixture.apply(.advanceTime)
        #expect(fixture.isHealthy() == true)
    }

    @Test func `time that stands still or runs back expires nobody`() {
        let fixture = Fixture()
        fixture.register()
        fixture.apply(.advanceTime, after: 15_000)
        // A new leader whose clock is behind: what it stamps counts as the time reached.
        for back in [1, 500, 900_000, 1_015_000] as [UInt64] {
            _ = fixture.registry.apply(
                .advanceTime, index: 99, timeMilliseconds: fixture.time - back)
        }
        #expect(fixture.registry.clock == fixture.time)
        #expect(fixture.isHealthy() == true)
        fixture.apply(.advanceTime, after: 1)
        #expect(fixture.isHealthy() == false)
    }

    @Test func `a time at the end of all time is survived`() {
        let fixture = Fixture()
        fixture.register()
        _ = fixture.registry.apply(.advanceTime, index: 2, timeMilliseconds: .max)
        #expect(fixture.registry.clock == Limits.maxTimeMilliseconds)
        fixture.register(2)
        _ = fixture.registry.apply(.advanceTime, index: 3, timeMilliseconds: .max)
        #expect(fixture.isHealthy(2) == true)
    }

    @Test func `a beat revives an unhealthy instance and says so`() throws {
        let fixture = Fixture()
        let number = try #require(fixture.register())
        fixture.apply(.advanceTime, after: 20_000)
        #expect(fixture.isHealthy() == false)
        _ = fixture.events()
        fixture.apply(.beats(BeatBatch([number])), after: 1)
        #expect(fixture.isHealthy() == true)
        #expect(fixture.changes() == [.instanceChanged(Fixture.instance())])
        fixture.apply(.beats(BeatBatch([number])), after: 1)
        #expect(fixture.changes() == [])
        fixture.apply(.advanceTime, after: 15_000)
        #expect(fixture.isHealthy() == true)
        fixture.apply(.advanceTime, after: 1)
        #expect(fixture.isHealthy() == false)
    }

    @Test func `an instance that beats in time never expires, through snapshots and new leaders`()
        throws
    {
        let fixture = Fixture()
        let number = try #require(fixture.register())
        for round in 0..<200 {
            fixture.apply(.beats(BeatBatch([number])), after: 7_500)
            fixture.apply(.advanceTime, after: 7_500)
            #expect(fixture.isHealthy() == true)
            if round % 10 == 0 {
                let bytes = fixture.registry.encoded()
                try fixture.registry.restore(from: bytes.span)
            }
        }
    }

    @Test func `metadata sets the timers`() {
        let fixture = Fixture()
        var registration = Fixture.registration()
        registration.metadata = Metadata([
            Timers.intervalKey: "1000", Timers.timeoutKey: "3000", Timers.deleteTimeoutKey: "9000",
        ])
        let expected = InstanceNumber(slot: 0, generation: 1)
        #expect(
            fixture.apply(.beat(registration))
                == .beat(expected, intervalMilliseconds: 1_000, isNew: true))
        fixture.apply(.advanceTime, after: 3_001)
        #expect(fixture.isHealthy() == false)
        fixture.apply(.advanceTime, after: 5_999)
        #expect(fixture.isHealthy() == false)
        fixture.apply(.advanceTime, after: 1)
        #expect(fixture.isHealthy() == nil)
    }

    @Test func `timers shortened by an update count at once`() {
        let fixture = Fixture()
        fixture.register()
        let short = Metadata([Timers.timeoutKey: "5000", Timers.deleteTimeoutKey: "5000"])
        fixture.apply(.advanceTime, after: 6_000)
        fixture.apply(
            .update(
                Fixture.service, Fixture.instance(), InstanceChange(metadata: .replace(short))))
        #expect(fixture.isHealthy() == true)
        fixture.apply(.advanceTime)
        #expect(fixture.isHealthy() == nil)
    }

    @Test func `a persistent instance never expires`() {
        let fixture = Fixture()
        var registration = Fixture.registration()
        registration.kind = .persistent
        fixture.apply(.register(registration))
        #expect(fixture.registry.nextDeadline == nil)
        fixture.apply(.advanceTime, after: 1_000_000_000)
        #expect(fixture.isHealthy() == true)
    }

    @Test func `a broken connection is seen at once and forgiven within the grace`() throws {
        let fixture = Fixture()
        let number = try #require(fixture.register())
        fixture.register(2)
        _ = fixture.events()
        let lost = Command.disconnect(BeatBatch([number]), graceMilliseconds: 10_000)
        #expect(fixture.apply(lost, after: 5_000) == .beats(known: 1))
        #expect(fixture.isHealthy() == false)
        #expect(fixture.changes() == [.instanceChanged(Fixture.instance())])
        fixture.apply(.advanceTime, after: 10_000)
        #expect(fixture.isHealthy() == false)

        // It came back: its old connection's end does not count any more.
        fixture.register()
        #expect(fixture.isHealthy() == true)
        #expect(fixture.apply(lost) == .beats(known: 0))
        #expect(fixture.isHealthy() == true)

        let again = try #require(
            fixture.registry.beatTarget(Fixture.instance(), of: Fixture.service)
        ).number
        fixture.apply(.disconnect(BeatBatch([again]), graceMilliseconds: 10_000))
        fixture.apply(.advanceTime, after: 10_001)
        #expect(fixture.isHealthy() == nil)
    }

    @Test func `the deadline becomes exact after a few early calls`() throws {
        let fixture = Fixture()
        fixture.time = 1_795_217_253_867
        fixture.register()
        let end = fixture.time + 15_001
        var calls = 0
        while fixture.isHealthy() == true {
            let bound = try #require(fixture.registry.nextDeadline)
            #expect(bound <= end)
            #expect(bound > fixture.time)
            fixture.apply(.advanceTime, after: bound - fixture.time)
            calls += 1
        }
        #expect(fixture.time == end)
        #expect(calls <= 4)
    }

    @Test func `an idle registry asks for nothing`() {
        let fixture = Fixture()
        #expect(fixture.registry.nextDeadline == nil)
        fixture.apply(.createService(Fixture.service, nil, ServiceSettings()))
        #expect(fixture.registry.nextDeadline == nil)
        fixture.register()
        #expect(fixture.registry.nextDeadline != nil)
        fixture.apply(.deregister(Fixture.service, Fixture.instance(), generation: nil))
        #expect(fixture.registry.nextDeadline == nil)
    }
}
