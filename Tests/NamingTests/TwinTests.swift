internal import Naming
internal import Testing

@Suite struct TwinTests {
    @Test(arguments: UInt64(1)...12) func `the registry says what a plain model says`(
        seed: UInt64
    ) throws {
        var maker = CommandMaker(seed: seed)
        var registry = Registry()
        var untouched = Registry()
        var twin = Twin()
        for index in UInt64(1)...400 {
            let command = maker.nextCommand()
            let time = maker.nextTime()
            let expected = twin.apply(command, index: index, time: time)
            let answer = registry.apply(
                bytes: command.encoded().span, index: index, timeMilliseconds: time)
            maker.remember(answer)
            try #require(answer == expected.answer, "\(command) at \(index)")
            let events = registry.takeEvents()
            try #require(sorted(events) == sorted(expected.events), "\(command) at \(index)")
            try compare(registry, twin)

            _ = untouched.apply(command, index: index, timeMilliseconds: time)
            if maker.random.next() % 8 == 0 {
                let bytes = registry.encoded()
                registry = try Registry(decoding: bytes.span)
                try #require(registry.encoded() == bytes)
                try compare(registry, twin)
            }
        }
        #expect(registry == untouched)
    }

    /// The changes within an event come in no order that a caller may count on.
    private func sorted(_ events: [ChangeEvent]) -> [ChangeEvent] {
        events.map { event in
            var event = event
            event.changes.sort { "\($0)" < "\($1)" }
            return event
        }
    }

    private func compare(_ registry: Registry, _ twin: Twin) throws {
        try #require(registry.clock == twin.clock)
        try #require(registry.revision == twin.revision)
        let page = registry.services(limit: 100)
        try #require(page.services == twin.services.keys.sorted())
        try #require(page.totalCount == twin.services.count)
        for (key, service) in twin.services {
            let list = try #require(registry.instances(of: key, includingDisabled: true))
            let expected = service.instances.sorted { $0.value.slot < $1.value.slot }
            let protected = isProtected(service.instances.values.map(\.isHealthy), service.settings)
            try #require(list.instances == expected.map { view($0.key, $0.value, protected) })
            try #require(list.isProtected == protected)
            try #require(list.lastRefTime == service.lastRefTime)
            try #require(registry.service(key) == detail(key, service))
        }
        try compareCounts(registry, twin)
        try compareDeadlines(registry, twin)
    }

    private func compareCounts(_ registry: Registry, _ twin: Twin) throws {
        let all = twin.services.values.flatMap(\.instances.values)
        try #require(registry.counts.services == twin.services.count)
        try #require(registry.counts.instances == all.count)
        try #require(registry.counts.healthyInstances == all.count { $0.isHealthy })
        try #require(registry.counts.ephemeralInstances == all.count { $0.kind == .ephemeral })
    }

    private func compareDeadlines(_ registry: Registry, _ twin: Twin) throws {
        switch (registry.nextDeadline, twin.nextDeadline) {
        case (nil, nil): break
        // What is overdue already may be told to be due at any time that has passed.
        case (let bound?, let deadline?): try #require(bound <= max(deadline, twin.clock))
        case (let bound, let deadline):
            Issue.record("\(String(describing: bound)) against \(String(describing: deadline))")
        }
    }

    private func isProtected(_ healths: [Bool], _ settings: ServiceSettings) -> Bool {
        let threshold = Int(settings.protectThresholdThousandths)
        return threshold > 0 && !healths.isEmpty
            && healths.count { $0 } * 1_000 <= threshold * healths.count
    }

    private func view(
        _ key: InstanceKey, _ instance: Twin.Instance, _ isProtected: Bool
    ) -> InstanceView {
        InstanceView(
            key: key,
            number: InstanceNumber(slot: instance.slot, generation: instance.generation),
            weight: instance.weight, isHealthy: instance.isHealthy || isProtected,
            isEnabled: instance.isEnabled, isEphemeral: instance.kind == .ephemeral,
            metadata: instance.metadata, app: instance.app, timers: instance.timers,
            lastBeat: instance.lastBeat, registrationIndex: instance.index)
    }

    private func detail(_ key: ServiceKey, _ service: Twin.Service) -> ServiceDetail {
        ServiceDetail(
            key: key, kind: service.kind, settings: service.settings,
            clusterNames: Set(service.instances.keys.map(\.clusterName)).sorted(),
            instanceCount: service.instances.count,
            healthyCount: service.instances.values.count { $0.isHealthy },
            revision: service.revision, lastRefTime: service.lastRefTime)
    }
}
