package import Wire

extension Registry {
    /// Reads the state that a snapshot holds.
    ///
    /// - Throws: `DecodeError` when the bytes are no snapshot, or one that cannot be the state of a
    ///   registry. No bytes make it trap.
    package init(decoding bytes: Span<UInt8>) throws(DecodeError) {
        self.init()
        let end = try Self.checkFrame(bytes)
        try readState(bytes.extracting(0..<end))
    }

    /// Takes over the state that a snapshot holds; on an error nothing changes.
    package mutating func restore(from bytes: Span<UInt8>) throws(DecodeError) {
        self = try Registry(decoding: bytes)
    }

    /// Looks at magic, version and checksum; gives where the checksum begins.
    private static func checkFrame(_ bytes: Span<UInt8>) throws(DecodeError) -> Int {
        var offset = 0
        for byte in snapshotMagic {
            guard try bytes.readUInt8(at: &offset) == byte else {
                throw DecodeError(.invalid(field: "magic of a snapshot"), at: 0)
            }
        }
        let version = try bytes.readUInt32(at: &offset)
        guard version == snapshotVersion else {
            throw DecodeError(.unknownVersion(version), at: snapshotMagic.count)
        }
        var end = bytes.count - 4
        guard end >= offset else { throw DecodeError(.truncated, at: bytes.count) }
        let checksum = CRC32C.checksum(bytes.extracting(0..<end))
        let start = end
        guard try bytes.readUInt32(at: &end) == checksum else {
            throw DecodeError(.checksumMismatch, at: start)
        }
        return start
    }

    private mutating func readState(_ bytes: Span<UInt8>) throws(DecodeError) {
        var reader = SnapshotReader(offset: Self.snapshotMagic.count + 4)
        clock = try reader.readNumber(limit: Limits.maxTimeMilliseconds, "clock", bytes)
        revision = try reader.readNumber(limit: .max >> 1, "revision", bytes)
        referenceFloor = try reader.readNumber(limit: .max >> 1, "reference floor", bytes)
        try readServices(bytes, &reader)
        let slots = try bytes.readCount(
            limit: Limits.maxInstances, name: "instances", at: &reader.offset)
        for slot in 0..<UInt32(slots) { try readInstance(at: slot, bytes, &reader) }
        guard reader.offset == bytes.count else {
            throw DecodeError(.invalid(field: "bytes after the snapshot"), at: reader.offset)
        }
        try finishServices(at: reader.offset)
    }
}

// Services.
extension Registry {
    private mutating func readServices(
        _ bytes: Span<UInt8>, _ reader: inout SnapshotReader
    ) throws(DecodeError) {
        let slots = try bytes.readCount(
            limit: Limits.maxServices, name: "services", at: &reader.offset)
        var found: [(slot: UInt32, record: ServiceRecord)] = []
        for slot in 0..<UInt32(slots) {
            let start = reader.offset
            if let record = try readService(bytes, &reader) {
                found.append((slot, record))
            } else if Int(slot) == slots - 1 {
                throw DecodeError(.invalid(field: "last service"), at: start)
            }
        }
        services.insert(found)
        // In order now, so that equal keys would be neighbours.
        for (left, right) in zip(services.ordered, services.ordered.dropFirst())
        where services[left].key == services[right].key {
            throw DecodeError(.invalid(field: "service"), at: reader.offset)
        }
        counts.services = services.count
    }

    private func readService(
        _ bytes: Span<UInt8>, _ reader: inout SnapshotReader
    ) throws(DecodeError) -> ServiceRecord? {
        let start = reader.offset
        switch try bytes.readUInt8(at: &reader.offset) {
        case 0: return nil
        case 1: break
        default: throw DecodeError(.invalid(field: "service"), at: start)
        }
        let key = try bytes.readService(at: &reader.offset)
        let kind = try bytes.readKind(at: &reader.offset)
        let flags = try bytes.readUInt8(at: &reader.offset)
        let settings = try bytes.readSettings(at: &reader.offset)
        guard flags <= 2, Command.createService(key, kind, settings).refusal == nil else {
            throw DecodeError(.invalid(field: "service"), at: start)
        }
        var record = ServiceRecord(
            key: key, kind: kind, isExplicit: flags == 1, settings: settings, lastRefTime: 0)
        record.revision = try reader.readNumber(limit: revision, "revision", bytes)
        record.lastRefTime = try reader.readNumber(limit: .max >> 1, "reference time", bytes)
        if flags == 2 {
            record.emptySince = clock - (try reader.readNumber(limit: clock, "age", bytes))
        }
        return record
    }

