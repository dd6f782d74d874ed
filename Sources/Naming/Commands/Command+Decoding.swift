package import Wire

extension Command {
    /// Reads a command that takes up all of `bytes`.
    ///
    /// Accepts only what `encoded()` writes, so that a command and its bytes are one to one.
    /// - Throws: `DecodeError`; no bytes make it trap or take memory beyond a small multiple of theirs.
    package init(decoding bytes: Span<UInt8>) throws(DecodeError) {
        var offset = 0
        let version = try bytes.readUInt8(at: &offset)
        guard version == Self.version else {
            throw DecodeError(.unknownVersion(UInt32(version)), at: 0)
        }
        guard let kind = Kind(rawValue: try bytes.readUInt8(at: &offset)) else {
            throw DecodeError(.invalid(field: "kind of command"), at: 1)
        }
        self = try Self.read(kind, bytes, at: &offset)
        guard offset == bytes.count else {
            throw DecodeError(.invalid(field: "bytes after the command"), at: offset)
        }
    }

    private static func read(
        _ kind: Kind, _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodeError) -> Command {
        switch kind {
        case .register: .register(try bytes.readRegistration(at: &offset))
        case .beat: .beat(try bytes.readRegistration(at: &offset))
        case .beats: .beats(try bytes.readBatch(at: &offset))
        case .disconnect:
            .disconnect(
                try bytes.readBatch(at: &offset),
                graceMilliseconds: try bytes.readUInt32Varint("grace", at: &offset))
        case .update:
            .update(
                try bytes.readService(at: &offset), try bytes.readInstance(at: &offset),
                try bytes.readChange(at: &offset))
        case .setHealth:
            .setHealth(
                try bytes.readService(at: &offset), try bytes.readInstance(at: &offset),
                isHealthy: try bytes.readBool(at: &offset))
        case .deregister: try readDeregister(bytes, at: &offset)
        case .createService:
            .createService(
                try bytes.readService(at: &offset), try bytes.readKind(at: &offset),
                try bytes.readSettings(at: &offset))
        case .updateService:
            .updateService(
                try bytes.readService(at: &offset), try bytes.readSettings(at: &offset))
        case .deleteService: .deleteService(try bytes.readService(at: &offset))
        case .advanceTime: .advanceTime
        }
    }

    private static func readDeregister(
        _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodeError) -> Command {
        let service = try bytes.readService(at: &offset)
        let instance = try bytes.readInstance(at: &offset)
        let generation = try bytes.readUInt32Varint("generation", at: &offset)
        return .deregister(service, instance, generation: generation == 0 ? nil : generation)
    }
}

extension Span where Element == UInt8 {
    func readText(_ name: StaticName, at offset: inout Int) throws(DecodeError) -> String {
        try readString(limit: Limits.maxDecodedTextBytes, name: name, at: &offset)
    }

    func readUInt32Varint(_ name: StaticName, at offset: inout Int) throws(DecodeError) -> UInt32 {
        UInt32(try readCount(limit: Int(UInt32.max), name: name, at: &offset))
    }

    func readService(at offset: inout Int) throws(DecodeError) -> ServiceKey {
        ServiceKey(
            namespace: try readText("namespaceId", at: &offset),
            group: try readText("groupName", at: &offset),
            name: try readText("serviceName", at: &offset))
    }

    func readPort(at offset: inout Int) throws(DecodeError) -> UInt16 {
        UInt16(try readCount(limit: Int(UInt16.max), name: "port", at: &offset))
    }

    fileprivate func readInstance(at offset: inout Int) throws(DecodeError) -> InstanceKey {
        InstanceKey(
            ip: try readText("ip", at: &offset), port: try readPort(at: &offset),
            clusterName: try readText("clusterName", at: &offset))
    }

    fileprivate func readBool(at offset: inout Int) throws(DecodeError) -> Bool {
        let start = offset
        switch try readUInt8(at: &offset) {
        case 0: return false
        case 1: return true
        default: throw DecodeError(.invalid(field: "truth value"), at: start)
        }
    }

    func readKind(at offset: inout Int) throws(DecodeError) -> InstanceKind? {
        let start = offset
        let value = try readUInt8(at: &offset)
        if value == 0 { return nil }
        guard let kind = InstanceKind(rawValue: value) else {
            throw DecodeError(.invalid(field: "kind of instances"), at: start)
        }
        return kind
    }

    func readWeight(at offset: inout Int) throws(DecodeError) -> Weight {
        let start = offset
        guard let weight = Weight(bitPattern: try readVarint(at: &offset).byteSwapped) else {
            throw DecodeError(.invalid(field: "weight"), at: start)
        }
        return weight
    }

