internal import Naming

/// How often each kind of change has happened at this node since it started.
struct ChangeCounters: Equatable {
    private(set) var servicesAdded: UInt64 = 0
    private(set) var servicesChanged: UInt64 = 0
    private(set) var servicesRemoved: UInt64 = 0
    private(set) var instancesAdded: UInt64 = 0
    private(set) var instancesChanged: UInt64 = 0
    private(set) var instancesRemoved: UInt64 = 0

    mutating func count(_ events: [ChangeEvent]) {
        for event in events {
            for change in event.changes {
                switch change {
                case .serviceAdded: servicesAdded += 1
                case .serviceChanged: servicesChanged += 1
                case .serviceRemoved: servicesRemoved += 1
                case .instanceAdded: instancesAdded += 1
                case .instanceChanged: instancesChanged += 1
                case .instanceRemoved: instancesRemoved += 1
                }
            }
        }
    }

    /// The counts by the names that metrics give them, in a fixed order.
    var named: [(name: String, count: UInt64)] {
        [
            ("service_added", servicesAdded), ("service_changed", servicesChanged),
            ("service_removed", servicesRemoved), ("instance_added", instancesAdded),
            ("instance_changed", instancesChanged), ("instance_removed", instancesRemoved),
        ]
    }
}
