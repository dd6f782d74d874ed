// Questions about the state. None of them changes anything.

/// All that is known about one instance.
package struct InstanceView: Hashable, Sendable {
    /// The instance within its service.
    package var key: InstanceKey
    /// Its number, by which it is beaten for.
    package var number: InstanceNumber
    /// The share of traffic in force.
    package var weight: Weight
    /// The health as stored, or true by protection.
    package var isHealthy: Bool
    /// Whether it takes traffic.
    package var isEnabled: Bool
    /// Whether it lives by beats.
    package var isEphemeral: Bool
    /// Text by text.
    package var metadata: Metadata
    /// The application's name, or empty.
    package var app: String
    /// The timers in force.
    package var timers: Timers
    /// The cluster time of its last beat, in milliseconds.
    package var lastBeat: UInt64
    /// The log index of its registration.
    package var registrationIndex: UInt64
}

/// The instances of a service, as asked for.
package struct InstanceList: Hashable, Sendable {
    /// In the order of their slots, which an instance keeps while it lives.
    package var instances: [InstanceView]
    /// Whether so few were healthy that all are shown as healthy.
    package var isProtected: Bool
    /// The service's revision.
    package var revision: UInt64
    /// The service's reference time, in milliseconds: grows with every change.
    package var lastRefTime: UInt64
}

/// What is known about a service.
package struct ServiceDetail: Hashable, Sendable {
    /// The service.
    package var key: ServiceKey
    /// The kind of its instances, once it is decided.
    package var kind: InstanceKind?
    /// What an operator set.
    package var settings: ServiceSettings
    /// The names of the Nacos clusters of its instances, sorted.
    package var clusterNames: [String]
    /// How many instances it has.
    package var instanceCount: Int
    /// How many of them are healthy.
    package var healthyCount: Int
    /// The registry's revision at its last change.
    package var revision: UInt64
    /// Its reference time, in milliseconds.
    package var lastRefTime: UInt64
}

/// One page of a list of services.
package struct ServicePage: Hashable, Sendable {
    /// The services of the page, by group and name.
    package var services: [ServiceKey]
    /// How many there are on all pages.
    package var totalCount: Int
}

/// What a door needs to answer a beat and to pass it on.
package struct BeatTarget: Hashable, Sendable {
    /// The number to put into a batch.
    package var number: InstanceNumber
    /// Whether it lives by beats; nothing is to be passed on otherwise.
    package var isEphemeral: Bool
    /// When the client shall beat next.
    package var intervalMilliseconds: UInt32
}

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