    func readMetadata(at offset: inout Int) throws(DecodeError) -> Metadata {
        let count = try readCount(limit: Limits.maxDecodedPairs, name: "metadata", at: &offset)
        var metadata = Metadata()
        for _ in 0..<count {
            let start = offset
            let key = try readText("metadata key", at: &offset)
            let value = try readText("metadata value", at: &offset)
            guard metadata.appendInOrder(Metadata.Pair(key: key, value: value)) else {
                throw DecodeError(.invalid(field: "order of metadata"), at: start)
            }
        }
        return metadata
    }

    fileprivate func readRegistration(at offset: inout Int) throws(DecodeError) -> Registration {
        let service = try readService(at: &offset)
        let instance = try readInstance(at: &offset)
        let start = offset
        let flags = try readUInt8(at: &offset)
        guard flags & ~RegistrationFlag.all == 0 else {
            throw DecodeError(.invalid(field: "flags of a registration"), at: start)
        }
        return Registration(
            service: service, instance: instance,
            kind: flags & RegistrationFlag.ephemeral != 0 ? .ephemeral : .persistent,
            weight: try readWeight(at: &offset),
            isEnabled: flags & RegistrationFlag.enabled != 0,
            isHealthy: flags & RegistrationFlag.healthy != 0,
            metadata: try readMetadata(at: &offset), app: try readText("app", at: &offset))
    }

    fileprivate func readChange(at offset: inout Int) throws(DecodeError) -> InstanceChange {
        let start = offset
        let flags = try readUInt16(at: &offset)
        let isPlain =
            flags & ~ChangeFlag.all == 0
            && (flags & ChangeFlag.hasEnabled != 0 || flags & ChangeFlag.enabled == 0)
            && (flags & ChangeFlag.hasHealth != 0 || flags & ChangeFlag.healthy == 0)
        guard isPlain else { throw DecodeError(.invalid(field: "flags of a change"), at: start) }
        var change = InstanceChange()
        if flags & ChangeFlag.weight != 0 { change.weight = try readWeight(at: &offset) }
        if flags & ChangeFlag.hasEnabled != 0 { change.isEnabled = flags & ChangeFlag.enabled != 0 }
        if flags & ChangeFlag.hasHealth != 0 { change.isHealthy = flags & ChangeFlag.healthy != 0 }
        if flags & ChangeFlag.app != 0 { change.app = try readText("app", at: &offset) }
        switch flags & ~(ChangeFlag.replacesMetadata - 1) {
        case 0: break
        case ChangeFlag.replacesMetadata: change.metadata = .replace(try readMetadata(at: &offset))
        case ChangeFlag.mergesMetadata: change.metadata = .merge(try readMetadata(at: &offset))
        case ChangeFlag.removesMetadata: change.metadata = .remove(try readKeys(at: &offset))
        default: throw DecodeError(.invalid(field: "flags of a change"), at: start)
        }
        return change
    }

    private func readKeys(at offset: inout Int) throws(DecodeError) -> [String] {
        let count = try readCount(limit: Limits.maxDecodedPairs, name: "metadata", at: &offset)
        var keys: [String] = []
        for _ in 0..<count { keys.append(try readText("metadata key", at: &offset)) }
        return keys
    }

    func readSettings(at offset: inout Int) throws(DecodeError) -> ServiceSettings {
        let threshold = try readCount(
            limit: Int(UInt16.max), name: "protectThreshold", at: &offset)
        return ServiceSettings(
            protectThresholdThousandths: UInt16(threshold), metadata: try readMetadata(at: &offset),
            selector: try readText("selector", at: &offset))
    }

    fileprivate func readBatch(at offset: inout Int) throws(DecodeError) -> BeatBatch {
        let count = try readCount(limit: Limits.maxBeats, name: "beats", at: &offset)
        var numbers: [InstanceNumber] = []
        numbers.reserveCapacity(Swift.min(count, self.count - offset))  // a byte a beat at least
        var nextSlot: UInt64 = 0
        var generation: UInt32 = 1
        for _ in 0..<count {
            let start = offset
            let head = try readVarint(at: &offset)
            let slot = (head >> 1).addingReportingOverflow(nextSlot).partialValue
            guard slot <= UInt64(UInt32.max) else {
                throw DecodeError(.invalid(field: "slot"), at: start)
            }
            if head & 1 == 1 {
                let last = generation
                generation = try readUInt32Varint("generation", at: &offset)
                guard generation != 0, generation != last else {
                    throw DecodeError(.invalid(field: "generation"), at: start)
                }
            }
            numbers.append(InstanceNumber(slot: UInt32(slot), generation: generation))
            nextSlot = slot + 1
        }
        return BeatBatch(ordered: numbers)
    }
}