    /// Checks what could not be known before the instances were there, and arms the wheel.
    private mutating func finishServices(at offset: Int) throws(DecodeError) {
        for slot in services.ordered {
            let service = services[slot]
            let mayGo = service.instances.isEmpty && !service.isExplicit
            guard mayGo == (service.emptySince != nil) else {
                throw DecodeError(.invalid(field: "emptiness of a service"), at: offset)
            }
            armService(slot)
        }
    }
}

// Instances.
extension Registry {
    private mutating func readInstance(
        at slot: UInt32, _ bytes: Span<UInt8>, _ reader: inout SnapshotReader
    ) throws(DecodeError) {
        let start = reader.offset
        let generation = try bytes.readUInt32Varint("generation", at: &reader.offset)
        let flags = Pulse.Flags(rawValue: try bytes.readUInt8(at: &reader.offset))
        guard
            generation > 0, flags.isSubset(of: .all), flags.isEmpty || flags.contains(.isLive)
        else { throw DecodeError(.invalid(field: "instance"), at: start) }
        pulses.append(Pulse(generation: generation))
        records.append(InstanceRecord())
        guard flags.contains(.isLive) else { return freeSlots.insert(slot) }

        let service = try readServiceSlot(of: flags, bytes, &reader)
        var record = InstanceRecord(service: service)
        record.ip = try bytes.readText("ip", at: &reader.offset)
        record.port = try bytes.readPort(at: &reader.offset)
        record.cluster = try reader.readName(bytes, into: &names)
        record.app = try reader.readName(bytes, into: &names)
        record.profile = try reader.readProfile(bytes, into: &profiles)
        record.weight = try bytes.readWeight(at: &reader.offset)
        let age = try reader.readNumber(limit: clock, "age", bytes)
        record.registrationIndex = try bytes.readVarint(at: &reader.offset)

        let key = InstanceKey(ip: record.ip, port: record.port, clusterName: name(record.cluster))
        guard
            key.isSound, name(record.app).utf8.count <= Limits.maxAppBytes,
            self.slot(of: key, in: service) == nil
        else { throw DecodeError(.invalid(field: "instance"), at: start) }
        let pulse = Pulse(lastBeat: clock - age, generation: generation, flags: flags)
        place(pulse, record, key: key, at: slot)
    }

    /// Reads the slot of the service of an instance, whose kind must be its kind.
    private func readServiceSlot(
        of flags: Pulse.Flags, _ bytes: Span<UInt8>, _ reader: inout SnapshotReader
    ) throws(DecodeError) -> UInt32 {
        let start = reader.offset
        let slot = try bytes.readUInt32Varint("service", at: &reader.offset)
        let kind: InstanceKind = flags.contains(.isEphemeral) ? .ephemeral : .persistent
        guard let service = services.record(at: slot), service.kind == kind,
            service.emptySince == nil
        else { throw DecodeError(.invalid(field: "service of an instance"), at: start) }
        return slot
    }
}

/// Reads numbers and shared values of a snapshot.
private struct SnapshotReader {
    var offset: Int
    /// The ids here of the names and profiles of the snapshot, by their numbers there.
    private var names: [UInt32] = []
    private var profiles: [UInt32] = []

    init(offset: Int) { self.offset = offset }

    mutating func readNumber(
        limit: UInt64, _ field: StaticName, _ bytes: Span<UInt8>
    ) throws(DecodeError) -> UInt64 {
        let start = offset
        let value = try bytes.readVarint(at: &offset)
        guard value <= limit else { throw DecodeError(.invalid(field: field), at: start) }
        return value
    }

    mutating func readName(
        _ bytes: Span<UInt8>, into table: inout InternTable<ByteText>
    ) throws(DecodeError) -> UInt32 {
        let start = offset
        let number = try bytes.readCount(limit: names.count, name: "name", at: &offset)
        guard number == names.count else {
            table.retain(id: names[number])
            return names[number]
        }
        let text = ByteText(try bytes.readText("name", at: &offset))
        guard table.find(text) == nil else {
            throw DecodeError(.invalid(field: "name"), at: start)
        }
        let id = table.retain(text)
        names.append(id)
        return id
    }

    mutating func readProfile(
        _ bytes: Span<UInt8>, into table: inout InternTable<Profile>
    ) throws(DecodeError) -> UInt32 {
        let start = offset
        let number = try bytes.readCount(limit: profiles.count, name: "metadata", at: &offset)
        guard number == profiles.count else {
            table.retain(id: profiles[number])
            return profiles[number]
        }
        let metadata = try bytes.readMetadata(at: &offset)
        guard
            metadata.byteCount <= Limits.maxMetadataBytes, let profile = try? Profile(metadata),
            table.find(profile) == nil
        else { throw DecodeError(.invalid(field: "metadata"), at: start) }
        let id = table.retain(profile)
        profiles.append(id)
        return id
    }
}

extension InstanceKey {
    fileprivate var isSound: Bool { (try? check()) != nil }
}
