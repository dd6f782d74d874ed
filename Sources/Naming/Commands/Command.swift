/// What changes the registry. Stands in the log as the bytes of `encoded()`.
///
/// The cluster time is no part of it: it comes with the command's position in the log.
package enum Command: Hashable, Sendable {
    /// Registers an instance, or registers it anew: counts as a beat, takes over what the client says
    /// (save what an operator set) and starts a new generation.
    case register(Registration)
    /// A beat that carries all that is needed to register: of a known instance only a beat, of an
    /// unknown one a registration.
    case beat(Registration)
    /// Beats of known instances. Those of an unknown or older generation are passed over.
    case beats(BeatBatch)
    /// The connection that beat for these instances broke: they are unhealthy at once and go after the
    /// grace, unless a beat or a registration comes before.
    case disconnect(BeatBatch, graceMilliseconds: UInt32)
    /// Changes what is said about an instance that must exist (PUT, PATCH and metadata in bulk).
    case update(ServiceKey, InstanceKey, InstanceChange)
    /// Sets the health of an instance of a persistent service: the outcome of probes, or an operator.
    case setHealth(ServiceKey, InstanceKey, isHealthy: Bool)
    /// Removes an instance; with a generation, only that registration of it.
    case deregister(ServiceKey, InstanceKey, generation: UInt32?)
    /// Creates a service that stays without instances.
    case createService(ServiceKey, InstanceKind?, ServiceSettings)
    /// Replaces the settings of a service that must exist; it then stays without instances.
    case updateService(ServiceKey, ServiceSettings)
    /// Removes a service without instances.
    case deleteService(ServiceKey)
    /// Expires what is due at the cluster time of this entry.
    ///
    /// Carries no list: who is due follows from the state in front of this entry, which is the same on
    /// every node, beats that were committed while this command was under way included. A list made
    /// by the leader beforehand would have to be checked against that same state anyway.
    case advanceTime
}

/// All that a client says about an instance.
package struct Registration: Hashable, Sendable {
    /// The service; created when it does not exist.
    package var service: ServiceKey
    /// The instance within it.
    package var instance: InstanceKey
    /// Must be the kind of the service.
    package var kind: InstanceKind
    /// The share of traffic.
    package var weight: Weight
    /// Whether it takes traffic at all.
    package var isEnabled: Bool
    /// The health the client claims.
    package var isHealthy: Bool
    /// Text by text; sets the timers, too.
    package var metadata: Metadata
    /// The application's name, or empty.
    package var app: String

    /// Describes an instance; what is left out has the value Nacos gives it.
    package init(
        service: ServiceKey, instance: InstanceKey, kind: InstanceKind = .ephemeral,
        weight: Weight = .one, isEnabled: Bool = true, isHealthy: Bool = true,
        metadata: Metadata = Metadata(), app: String = ""
    ) {
        self.service = service
        self.instance = instance
        self.kind = kind
        self.weight = weight
        self.isEnabled = isEnabled
        self.isHealthy = isHealthy
        self.metadata = metadata
        self.app = app
    }
}

/// What to change about an instance; `nil` leaves as it is.
package struct InstanceChange: Hashable, Sendable {
    /// How metadata changes.
    package enum MetadataChange: Hashable, Sendable {
        /// These instead of what was there.
        case replace(Metadata)
        /// These added; their values win.
        case merge(Metadata)
        /// The pairs with these keys taken out.
        case remove([String])
    }

    /// A weight set here outlasts the client's next registration.
    package var weight: Weight?
    /// A switch set here outlasts the client's next registration.
    package var isEnabled: Bool?
    /// The health until the next beat or probe.
    package var isHealthy: Bool?
    /// The application's name.
    package var app: String?
    /// The metadata, until the client registers again.
    package var metadata: MetadataChange?

    /// Describes a change.
    package init(
        weight: Weight? = nil, isEnabled: Bool? = nil, isHealthy: Bool? = nil, app: String? = nil,
        metadata: MetadataChange? = nil
    ) {
        self.weight = weight
        self.isEnabled = isEnabled
        self.isHealthy = isHealthy
        self.app = app
        self.metadata = metadata
    }
}

/// What an operator says about a service.
package struct ServiceSettings: Hashable, Sendable {
    /// The share of healthy instances, in thousandths, at or below which all are shown as healthy.
    package var protectThresholdThousandths: UInt16
    /// Text by text.
    package var metadata: Metadata
    /// Kept as it came and never read.
    package var selector: String

    /// Describes a service; what is left out has the value Nacos gives it.
    package init(
        protectThresholdThousandths: UInt16 = 0, metadata: Metadata = Metadata(),
        selector: String = ""
    ) {
        self.protectThresholdThousandths = protectThresholdThousandths
        self.metadata = metadata
        self.selector = selector
    }
}

/// A set of registrations, sorted by slot, at most one a slot.
package struct BeatBatch: Hashable, Sendable {
    /// In strictly ascending order of slots; no generation is 0.
    package let numbers: [InstanceNumber]

    /// Sorts numbers. Of several generations of one slot the newest stays, for it alone can be alive;
    /// generation 0 is never given and left out.
    package init(_ unsorted: some Sequence<InstanceNumber>) {
        var sorted: [InstanceNumber] = []
        for number in unsorted.sorted() where number.generation > 0 {
            if sorted.last?.slot == number.slot { sorted.removeLast() }
            sorted.append(number)
        }
        numbers = sorted
    }

    /// Joins batches of several nodes.
    package init(merging batches: [BeatBatch]) {
        self.init(batches.lazy.flatMap(\.numbers))
    }

    /// Takes numbers that are in order already.
    init(ordered numbers: [InstanceNumber]) { self.numbers = numbers }

    /// The number of beats.
    package var count: Int { numbers.count }
}
