internal import Naming

/// The registry once more, as plainly as can be: dictionaries, whole scans, no sharing. What it says
/// must be what `Registry` says.
struct Twin {
    struct Instance: Equatable {
        var slot: UInt32
        var generation: UInt32
        var weight: Weight
        var isEnabled: Bool
        var isHealthy: Bool
        var kind: InstanceKind
        var metadata: Metadata
        var app: String
        var lastBeat: UInt64
        var index: UInt64
        var weightIsPinned = false
        var enabledIsPinned = false

        var timers: Timers { (try? Timers(metadata)) ?? .standard }

        /// What others see of it.
        func looksLike(_ other: Instance) -> Bool {
            weight == other.weight && isEnabled == other.isEnabled
                && isHealthy == other.isHealthy && metadata == other.metadata && app == other.app
        }
    }

    struct Service {
        var slot: UInt32
        var kind: InstanceKind?
        var isExplicit: Bool
        var settings: ServiceSettings
        var emptySince: UInt64?
        var revision: UInt64 = 0
        var lastRefTime: UInt64
        var instances: [InstanceKey: Instance] = [:]
    }

    var clock: UInt64 = 0
    var revision: UInt64 = 0
    var floor: UInt64 = 0
    var services: [ServiceKey: Service] = [:]
    var generations: [UInt32: UInt32] = [:]

    /// Applies a command; gives the answer and the differences between the two states.
    mutating func apply(
        _ command: Command, index: UInt64, time: UInt64
    ) -> (answer: Answer, events: [ChangeEvent]) {
        let before = self
        clock = max(clock, time)
        if let refusal = command.refusal { return (.refused(refusal), []) }
        let answer = answer(command, index)
        return (answer, publishDifferences(from: before))
    }

    private mutating func answer(_ command: Command, _ index: UInt64) -> Answer {
        switch command {
        case .register(let registration):
            return register(registration, index)
        case .beat(let registration):
            if let service = services[registration.service] {
                if let kind = service.kind, kind != registration.kind {
                    return .kindMismatch(serviceKind: kind)
                }
                if service.instances[registration.instance] != nil {
                    beat(registration.service, registration.instance)
                    return beatAnswer(registration, isNew: false)
                }
            }
            let answer = register(registration, index)
            guard case .registered = answer else { return answer }
            return beatAnswer(registration, isNew: true)
        case .beats(let batch):
            let found = batch.numbers.compactMap(find)
            for (service, instance) in found { beat(service, instance) }
            return .beats(known: found.count)
        case .disconnect(let batch, let grace):
            let found = batch.numbers.compactMap(find).filter {
                services[$0.0]?.kind == .ephemeral
            }
            for (service, instance) in found { disconnect(service, instance, UInt64(grace)) }
            return .beats(known: found.count)
        case .update(let service, let instance, let change):
            return withInstance(service, instance) { $0.take(change) }
        case .setHealth(let service, let instance, let isHealthy):
            return withInstance(service, instance) { found in
                if found.kind == .ephemeral { return .healthFollowsBeats }
                found.isHealthy = isHealthy
                return .done
            }
        case .deregister(let service, let instance, let generation):
            let answer = withInstance(service, instance) { found in
                if let generation, generation != found.generation {
                    return .staleGeneration(current: found.generation)
                }
                return .done
            }
            if answer == .done { remove(service, instance) }
            return answer
        case .createService(let key, let kind, let settings):
            guard services[key] == nil else { return .serviceAlreadyExists }
            services[key] = Service(
                slot: freeServiceSlot, kind: kind, isExplicit: true, settings: settings,
                lastRefTime: floor)
            return .done
        case .updateService(let key, let settings):
            guard services[key] != nil else { return .serviceNotFound }
            services[key]?.settings = settings
            services[key]?.isExplicit = true
            services[key]?.emptySince = nil
            return .done
        case .deleteService(let key):
            guard let service = services[key] else { return .serviceNotFound }
            guard service.instances.isEmpty else { return .serviceHasInstances }
            services[key] = nil
            return .done
        case .advanceTime:
            return advance()
        }
    }

