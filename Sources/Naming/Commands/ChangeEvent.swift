/// How one service differs after a command from how it was before.
package struct ChangeEvent: Hashable, Sendable {
    /// One difference.
    package enum Change: Hashable, Sendable {
        /// The service appeared.
        case serviceAdded
        /// Its settings or the kind of its instances changed.
        case serviceChanged
        /// It is gone.
        case serviceRemoved
        /// An instance appeared.
        case instanceAdded(InstanceKey)
        /// What is seen of an instance changed: health, weight, switch, metadata or application.
        case instanceChanged(InstanceKey)
        /// An instance is gone.
        case instanceRemoved(InstanceKey)
    }

    /// The service.
    package var service: ServiceKey
    /// The registry's count of events up to this one: no gap, never twice.
    package var revision: UInt64
    /// The service's new reference time, in milliseconds: later than all it had before, also when it
    /// was deleted in between.
    package var lastRefTime: UInt64
    /// The differences; never empty.
    package var changes: [Change]

    /// Joins the parts.
    package init(service: ServiceKey, revision: UInt64, lastRefTime: UInt64, changes: [Change]) {
        self.service = service
        self.revision = revision
        self.lastRefTime = lastRefTime
        self.changes = changes
    }
}
