internal import Naming
internal import Testing

@Suite struct ServiceTests {
    @Test func `a service that came by registration goes sixty seconds after its last instance`() {
        let fixture = Fixture()
        fixture.register()
        fixture.apply(.deregister(Fixture.service, Fixture.instance(), generation: nil))
        fixture.apply(.advanceTime, after: 59_999)
        #expect(fixture.registry.service(Fixture.service) != nil)
        fixture.apply(.advanceTime, after: 1)
        #expect(fixture.registry.service(Fixture.service) == nil)
    }

    @Test func `a registration in between starts the sixty seconds anew`() {
        let fixture = Fixture()
        for _ in 0..<3 {
            fixture.register()
            fixture.apply(.deregister(Fixture.service, Fixture.instance(), generation: nil))
            fixture.apply(.advanceTime, after: 40_000)
            #expect(fixture.registry.service(Fixture.service) != nil)
        }
    }

    @Test func `a service that was created or configured stays`() {
        let fixture = Fixture()
        fixture.apply(.createService(Fixture.service, nil, ServiceSettings()))
        let other = ServiceKey(namespace: "public", group: "G", name: "b")
        fixture.apply(.register(Registration(service: other, instance: Fixture.instance())))
        fixture.apply(.deregister(other, Fixture.instance(), generation: nil))
        fixture.apply(.updateService(other, ServiceSettings(protectThresholdThousandths: 1)))
        fixture.apply(.advanceTime, after: 1_000_000)
        #expect(fixture.registry.counts.services == 2)
    }