    private mutating func register(_ registration: Registration, _ index: UInt64) -> Answer {
        var service =
            services[registration.service]
            ?? Service(
                slot: freeServiceSlot, kind: registration.kind, isExplicit: false,
                settings: ServiceSettings(), lastRefTime: floor)
        if let kind = service.kind, kind != registration.kind {
            return .kindMismatch(serviceKind: kind)
        }
        service.kind = registration.kind
        service.emptySince = nil
        let old = service.instances[registration.instance]
        let slot = old?.slot ?? freeSlot
        let generation = (generations[slot] ?? 0) + 1
        generations[slot] = generation
        var instance = Instance(
            slot: slot, generation: generation, weight: registration.weight,
            isEnabled: registration.isEnabled, isHealthy: registration.isHealthy,
            kind: registration.kind, metadata: registration.metadata, app: registration.app,
            lastBeat: clock, index: index)
        if let old, old.weightIsPinned {
            instance.weight = old.weight
            instance.weightIsPinned = true
        }
        if let old, old.enabledIsPinned {
            instance.isEnabled = old.isEnabled
            instance.enabledIsPinned = true
        }
        service.instances[registration.instance] = instance
        services[registration.service] = service
        return .registered(
            InstanceNumber(slot: slot, generation: generation), isNew: old == nil)
    }

    private func beatAnswer(_ registration: Registration, isNew: Bool) -> Answer {
        guard let found = services[registration.service]?.instances[registration.instance] else {
            return .instanceNotFound
        }
        return .beat(
            InstanceNumber(slot: found.slot, generation: found.generation),
            intervalMilliseconds: found.timers.intervalMilliseconds, isNew: isNew)
    }

    private mutating func beat(_ service: ServiceKey, _ instance: InstanceKey) {
        guard services[service]?.kind == .ephemeral else { return }
        services[service]?.instances[instance]?.lastBeat = clock
        services[service]?.instances[instance]?.isHealthy = true
    }

    private mutating func disconnect(
        _ service: ServiceKey, _ instance: InstanceKey, _ grace: UInt64
    ) {
        guard var found = services[service]?.instances[instance] else { return }
        let timeout = UInt64(found.timers.deleteTimeoutMilliseconds)
        let latest = clock + grace > timeout ? clock + grace - timeout : 0
        found.lastBeat = min(found.lastBeat, latest)
        found.isHealthy = false
        services[service]?.instances[instance] = found
    }

    private mutating func advance() -> Answer {
        var unhealthy = 0
        var removed = 0
        for (key, service) in services {
            for (instanceKey, instance) in service.instances where instance.kind == .ephemeral {
                let silence = clock - instance.lastBeat
                if silence > UInt64(instance.timers.deleteTimeoutMilliseconds) {
                    remove(key, instanceKey)
                    removed += 1
                } else if silence > UInt64(instance.timers.timeoutMilliseconds), instance.isHealthy
                {
                    services[key]?.instances[instanceKey]?.isHealthy = false
                    unhealthy += 1
                }
            }
        }
        let gone = services.filter { entry in
            entry.value.emptySince.map { clock - $0 >= Limits.emptyServiceMilliseconds } ?? false
        }
        for key in gone.keys { services[key] = nil }
        return .advanced(
            unhealthy: unhealthy, removedInstances: removed, removedServices: gone.count)
    }

    private mutating func remove(_ service: ServiceKey, _ instance: InstanceKey) {
        services[service]?.instances[instance] = nil
        guard let left = services[service], left.instances.isEmpty, !left.isExplicit else { return }
        services[service]?.emptySince = clock
    }
}

extension Twin {
    private func find(_ number: InstanceNumber) -> (ServiceKey, InstanceKey)? {
        for (key, service) in services {
            for (instanceKey, instance) in service.instances
            where instance.slot == number.slot && instance.generation == number.generation {
                return (key, instanceKey)
            }
        }
        return nil
    }

