// Questions about the state. None of them changes anything.

extension Registry {
    /// The instances of a service; `nil` when there is no such service.
    ///
    /// - Parameters:
    ///   - key: The service.
    ///   - clusterNames: Only instances of these Nacos clusters; empty for all.
    ///   - healthyOnly: Leaves out the unhealthy. There is then nothing to protect.
    ///   - includingDisabled: Keeps what an operator switched off.
    ///
    /// Protection as Nacos 2 reckons it: of those that pass the filters, if the share of healthy ones
    /// is at or below the threshold, all are shown as healthy. A threshold of 0 protects nothing.
    /// - Complexity: O(*n*) in the instances of the service.
    package func instances(
        of key: ServiceKey, clusterNames: [String] = [], healthyOnly: Bool = false,
        includingDisabled: Bool = false
    ) -> InstanceList? {
        guard let slot = services.find(key) else { return nil }
        let service = services[slot]
        let clusters = clusterNames.compactMap { names.find(ByteText($0)) }
        var list = InstanceList(
            instances: [], isProtected: false, revision: service.revision,
            lastRefTime: service.lastRefTime)
        for slot in service.instances {
            let flags = pulses[slot].flags
            guard includingDisabled || flags.contains(.isEnabled) else { continue }
            guard !healthyOnly || flags.contains(.isHealthy) else { continue }
            guard clusterNames.isEmpty || clusters.contains(records[slot].cluster) else { continue }
            list.instances.append(view(at: slot))
        }
        list.protect(service.settings.protectThresholdThousandths)
        return list
    }

    /// One instance; `nil` when there is none such.
    package func instance(_ instance: InstanceKey, of service: ServiceKey) -> InstanceView? {
        guard
            let serviceSlot = services.find(service),
            let slot = slot(of: instance, in: serviceSlot)
        else { return nil }
        return view(at: slot)
    }

    /// The number of an instance and its interval, without the cost of a view.
    package func beatTarget(_ instance: InstanceKey, of service: ServiceKey) -> BeatTarget? {
        guard
            let serviceSlot = services.find(service),
            let slot = slot(of: instance, in: serviceSlot)
        else { return nil }
        return BeatTarget(
            number: number(at: slot), isEphemeral: pulses[slot].flags.contains(.isEphemeral),
            intervalMilliseconds: profile(at: slot).timers.intervalMilliseconds)
    }

    /// Whether this registration is still the one in force.
    package func isCurrent(_ number: InstanceNumber) -> Bool { slot(of: number) != nil }

    /// A service; `nil` when there is none such.
    /// - Complexity: O(*n*) in its instances.
    package func service(_ key: ServiceKey) -> ServiceDetail? {
        guard let slot = services.find(key) else { return nil }
        let service = services[slot]
        var clusters: [UInt32] = []
        for slot in service.instances where !clusters.contains(records[slot].cluster) {
            clusters.append(records[slot].cluster)
        }
        return ServiceDetail(
            key: service.key, kind: service.kind, settings: service.settings,
            clusterNames: clusters.map(name).sorted { $0.precedesByBytes($1) },
            instanceCount: service.instances.count, healthyCount: service.healthyCount,
            revision: service.revision, lastRefTime: service.lastRefTime)
    }

    /// A page of the services of a namespace, in the order of group and name.
    ///
    /// - Parameters:
    ///   - namespace: The namespace's id.
    ///   - group: Only services of this group; `nil` for all.
    ///   - offset: How many to skip.
    ///   - limit: How many to give at most.
    /// - Complexity: O(log *n* + `limit`).
    package func services(
        in namespace: String, group: String? = nil, offset: Int = 0, limit: Int
    ) -> ServicePage {
        let range = services.range(namespace: namespace, group: group)
        let page = range.dropFirst(max(0, offset)).prefix(max(0, limit))
        return ServicePage(
            services: page.map { services[services.ordered[$0]].key }, totalCount: range.count)
    }

    /// A page of all services of all namespaces, in order.
    package func services(offset: Int = 0, limit: Int) -> ServicePage {
        let page = services.ordered.dropFirst(max(0, offset)).prefix(max(0, limit))
        return ServicePage(services: page.map { services[$0].key }, totalCount: services.count)
    }

    private func view(at slot: UInt32) -> InstanceView {
        let (record, pulse, profile) = (records[slot], pulses[slot], profile(at: slot))
        return InstanceView(
            key: key(at: slot), number: number(at: slot), weight: record.weight,
            isHealthy: pulse.flags.contains(.isHealthy),
            isEnabled: pulse.flags.contains(.isEnabled),
            isEphemeral: pulse.flags.contains(.isEphemeral), metadata: profile.metadata,
            app: name(record.app), timers: profile.timers, lastBeat: pulse.lastBeat,
            registrationIndex: record.registrationIndex)
    }
}

extension InstanceList {
    fileprivate mutating func protect(_ thresholdThousandths: UInt16) {
        guard thresholdThousandths > 0, !instances.isEmpty else { return }
        let healthy = instances.count { $0.isHealthy }
        guard healthy * 1_000 <= Int(thresholdThousandths) * instances.count else { return }
        isProtected = true
        for i in instances.indices { instances[i].isHealthy = true }
    }
}