    @Test func `what cannot be done to a service is told apart`() {
        let fixture = Fixture()
        #expect(
            fixture.apply(.updateService(Fixture.service, ServiceSettings())) == .serviceNotFound)
        #expect(fixture.apply(.deleteService(Fixture.service)) == .serviceNotFound)
        fixture.register()
        #expect(
            fixture.apply(.createService(Fixture.service, nil, ServiceSettings()))
                == .serviceAlreadyExists)
        #expect(fixture.apply(.deleteService(Fixture.service)) == .serviceHasInstances)
        fixture.apply(.deregister(Fixture.service, Fixture.instance(), generation: nil))
        #expect(fixture.apply(.deleteService(Fixture.service)) == .done)
        let tooMuch = ServiceSettings(protectThresholdThousandths: 1_001)
        #expect(
            fixture.apply(.createService(Fixture.service, nil, tooMuch))
                == .refused(.limit(.protectThreshold, 1_000)))
    }

    @Test func `the reference time never goes back, also when a service is made again`() {
        let fixture = Fixture()
        var last: UInt64 = 0
        var revision: UInt64 = 0
        for round in 0..<50 {
            // Many changes in one millisecond run ahead of the clock.
            for _ in 0..<5 {
                fixture.register()
                fixture.apply(.deregister(Fixture.service, Fixture.instance(), generation: nil))
            }
            fixture.apply(.deleteService(Fixture.service), after: round % 7 == 0 ? 1 : 0)
            for event in fixture.events() {
                #expect(event.lastRefTime > last)
                #expect(event.revision == revision + 1)
                last = event.lastRefTime
                revision = event.revision
            }
        }
        fixture.time += 1_000_000
        fixture.register()
        #expect(fixture.registry.instances(of: Fixture.service)?.lastRefTime == fixture.time)
    }

    @Test func `a page shows its part of the whole, in order`() {
        let fixture = Fixture()
        var keys: [ServiceKey] = []
        for (namespace, group) in [("b", "Y"), ("b", "X"), ("a", "X"), ("c", "X")] {
            for name in ["z", "a", "m"] {
                keys.append(ServiceKey(namespace: namespace, group: group, name: name))
            }
        }
        for key in keys { fixture.apply(.createService(key, nil, ServiceSettings())) }
        let registry = fixture.registry
        let ofB = keys.filter { $0.namespace == "b" }.sorted()
        #expect(registry.services(in: "b", limit: 100).services == ofB)
        let page = registry.services(in: "b", offset: 2, limit: 2)
        #expect(page == ServicePage(services: Array(ofB[2..<4]), totalCount: 6))
        #expect(
            registry.services(in: "b", group: "Y", limit: 2)
                == ServicePage(services: Array(ofB[3..<5]), totalCount: 3))
        #expect(registry.services(in: "b", group: "Z", limit: 2).totalCount == 0)
        #expect(registry.services(in: "bb", limit: 2).totalCount == 0)
        #expect(registry.services(in: "b", offset: 99, limit: 2).services == [])
        #expect(registry.services(in: "b", offset: .max, limit: .max).totalCount == 6)
        #expect(registry.services(in: "b", offset: -1, limit: -1).services == [])
        #expect(registry.services(limit: 100).services == keys.sorted())
    }

    /// Five instances, of which the first so many are healthy, and one that is switched off.
    private func list(
        healthy: Int, threshold: UInt16, healthyOnly: Bool = false
    ) -> InstanceList? {
        let fixture = Fixture()
        fixture.apply(
            .createService(
                Fixture.service, nil, ServiceSettings(protectThresholdThousandths: threshold)))
        for number in 1...6 {
            var registration = Fixture.registration(number)
            registration.isHealthy = number <= healthy || number == 6
            registration.isEnabled = number != 6
            fixture.apply(.register(registration))
        }
        return fixture.registry.instances(of: Fixture.service, healthyOnly: healthyOnly)
    }

    @Test func `at or below the threshold all are shown as healthy`() {
        #expect(list(healthy: 2, threshold: 400)?.isProtected == true)
        #expect(list(healthy: 2, threshold: 400)?.instances.count { $0.isHealthy } == 5)
        #expect(list(healthy: 2, threshold: 399)?.isProtected == false)
        #expect(list(healthy: 2, threshold: 399)?.instances.count { $0.isHealthy } == 2)
        #expect(list(healthy: 5, threshold: 1_000)?.isProtected == true)
    }

    @Test func `a threshold of nothing protects nothing`() {
        #expect(list(healthy: 0, threshold: 0)?.isProtected == false)
        #expect(list(healthy: 0, threshold: 0)?.instances.count { $0.isHealthy } == 0)
        #expect(list(healthy: 0, threshold: 1)?.isProtected == true)
    }

    @Test func `who asks for the healthy ones gets no others`() {
        #expect(list(healthy: 2, threshold: 400, healthyOnly: true)?.instances.count == 2)
        #expect(list(healthy: 0, threshold: 400, healthyOnly: true)?.instances.count == 0)
        #expect(list(healthy: 0, threshold: 400, healthyOnly: true)?.isProtected == false)
    }

    @Test func `a list is filtered by cluster and without who is switched off`() {
        let fixture = Fixture()
        for (number, cluster) in [(1, "a"), (2, "b"), (3, "c"), (4, "a")] {
            var registration = Fixture.registration(number)
            registration.instance.clusterName = cluster
            registration.isEnabled = number != 4
            fixture.apply(.register(registration))
        }
        let registry = fixture.registry
        let ips = { (list: InstanceList?) in list?.instances.map(\.key.ip) }
        #expect(
            ips(registry.instances(of: Fixture.service, clusterNames: ["c", "a"]))
                == ["10.0.0.1", "10.0.0.3"])
        #expect(ips(registry.instances(of: Fixture.service, clusterNames: ["unknown"])) == [])
        #expect(
            registry.instances(of: Fixture.service, includingDisabled: true)?.instances.count == 4)
        #expect(registry.service(Fixture.service)?.clusterNames == ["a", "b", "c"])
        let nowhere = ServiceKey(namespace: "public", group: "G", name: "none")
        #expect(registry.instances(of: nowhere) == nil)
    }
}
