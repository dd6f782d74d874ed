/// A change made by the command at hand.
struct PendingChange: Sendable {
    /// The service's slot.
    var service: UInt32
    var change: ChangeEvent.Change
}

extension Registry {
    mutating func note(_ change: ChangeEvent.Change, of service: UInt32) {
        pending.append(PendingChange(service: service, change: change))
    }

    /// Turns the changes of the command at hand into events, one a service, in the order of slots.
    mutating func publishPending() {
        guard !pending.isEmpty else { return }
        for group in groupedPending() { publish(group.changes, of: group.service) }
        pending.removeAll(keepingCapacity: true)
        for service in doomed {
            referenceFloor = max(referenceFloor, services[service].lastRefTime)
            services.remove(service)
        }
        doomed.removeAll(keepingCapacity: true)
        counts.services = services.count
    }

    private func groupedPending() -> [(service: UInt32, changes: [ChangeEvent.Change])] {
        // Within a service the changes stay in the order in which they were made.
        let order = pending.indices.sorted { left, right in
            let (a, b) = (pending[left].service, pending[right].service)
            return a != b ? a < b : left < right
        }
        var groups: [(service: UInt32, changes: [ChangeEvent.Change])] = []
        for i in order {
            if groups.last?.service != pending[i].service {
                groups.append((pending[i].service, []))
            }
            groups[groups.count - 1].changes.append(pending[i].change)
        }
        return groups
    }

    private mutating func publish(_ changes: [ChangeEvent.Change], of service: UInt32) {
        revision += 1
        let lastRefTime = max(services[service].lastRefTime + 1, clock)
        services[service].revision = revision
        services[service].lastRefTime = lastRefTime
        events.append(
            ChangeEvent(
                service: services[service].key, revision: revision, lastRefTime: lastRefTime,
                changes: changes))
    }
}
