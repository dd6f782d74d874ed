/// What a beat touches of an instance, kept apart from the rest so that beats stay in few cache lines.
struct Pulse: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8

        /// The slot holds an instance.
        static let isLive = Flags(rawValue: 1)
        static let isHealthy = Flags(rawValue: 2)
        static let isEnabled = Flags(rawValue: 4)
        static let isEphemeral = Flags(rawValue: 8)
        /// An operator set the weight: the client's is passed over.
        static let weightIsPinned = Flags(rawValue: 16)
        /// An operator set the switch: the client's is passed over.
        static let enabledIsPinned = Flags(rawValue: 32)
        static let all = Flags(rawValue: 63)
    }

    /// The cluster time of the last beat, in milliseconds.
    var lastBeat: UInt64 = 0
    /// Stays when the instance goes, so that the next one at this slot gets a higher one.
    var generation: UInt32 = 0
    var flags: Flags = []
}

/// The rest of an instance.
struct InstanceRecord: Sendable {
    var ip = ""
    /// The log index at which this generation was registered.
    var registrationIndex: UInt64 = 0
    var weight = Weight.one
    /// The service's slot.
    var service: UInt32 = 0
    /// Ids in the registry's intern tables.
    var cluster: UInt32 = 0
    var app: UInt32 = 0
    var profile: UInt32 = 0
    var port: UInt16 = 0
}

/// Metadata and the timers that it sets: shared by instances that say the same.
struct Profile: Hashable, Sendable {
    let metadata: Metadata
    let timers: Timers

    init(_ metadata: Metadata) throws(Refusal) {
        self.metadata = metadata
        timers = try Timers(metadata)
    }

    static func == (left: Self, right: Self) -> Bool { left.metadata == right.metadata }

    func hash(into hasher: inout Hasher) { metadata.hash(into: &hasher) }
}

/// A service.
struct ServiceRecord: Sendable {
    let key: ServiceKey
    /// `false` only of `vacant`.
    var isLive = true
    /// Fixed by whoever creates the service, or by its first instance.
    var kind: InstanceKind?
    /// Created or configured by an operator: stays when it is empty.
    var isExplicit: Bool
    var settings: ServiceSettings
    /// The slots of its instances, ascending.
    var instances: [UInt32] = []
    var healthyCount = 0
    /// Since when it has been empty; set only while it is and may go for that.
    var emptySince: UInt64?
    /// The registry's revision at its last change.
    var revision: UInt64 = 0
    /// The reference time of its last change.
    var lastRefTime: UInt64

    /// What stands at a slot without a service.
    static let vacant = ServiceRecord(
        key: ServiceKey(namespace: "", group: "", name: ""), isLive: false, isExplicit: false,
        settings: ServiceSettings(), lastRefTime: 0)

    /// The place of an instance's slot in `instances`, or where it would be.
    func position(of slot: UInt32) -> Int {
        var low = 0
        var high = instances.count
        if let last = instances.last, last < slot { return high }  // the usual case of a new one
        while low < high {
            let middle = (low + high) / 2
            if instances[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
