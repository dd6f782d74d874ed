// What the registry answers to questions.

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

    /// Joins the parts.
    package init(
        key: InstanceKey, number: InstanceNumber, weight: Weight, isHealthy: Bool, isEnabled: Bool,
        isEphemeral: Bool, metadata: Metadata, app: String, timers: Timers, lastBeat: UInt64,
        registrationIndex: UInt64
    ) {
        self.key = key
        self.number = number
        self.weight = weight
        self.isHealthy = isHealthy
        self.isEnabled = isEnabled
        self.isEphemeral = isEphemeral
        self.metadata = metadata
        self.app = app
        self.timers = timers
        self.lastBeat = lastBeat
        self.registrationIndex = registrationIndex
    }
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

    /// Joins the parts.
    package init(
        instances: [InstanceView], isProtected: Bool, revision: UInt64, lastRefTime: UInt64
    ) {
        self.instances = instances
        self.isProtected = isProtected
        self.revision = revision
        self.lastRefTime = lastRefTime
    }
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

    /// Joins the parts.
    package init(
        key: ServiceKey, kind: InstanceKind? = nil, settings: ServiceSettings,
        clusterNames: [String], instanceCount: Int, healthyCount: Int, revision: UInt64,
        lastRefTime: UInt64
    ) {
        self.key = key
        self.kind = kind
        self.settings = settings
        self.clusterNames = clusterNames
        self.instanceCount = instanceCount
        self.healthyCount = healthyCount
        self.revision = revision
        self.lastRefTime = lastRefTime
    }
}

/// One page of a list of services.
package struct ServicePage: Hashable, Sendable {
    /// The services of the page, by group and name.
    package var services: [ServiceKey]
    /// How many there are on all pages.
    package var totalCount: Int

    /// Joins the parts.
    package init(
        services: [ServiceKey], totalCount: Int
    ) {
        self.services = services
        self.totalCount = totalCount
    }
}

/// What a door needs to answer a beat and to pass it on.
package struct BeatTarget: Hashable, Sendable {
    /// The number to put into a batch.
    package var number: InstanceNumber
    /// Whether it lives by beats; nothing is to be passed on otherwise.
    package var isEphemeral: Bool
    /// When the client shall beat next.
    package var intervalMilliseconds: UInt32

    /// Joins the parts.
    package init(
        number: InstanceNumber, isEphemeral: Bool, intervalMilliseconds: UInt32
    ) {
        self.number = number
        self.isEphemeral = isEphemeral
        self.intervalMilliseconds = intervalMilliseconds
    }
}
