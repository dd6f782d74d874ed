// Finding, adding and removing instances: the part that keeps the arrays, the index, the wheel and
// the counts in step.

extension Registry {
    /// The slot of an instance, if it is there.
    func slot(of instance: InstanceKey, in service: UInt32) -> UInt32? {
        guard let cluster = names.find(ByteText(instance.clusterName)) else { return nil }
        let hash = Self.hash(service, instance, cluster: cluster)
        return instanceIndex.find(hash) { slot in
            let record = records[slot]
            return record.service == service && record.port == instance.port
                && record.cluster == cluster && record.ip.hasSameBytes(as: instance.ip)
        }
    }

    /// The slot of a living registration; `nil` when it is gone or has been renewed.
    func slot(of number: InstanceNumber) -> UInt32? {
        guard
            Int(number.slot) < pulses.count, pulses[number.slot].flags.contains(.isLive),
            pulses[number.slot].generation == number.generation
        else { return nil }
        return number.slot
    }

    func number(at slot: UInt32) -> InstanceNumber {
        InstanceNumber(slot: slot, generation: pulses[slot].generation)
    }

    func key(at slot: UInt32) -> InstanceKey {
        let record = records[slot]
        return InstanceKey(ip: record.ip, port: record.port, clusterName: name(record.cluster))
    }

    func name(_ id: UInt32) -> String {
        guard let text = names[id] else { fatalError("no name with id \(id)") }
        return text.string
    }

    func profile(at slot: UInt32) -> Profile {
        guard let profile = profiles[records[slot].profile] else {
            fatalError("no profile for slot \(slot)")
        }
        return profile
    }

    /// Puts an instance into the lowest free slot. The key must not be there yet.
    mutating func addInstance(
        _ registration: Registration, _ profile: Profile, to service: UInt32, index: UInt64
    ) -> UInt32 {
        let slot = freeSlots.first ?? UInt32(pulses.count)
        if Int(slot) == pulses.count {
            pulses.append(Pulse())
            records.append(InstanceRecord())
        } else {
            freeSlots.remove(slot)
        }
        var flags: Pulse.Flags = [.isLive]
        if registration.isHealthy { flags.insert(.isHealthy) }
        if registration.isEnabled { flags.insert(.isEnabled) }
        if registration.kind == .ephemeral { flags.insert(.isEphemeral) }
        let pulse = Pulse(
            lastBeat: clock, generation: Self.generation(after: pulses[slot].generation),
            flags: flags)
        let record = InstanceRecord(
            ip: registration.instance.ip, registrationIndex: index, weight: registration.weight,
            service: service,
            cluster: names.retain(ByteText(registration.instance.clusterName)),
            app: names.retain(ByteText(registration.app)), profile: profiles.retain(profile),
            port: registration.instance.port)
        place(pulse, record, key: registration.instance, at: slot)
        return slot
    }

    /// Fills a slot and enters it everywhere.
    mutating func place(
        _ pulse: Pulse, _ record: InstanceRecord, key: InstanceKey, at slot: UInt32
    ) {
        pulses[slot] = pulse
        records[slot] = record
        let hash = Self.hash(record.service, key, cluster: record.cluster)
        instanceIndex.insert(hash, slot)
        let position = services[record.service].position(of: slot)
        services[record.service].instances.insert(slot, at: position)
        services[record.service].emptySince = nil
        serviceWheel.disarm(record.service)
        count(slot, 1)
        arm(slot)
    }

    /// Empties a slot. Its generation stays.
    mutating func removeInstance(at slot: UInt32) {
        let record = records[slot]
        note(.instanceRemoved(key(at: slot)), of: record.service)
        instanceIndex.remove(
            Self.hash(record.service, key(at: slot), cluster: record.cluster), slot)
        instanceWheel.disarm(slot)
        count(slot, -1)
        let position = services[record.service].position(of: slot)
        services[record.service].instances.remove(at: position)
        names.release(record.cluster)
        names.release(record.app)
        profiles.release(record.profile)
        records[slot] = InstanceRecord()
        pulses[slot].flags = []
        pulses[slot].lastBeat = 0
        freeSlots.insert(slot)
        noteEmptiness(of: record.service)
    }

    /// Sets the health of an instance, counts it and notes the change; does nothing when it is so.
    mutating func setHealth(_ isHealthy: Bool, at slot: UInt32) {
        guard changeHealth(isHealthy, at: slot) else { return }
        note(.instanceChanged(key(at: slot)), of: records[slot].service)
    }

    /// Sets the health and counts it; whether that made a difference.
    mutating func changeHealth(_ isHealthy: Bool, at slot: UInt32) -> Bool {
        guard pulses[slot].flags.contains(.isHealthy) != isHealthy else { return false }
        let step = isHealthy ? 1 : -1
        if isHealthy {
            pulses[slot].flags.insert(.isHealthy)
        } else {
            pulses[slot].flags.remove(.isHealthy)
        }
        counts.healthyInstances += step
        services[records[slot].service].healthyCount += step
        return true
    }

    private mutating func count(_ slot: UInt32, _ step: Int) {
        let flags = pulses[slot].flags
        counts.instances += step
        if flags.contains(.isEphemeral) { counts.ephemeralInstances += step }
        guard flags.contains(.isHealthy) else { return }
        counts.healthyInstances += step
        services[records[slot].service].healthyCount += step
    }

    /// The generation of the next registration at a slot. After four thousand million of them it
    /// starts over, and skips 0, which stands for "any".
    static func generation(after last: UInt32) -> UInt32 { last == .max ? 1 : last + 1 }

    private static func hash(
        _ service: UInt32, _ instance: InstanceKey, cluster: UInt32
    ) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(service)
        instance.ip.hashBytes(into: &hasher)
        hasher.combine(instance.port)
        hasher.combine(cluster)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
