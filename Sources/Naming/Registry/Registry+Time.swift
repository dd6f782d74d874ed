// Expiry. A silence equal to a timeout is not yet too long; one millisecond more is.

extension Registry {
    /// A cluster time before which `Command.advanceTime` would change nothing; `nil` when nothing is
    /// going to expire as things are.
    ///
    /// A lower bound: for a time that is some way off, the command may turn out to have been early.
    /// It then makes this bound finer, so a leader that proposes the command at the bounds given here
    /// arrives at the very millisecond after a few of them.
    package var nextDeadline: UInt64? {
        switch (instanceWheel.nextDeadline, serviceWheel.nextDeadline) {
        case (let a?, let b?): min(a, b)
        case (let a, let b): a ?? b
        }
    }

    /// The same services and instances, for a new cluster: time has not begun for them.
    ///
    /// Nobody could beat for them between the moment of this state and the start of the new cluster. So with the
    /// first command there, whatever its time, everybody counts as having beaten just then.
    package func awaitingTime() -> Registry {
        var copy = self
        copy.clock = 0
        for slot in 0..<UInt32(pulses.count) { copy.pulses[slot].lastBeat = 0 }
        for slot in services.ordered where services[slot].emptySince != nil {
            copy.services[slot].emptySince = 0
        }
        return copy
    }

    /// The first time of all. Nothing has happened before it, save in a registry that was `awaitingTime`.
    ///
    /// The wheels may stay as they are: nobody is due earlier by this, and they find out who is due later. Lists get
    /// a new reference time, because clients may remember later ones of the old cluster than stand here.
    mutating func beginTime(at time: UInt64) {
        for slot in 0..<UInt32(pulses.count) { pulses[slot].lastBeat = time }
        for slot in services.ordered {
            services[slot].lastRefTime = max(services[slot].lastRefTime + 1, time)
            if services[slot].emptySince != nil { services[slot].emptySince = time }
        }
    }

    /// Lists and entries of the timing wheels looked at so far: the cost of expiry, for metrics.
    package var expiryWork: Int { instanceWheel.visits + serviceWheel.visits }

    mutating func advanceTime() -> Answer {
        let before = counts.instances
        let unhealthy = expireInstances()
        let services = expireServices()
        return .advanced(
            unhealthy: unhealthy, removedInstances: before - counts.instances,
            removedServices: services)
    }

    /// Removes who was silent too long and marks who was silent for long; the number of the latter.
    private mutating func expireInstances() -> Int {
        var candidates: [UInt32] = []
        instanceWheel.takeDue(at: clock, into: &candidates)
        var due: [UInt32] = []
        for slot in candidates {
            if deadline(of: slot) <= clock { due.append(slot) } else { arm(slot) }
        }
        due.sort()  // the wheel's order follows its history, which a restored node does not share
        var unhealthy = 0
        for slot in due {
            let timeout = UInt64(profile(at: slot).timers.deleteTimeoutMilliseconds)
            if clock - pulses[slot].lastBeat > timeout {
                removeInstance(at: slot)
            } else {
                setHealth(false, at: slot)
                unhealthy += 1
                arm(slot)
            }
        }
        return unhealthy
    }

    private mutating func expireServices() -> Int {
        var due: [UInt32] = []
        serviceWheel.takeDue(at: clock, into: &due)
        due.sort()
        var removed = 0
        for slot in due {
            guard let since = services[slot].emptySince else { continue }
            guard clock - since >= Limits.emptyServiceMilliseconds else {
                armService(slot)
                continue
            }
            removeService(slot)
            removed += 1
        }
        return removed
    }

    /// The first millisecond at which something happens to a silent instance.
    private func deadline(of slot: UInt32) -> UInt64 {
        let timers = profile(at: slot).timers
        let timeout =
            pulses[slot].flags.contains(.isHealthy)
            ? min(timers.timeoutMilliseconds, timers.deleteTimeoutMilliseconds)
            : timers.deleteTimeoutMilliseconds
        return pulses[slot].lastBeat + UInt64(timeout) + 1
    }

    /// Enters an instance into the wheel by its deadline. Must be called when that may have become
    /// earlier; when it becomes later, the wheel finds out by itself.
    mutating func arm(_ slot: UInt32) {
        guard pulses[slot].flags.contains(.isEphemeral) else { return }
        instanceWheel.arm(slot, at: deadline(of: slot), now: clock)
    }

    /// Starts the clock of a service that may go when it has been empty for long.
    mutating func noteEmptiness(of service: UInt32) {
        guard services[service].instances.isEmpty, !services[service].isExplicit else { return }
        services[service].emptySince = clock
        armService(service)
    }

    func emptyDeadline(_ since: UInt64) -> UInt64 { since + Limits.emptyServiceMilliseconds }

    mutating func armService(_ service: UInt32) {
        guard let since = services[service].emptySince else { return }
        serviceWheel.arm(service, at: emptyDeadline(since), now: clock)
    }
}
