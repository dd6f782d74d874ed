// What keeps instances alive.

extension Registry {
    /// A beat that may register. Says nothing new about an instance that is known.
    mutating func beat(_ registration: Registration, index: UInt64) -> Answer {
        if let service = services.find(registration.service) {
            if let kind = services[service].kind, kind != registration.kind {
                return .kindMismatch(serviceKind: kind)
            }
            if let slot = slot(of: registration.instance, in: service) {
                beat(at: slot)
                return beatAnswer(slot, isNew: false)
            }
        }
        let answer = register(registration, index: index)
        guard case .registered(let number, _) = answer else { return answer }
        return beatAnswer(number.slot, isNew: true)
    }

    private func beatAnswer(_ slot: UInt32, isNew: Bool) -> Answer {
        let interval = profile(at: slot).timers.intervalMilliseconds
        return .beat(number(at: slot), intervalMilliseconds: interval, isNew: isNew)
    }

    mutating func beat(_ batch: BeatBatch) -> Answer {
        var known = 0
        for number in batch.numbers {
            guard let slot = slot(of: number) else { continue }
            beat(at: slot)
            known += 1
        }
        return .beats(known: known)
    }

    private mutating func beat(at slot: UInt32) {
        guard pulses[slot].flags.contains(.isEphemeral) else { return }
        pulses[slot].lastBeat = clock
        guard !pulses[slot].flags.contains(.isHealthy) else { return }
        setHealth(true, at: slot)
        arm(slot)  // it may become unhealthy earlier than it would have been removed
    }

    mutating func disconnect(_ batch: BeatBatch, graceMilliseconds: UInt32) -> Answer {
        var known = 0
        for number in batch.numbers {
            guard let slot = slot(of: number), pulses[slot].flags.contains(.isEphemeral) else {
                continue
            }
            shortenSilence(at: slot, toGrace: UInt64(graceMilliseconds))
            setHealth(false, at: slot)
            arm(slot)
            known += 1
        }
        return .beats(known: known)
    }

    /// Counts the silence as if it had begun so long ago that no more than the grace is left of the
    /// time to removal; a next beat sets that right.
    private mutating func shortenSilence(at slot: UInt32, toGrace grace: UInt64) {
        let timeout = UInt64(profile(at: slot).timers.deleteTimeoutMilliseconds)
        let end = clock + grace
        guard pulses[slot].lastBeat + timeout > end else { return }
        pulses[slot].lastBeat = end > timeout ? end - timeout : 0
    }
}
