// Registration, change and deregistration.

extension Registry {
    mutating func register(_ registration: Registration, index: UInt64) -> Answer {
        let profile: Profile
        do { profile = try Profile(registration.metadata) } catch { return .refused(error) }
        guard let service = services.find(registration.service) else {
            return registerNew(registration, profile, in: nil, index: index)
        }
        if let kind = services[service].kind, kind != registration.kind {
            return .kindMismatch(serviceKind: kind)
        }
        guard let slot = slot(of: registration.instance, in: service) else {
            return registerNew(registration, profile, in: service, index: index)
        }
        renew(registration, profile, at: slot, index: index)
        return .registered(number(at: slot), isNew: false)
    }

    private mutating func registerNew(
        _ registration: Registration, _ profile: Profile, in existing: UInt32?, index: UInt64
    ) -> Answer {
        guard counts.instances < Limits.maxInstances else {
            return .refused(.limit(.instances, Limits.maxInstances))
        }
        guard existing != nil || services.count < Limits.maxServices else {
            return .refused(.limit(.services, Limits.maxServices))
        }
        let service =
            existing
            ?? addService(
                registration.service, registration.kind, ServiceSettings(), isExplicit: false)
        if services[service].kind == nil {
            services[service].kind = registration.kind
            note(.serviceChanged, of: service)
        }
        let slot = addInstance(registration, profile, to: service, index: index)
        note(.instanceAdded(registration.instance), of: service)
        return .registered(number(at: slot), isNew: true)
    }

    /// Registers anew what is there: a beat, a new generation, and what the client says now.
    private mutating func renew(
        _ registration: Registration, _ profile: Profile, at slot: UInt32, index: UInt64
    ) {
        pulses[slot].lastBeat = clock
        pulses[slot].generation = Self.generation(after: pulses[slot].generation)
        records[slot].registrationIndex = index
        var isChanged = changeHealth(registration.isHealthy, at: slot)
        if !pulses[slot].flags.contains(.enabledIsPinned) {
            isChanged = changeEnabled(registration.isEnabled, at: slot) || isChanged
        }
        if !pulses[slot].flags.contains(.weightIsPinned) {
            isChanged = changeWeight(registration.weight, at: slot) || isChanged
        }
        isChanged = changeApp(registration.app, at: slot) || isChanged
        isChanged = changeProfile(profile, at: slot) || isChanged
        if isChanged { note(.instanceChanged(registration.instance), of: records[slot].service) }
        arm(slot)
    }

    mutating func update(
        _ service: ServiceKey, _ instance: InstanceKey, _ change: InstanceChange
    ) -> Answer {
        guard let serviceSlot = services.find(service) else { return .serviceNotFound }
        guard let slot = slot(of: instance, in: serviceSlot) else { return .instanceNotFound }
        let profile: Profile?
        do { profile = try changedProfile(change.metadata, at: slot) } catch {
            return .refused(error)
        }
        var isChanged = false
        if let weight = change.weight {
            isChanged = changeWeight(weight, at: slot)
            pulses[slot].flags.insert(.weightIsPinned)
        }
        if let isEnabled = change.isEnabled {
            isChanged = changeEnabled(isEnabled, at: slot) || isChanged
            pulses[slot].flags.insert(.enabledIsPinned)
        }
        if let isHealthy = change.isHealthy {
            isChanged = changeHealth(isHealthy, at: slot) || isChanged
        }
        if let app = change.app { isChanged = changeApp(app, at: slot) || isChanged }
        if let profile { isChanged = changeProfile(profile, at: slot) || isChanged }
        if isChanged { note(.instanceChanged(instance), of: serviceSlot) }
        arm(slot)  // health and timers may have moved the deadline to earlier
        return .done
    }

    private func changedProfile(
        _ change: InstanceChange.MetadataChange?, at slot: UInt32
    ) throws(Refusal) -> Profile? {
        guard let change else { return nil }
        let current = profile(at: slot).metadata
        let metadata =
            switch change {
            case .replace(let new): new
            case .merge(let added): current.merging(added)
            case .remove(let keys): current.removing(keys)
            }
        try metadata.checkSize()
        return try Profile(metadata)
    }

    mutating func deregister(
        _ service: ServiceKey, _ instance: InstanceKey, generation: UInt32?
    ) -> Answer {
        guard let serviceSlot = services.find(service) else { return .serviceNotFound }
        guard let slot = slot(of: instance, in: serviceSlot) else { return .instanceNotFound }
        let current = pulses[slot].generation
        if let generation, generation != current { return .staleGeneration(current: current) }
        removeInstance(at: slot)
        return .done
    }

    mutating func setHealth(
        _ service: ServiceKey, _ instance: InstanceKey, _ isHealthy: Bool
    ) -> Answer {
        guard let serviceSlot = services.find(service) else { return .serviceNotFound }
        guard let slot = slot(of: instance, in: serviceSlot) else { return .instanceNotFound }
        if pulses[slot].flags.contains(.isEphemeral) { return .healthFollowsBeats }
        setHealth(isHealthy, at: slot)
        return .done
    }
}

extension Registry {
    private mutating func changeEnabled(_ isEnabled: Bool, at slot: UInt32) -> Bool {
        guard pulses[slot].flags.contains(.isEnabled) != isEnabled else { return false }
        if isEnabled {
            pulses[slot].flags.insert(.isEnabled)
        } else {
            pulses[slot].flags.remove(.isEnabled)
        }
        return true
    }

    private mutating func changeWeight(_ weight: Weight, at slot: UInt32) -> Bool {
        guard records[slot].weight != weight else { return false }
        records[slot].weight = weight
        return true
    }

    private mutating func changeApp(_ app: String, at slot: UInt32) -> Bool {
        let old = records[slot].app
        guard !name(old).hasSameBytes(as: app) else { return false }
        records[slot].app = names.retain(ByteText(app))
        names.release(old)
        return true
    }

    private mutating func changeProfile(_ profile: Profile, at slot: UInt32) -> Bool {
        let old = records[slot].profile
        guard profiles[old] != profile else { return false }
        records[slot].profile = profiles.retain(profile)
        profiles.release(old)
        return true
    }
}
