// Services by name.

extension Registry {
    mutating func createService(
        _ key: ServiceKey, _ kind: InstanceKind?, _ settings: ServiceSettings
    ) -> Answer {
        guard services.find(key) == nil else { return .serviceAlreadyExists }
        guard services.count < Limits.maxServices else {
            return .refused(.limit(.services, Limits.maxServices))
        }
        _ = addService(key, kind, settings, isExplicit: true)
        return .done
    }

    mutating func updateService(_ key: ServiceKey, _ settings: ServiceSettings) -> Answer {
        guard let slot = services.find(key) else { return .serviceNotFound }
        if services[slot].settings != settings {
            services[slot].settings = settings
            note(.serviceChanged, of: slot)
        }
        // What an operator set must not go away with the last instance.
        services[slot].isExplicit = true
        services[slot].emptySince = nil
        serviceWheel.disarm(slot)
        return .done
    }

    mutating func deleteService(_ key: ServiceKey) -> Answer {
        guard let slot = services.find(key) else { return .serviceNotFound }
        guard services[slot].instances.isEmpty else { return .serviceHasInstances }
        removeService(slot)
        return .done
    }

    /// Adds a service that must not be there.
    mutating func addService(
        _ key: ServiceKey, _ kind: InstanceKind?, _ settings: ServiceSettings, isExplicit: Bool
    ) -> UInt32 {
        let slot = services.insert(
            ServiceRecord(
                key: key, kind: kind, isExplicit: isExplicit, settings: settings,
                lastRefTime: referenceFloor))
        note(.serviceAdded, of: slot)
        return slot
    }

    /// Removes a service without instances, at the end of the command.
    mutating func removeService(_ slot: UInt32) {
        serviceWheel.disarm(slot)
        note(.serviceRemoved, of: slot)
        doomed.append(slot)
    }
}
