internal import Naming
internal import Testing

@Suite struct RegistrationTests {
    @Test func `registering the same again is a beat, a new generation and no event`() throws {
        let fixture = Fixture()
        let first = try #require(fixture.register())
        let events = fixture.events()
        #expect(events.count == 1)
        fixture.time += 10_000
        let second = try #require(fixture.register())
        #expect(second == InstanceNumber(slot: first.slot, generation: first.generation + 1))
        #expect(fixture.events() == [])
        #expect(fixture.registry.revision == events[0].revision)
        fixture.apply(.advanceTime, after: 15_000)
        #expect(fixture.isHealthy() == true)
    }

    @Test func `an old generation can do nothing to a newer registration`() throws {
        let fixture = Fixture()
        let old = try #require(fixture.register())
        fixture.time += 1_000
        let new = try #require(fixture.register())
        _ = fixture.events()
        let before = fixture.registry.encoded()
        #expect(fixture.apply(.beats(BeatBatch([old]))) == .beats(known: 0))
        #expect(
            fixture.apply(.disconnect(BeatBatch([old]), graceMilliseconds: 0)) == .beats(known: 0))
        #expect(
            fixture.apply(
                .deregister(Fixture.service, Fixture.instance(), generation: old.generation))
                == .staleGeneration(current: new.generation))
        #expect(fixture.registry.encoded() == before)
        #expect(fixture.registry.isCurrent(new))
        #expect(!fixture.registry.isCurrent(old))
        #expect(
            fixture.apply(
                .deregister(Fixture.service, Fixture.instance(), generation: new.generation))
                == .done)
    }

    @Test func `a slot that is used again has a higher generation, also after a snapshot`() throws {
        let fixture = Fixture()
        let old = try #require(fixture.register())
        fixture.apply(.deregister(Fixture.service, Fixture.instance(), generation: nil))
        let bytes = fixture.registry.encoded()
        try fixture.registry.restore(from: bytes.span)
        let new = try #require(fixture.register(2))
        #expect(new == InstanceNumber(slot: old.slot, generation: old.generation + 1))
        #expect(fixture.apply(.beats(BeatBatch([old]))) == .beats(known: 0))
    }

    @Test func `the first instance fixes the kind of the service`() {
        let fixture = Fixture()
        fixture.register()
        var other = Fixture.registration(2)
        other.kind = .persistent
        #expect(fixture.apply(.register(other)) == .kindMismatch(serviceKind: .ephemeral))
        #expect(fixture.apply(.beat(other)) == .kindMismatch(serviceKind: .ephemeral))
        #expect(fixture.registry.counts.instances == 1)

        let key = ServiceKey(namespace: "public", group: "G", name: "kept")
        fixture.apply(.createService(key, .persistent, ServiceSettings()))
        var registration = Fixture.registration()
        registration.service = key
        #expect(fixture.apply(.register(registration)) == .kindMismatch(serviceKind: .persistent))
    }

    @Test func `a beat registers who is unknown and says nothing new about who is known`() {
        let fixture = Fixture()
        let number = InstanceNumber(slot: 0, generation: 1)
        #expect(
            fixture.apply(.beat(Fixture.registration()))
                == .beat(number, intervalMilliseconds: 5_000, isNew: true))
        var other = Fixture.registration()
        other.weight = Weight(9) ?? .one
        other.metadata = Metadata(["a": "b"])
        _ = fixture.events()
        #expect(
            fixture.apply(.beat(other))
                == .beat(number, intervalMilliseconds: 5_000, isNew: false))
        #expect(fixture.events() == [])
        let view = fixture.registry.instance(Fixture.instance(), of: Fixture.service)
        #expect(view?.weight == .one)
        #expect(view?.metadata.isEmpty == true)
    }

    @Test func `what an operator set outlasts the client's next registration`() {
        let fixture = Fixture()
        fixture.register()
        let change = InstanceChange(
            weight: Weight(5), isEnabled: false, metadata: .merge(Metadata(["a": "1"])))
        #expect(fixture.apply(.update(Fixture.service, Fixture.instance(), change)) == .done)
        fixture.register()
        let view = fixture.registry.instance(Fixture.instance(), of: Fixture.service)
        #expect(view?.weight == Weight(5))
        #expect(view?.isEnabled == false)
        #expect(view?.metadata.isEmpty == true)
    }

    @Test func `a partial change leaves the rest as it was`() {
        let fixture = Fixture()
        var registration = Fixture.registration()
        registration.metadata = Metadata(["a": "1", "b": "2"])
        registration.app = "shop"
        fixture.apply(.register(registration))
        _ = fixture.events()
        let changes: [InstanceChange] = [
            InstanceChange(metadata: .merge(Metadata(["b": "3", "c": "4"]))),
            InstanceChange(metadata: .remove(["a", "x"])), InstanceChange(),
            InstanceChange(app: "cart"),
        ]
        for change in changes {
            fixture.apply(.update(Fixture.service, Fixture.instance(), change))
        }
        #expect(fixture.events().count == 3)
        let view = fixture.registry.instance(Fixture.instance(), of: Fixture.service)
        #expect(view?.metadata == Metadata(["b": "3", "c": "4"]))
        #expect(view?.app == "cart")
        #expect(view?.weight == .one)
    }

    @Test func `what is absent is told apart`() {
        let fixture = Fixture()
        let missing = Fixture.instance(9)
        let commands: [Command] = [
            .update(Fixture.service, missing, InstanceChange()),
            .setHealth(Fixture.service, missing, isHealthy: true),
            .deregister(Fixture.service, missing, generation: nil),
        ]
        for command in commands { #expect(fixture.apply(command) == .serviceNotFound) }
        fixture.register()
        for command in commands { #expect(fixture.apply(command) == .instanceNotFound) }
        #expect(fixture.events().count == 1)
    }

    @Test func `health is set by hand only where no beats are`() {
        let fixture = Fixture()
        fixture.register()
        #expect(
            fixture.apply(.setHealth(Fixture.service, Fixture.instance(), isHealthy: false))
                == .healthFollowsBeats)
        let key = ServiceKey(namespace: "public", group: "G", name: "kept")
        fixture.apply(
            .register(
                Registration(service: key, instance: Fixture.instance(), kind: .persistent)))
        #expect(fixture.apply(.setHealth(key, Fixture.instance(), isHealthy: false)) == .done)
        #expect(fixture.registry.instance(Fixture.instance(), of: key)?.isHealthy == false)
    }

    static let refusals: [(Registration, Refusal)] = {
        func registration(_ change: (inout Registration) -> Void) -> Registration {
            var registration = Fixture.registration()
            change(&registration)
            return registration
        }
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        return [
            (registration { $0.service.namespace = "" }, .missing(.namespaceID)),
            (registration { $0.service.group = "" }, .missing(.groupName)),
            (registration { $0.service.name = "" }, .missing(.serviceName)),
            (registration { $0.instance.ip = "" }, .missing(.ip)),
            (registration { $0.instance.clusterName = "" }, .missing(.clusterName)),
            (registration { $0.service.namespace = text(65) }, .limit(.namespaceID, 64)),
            (registration { $0.service.group = text(129) }, .limit(.groupName, 128)),
            (registration { $0.service.name = text(513) }, .limit(.serviceName, 512)),
            (registration { $0.instance.ip = text(129) }, .limit(.ip, 128)),
            (registration { $0.instance.clusterName = text(65) }, .limit(.clusterName, 64)),
            (registration { $0.app = text(257) }, .limit(.app, 256)),
            (registration { $0.metadata = Metadata(["a": text(1_024)]) }, .limit(.metadata, 1_024)),
            (
                registration {
                    $0.metadata = Metadata([Timers.timeoutKey: text(0) + "2147483648"])
                },
                .limit(.heartBeatTimeout, 2_147_483_647)
            ),
            (
                registration {
                    $0.metadata = Metadata([Timers.intervalKey: String(repeating: "9", count: 99)])
                }, .limit(.heartBeatInterval, 2_147_483_647)
            ),
            (
                registration { $0.metadata = Metadata([Timers.intervalKey: "15001"]) },
                .timersOutOfOrder
            ),
            (
                registration { $0.metadata = Metadata([Timers.deleteTimeoutKey: "4999"]) },
                .timersOutOfOrder
            ),
        ]
    }()

    @Test(arguments: refusals) func `what is too large or missing is refused with its name`(
        registration: Registration, refusal: Refusal
    ) {
        let fixture = Fixture()
        #expect(fixture.apply(.register(registration)) == .refused(refusal))
        #expect(fixture.registry.counts.services == 0)
        #expect(fixture.events() == [])
    }

    @Test func `what is just within its limit is taken`() {
        var registration = Fixture.registration()
        registration.service = ServiceKey(
            namespace: String(repeating: "n", count: 64), group: String(repeating: "g", count: 128),
            name: String(repeating: "s", count: 512))
        registration.instance.ip = String(repeating: "i", count: 128)
        registration.metadata = Metadata([
            "k": String(repeating: "v", count: 1_023 - 36), Timers.intervalKey: "0001",
            "\(String(repeating: "z", count: 3))": "",
        ])
        let fixture = Fixture()
        let answer = fixture.apply(.register(registration))
        #expect(answer == .registered(InstanceNumber(slot: 0, generation: 1), isNew: true))
    }

    @Test func `a weight comes back as it went in`() {
        for value in [0, 0.01, 0.1, 0.3333333333333333, 1, 99.5, 10_000] {
            #expect(Weight(value)?.value == value)
        }
        #expect(Weight(0.001)?.value == 0.01)
        #expect(Weight(Double.leastNonzeroMagnitude)?.value == 0.01)
        #expect(Weight(-0.0)?.bitPattern == 0)
        for value in [-0.1, 10_000.000001, .infinity, -.infinity, .nan, -.nan] {
            #expect(Weight(value) == nil)
        }
    }

    @Test func `bytes that are no command change nothing`() {
        let fixture = Fixture()
        fixture.register()
        let before = fixture.registry.encoded()
        let bytes: [UInt8] = [1, 99]
        let answer = fixture.registry.apply(
            bytes: bytes.span, index: 2, timeMilliseconds: fixture.time + 99_999)
        guard case .malformed = answer else {
            Issue.record("answered \(answer)")
            return
        }
        #expect(fixture.registry.encoded() == before)
    }
}