    private mutating func withInstance(
        _ service: ServiceKey, _ instance: InstanceKey, _ body: (inout Instance) -> Answer
    ) -> Answer {
        guard services[service] != nil else { return .serviceNotFound }
        guard var found = services[service]?.instances[instance] else { return .instanceNotFound }
        let answer = body(&found)
        services[service]?.instances[instance] = found
        return answer
    }

    private var freeServiceSlot: UInt32 { Self.lowestFree(services.values.map(\.slot)) }

    private var freeSlot: UInt32 {
        Self.lowestFree(services.values.flatMap { $0.instances.values.map(\.slot) })
    }

    private static func lowestFree(_ used: [UInt32]) -> UInt32 {
        let used = Set(used)
        var slot: UInt32 = 0
        while used.contains(slot) { slot += 1 }
        return slot
    }

    /// When something happens if nobody says anything.
    var nextDeadline: UInt64? {
        let instances = services.values.flatMap(\.instances.values).filter { $0.kind == .ephemeral }
        let ends = instances.map { instance in
            let timers = instance.timers
            let timeout =
                instance.isHealthy
                ? min(timers.timeoutMilliseconds, timers.deleteTimeoutMilliseconds)
                : timers.deleteTimeoutMilliseconds
            return instance.lastBeat + UInt64(timeout) + 1
        }
        let empties = services.values.compactMap(\.emptySince).map {
            $0 + Limits.emptyServiceMilliseconds
        }
        return (ends + empties).min()
    }

    private mutating func publishDifferences(from old: Twin) -> [ChangeEvent] {
        let keys = Set(old.services.keys).union(services.keys)
        let now = services
        let slot = { (key: ServiceKey) in now[key]?.slot ?? old.services[key]?.slot ?? 0 }
        var events: [ChangeEvent] = []
        for key in keys.sorted(by: { slot($0) < slot($1) }) {
            let changes = Self.differences(old.services[key], services[key])
            if changes.isEmpty { continue }
            revision += 1
            let last = services[key]?.lastRefTime ?? old.services[key]?.lastRefTime ?? 0
            let lastRefTime = max(last + 1, clock)
            if services[key] == nil { floor = max(floor, lastRefTime) }
            services[key]?.lastRefTime = lastRefTime
            services[key]?.revision = revision
            events.append(
                ChangeEvent(
                    service: key, revision: revision, lastRefTime: lastRefTime, changes: changes))
        }
        return events
    }

    private static func differences(_ old: Service?, _ new: Service?) -> [ChangeEvent.Change] {
        var changes: [ChangeEvent.Change] = []
        switch (old, new) {
        case (nil, nil): break
        case (nil, _?): changes.append(.serviceAdded)
        case (_?, nil): changes.append(.serviceRemoved)
        case (let old?, let new?):
            if old.settings != new.settings || old.kind != new.kind {
                changes.append(.serviceChanged)
            }
        }
        let (before, after) = (old?.instances ?? [:], new?.instances ?? [:])
        for (key, instance) in after {
            guard let former = before[key] else {
                changes.append(.instanceAdded(key))
                continue
            }
            if !former.looksLike(instance) { changes.append(.instanceChanged(key)) }
        }
        for key in before.keys where after[key] == nil { changes.append(.instanceRemoved(key)) }
        return changes
    }
}

extension Twin.Instance {
    fileprivate mutating func take(_ change: InstanceChange) -> Answer {
        var changed = metadata
        switch change.metadata {
        case nil: break
        case .replace(let new): changed = new
        case .merge(let added): changed = Metadata(metadata.pairs + added.pairs)
        case .remove(let keys):
            changed = Metadata(metadata.pairs.filter { !keys.contains($0.key) })
        }
        guard changed.byteCount <= Limits.maxMetadataBytes else {
            return .refused(.limit(.metadata, Limits.maxMetadataBytes))
        }
        do { _ = try Timers(changed) } catch { return .refused(error) }
        metadata = changed
        if let weight = change.weight {
            self.weight = weight
            weightIsPinned = true
        }
        if let isEnabled = change.isEnabled {
            self.isEnabled = isEnabled
            enabledIsPinned = true
        }
        isHealthy = change.isHealthy ?? isHealthy
        app = change.app ?? app
        return .done
    }
}
