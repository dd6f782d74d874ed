internal import Wire

// The bytes of a command. Integers are varints (LEB128, shortest form only) unless said otherwise;
// text is its length in bytes and its UTF-8; every command has exactly one form.
//
//   command      = version (1 byte: 1), kind (1 byte), fields
//   1 register     registration
//   2 beat         registration
//   3 beats        batch
//   4 disconnect   batch, grace in milliseconds
//   5 update       service, instance, change
//   6 set health   service, instance, 0 or 1
//   7 deregister   service, instance, generation or 0 for any
//   8 create       service, kind of instances or 0 for undecided, settings
//   9 update       service, settings
//  10 delete       service
//  11 advance      nothing
//
//   service      = namespace, group, name (texts)
//   instance     = ip (text), port, cluster name (text)
//   registration = service, instance, flags (1 byte), weight, metadata, app (text)
//                  flags: 1 ephemeral, 2 enabled, 4 healthy
//   weight       = the bits of the IEEE double with its eight bytes reversed: few bytes for round numbers
//   metadata     = count, then key and value (texts) in strictly ascending order of the keys' bytes
//   change       = flags (2 bytes, little-endian), then weight, app and metadata as far as flagged
//                  flags: 1 weight, 2 enabled is set, 4 to true, 8 health is set, 16 to true, 32 app,
//                  64 metadata replaced, 128 merged, 256 keys removed (count and texts)
//   settings     = threshold in thousandths, metadata, selector (text)
//   batch        = count, then for each: (slots skipped since the last one) · 2, plus 1 when a
//                  generation follows because it is not that of the last one (before the first: 1)

extension Command {
    /// The version of this form of commands.
    static let version: UInt8 = 1

    enum Kind: UInt8 {
        case register = 1
        case beat, beats, disconnect, update, setHealth, deregister
        case createService, updateService, deleteService, advanceTime
    }

    /// The command's bytes.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    /// Appends the command's bytes.
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(Self.version)
        switch self {
        case .register(let registration):
            bytes.begin(.register)
            bytes.write(registration)
        case .beat(let registration):
            bytes.begin(.beat)
            bytes.write(registration)
        case .beats(let batch):
            bytes.begin(.beats)
            bytes.write(batch)
        case .disconnect(let batch, let graceMilliseconds):
            bytes.begin(.disconnect)
            bytes.write(batch)
            bytes.writeVarint(UInt64(graceMilliseconds))
        case .update(let service, let instance, let change):
            bytes.begin(.update)
            bytes.write(service, instance)
            bytes.write(change)
        case .setHealth(let service, let instance, let isHealthy):
            bytes.begin(.setHealth)
            bytes.write(service, instance)
            bytes.append(isHealthy ? 1 : 0)
        case .deregister(let service, let instance, let generation):
            bytes.begin(.deregister)
            bytes.write(service, instance)
            bytes.writeVarint(UInt64(generation ?? 0))
        case .createService(let service, let kind, let settings):
            bytes.begin(.createService)
            bytes.write(service)
            bytes.append(kind?.rawValue ?? 0)
            bytes.write(settings)
        case .updateService(let service, let settings):
            bytes.begin(.updateService)
            bytes.write(service)
            bytes.write(settings)
        case .deleteService(let service):
            bytes.begin(.deleteService)
            bytes.write(service)
        case .advanceTime:
            bytes.begin(.advanceTime)
        }
    }
}

/// The bits of the flags of a registration.
enum RegistrationFlag {
    static let ephemeral: UInt8 = 1
    static let enabled: UInt8 = 2
    static let healthy: UInt8 = 4
    static let all: UInt8 = 7
}

/// The bits of the flags of a change.
enum ChangeFlag {
    static let weight: UInt16 = 1
    static let hasEnabled: UInt16 = 2
    static let enabled: UInt16 = 4
    static let hasHealth: UInt16 = 8
    static let healthy: UInt16 = 16
    static let app: UInt16 = 32
    static let replacesMetadata: UInt16 = 64
    static let mergesMetadata: UInt16 = 128
    static let removesMetadata: UInt16 = 256
    static let all: UInt16 = 511
}

extension [UInt8] {
    fileprivate mutating func begin(_ kind: Command.Kind) { append(kind.rawValue) }

    mutating func write(_ service: ServiceKey) {
        writeString(service.namespace)
        writeString(service.group)
        writeString(service.name)
    }

    fileprivate mutating func write(_ service: ServiceKey, _ instance: InstanceKey) {
        write(service)
        writeString(instance.ip)
        writeVarint(UInt64(instance.port))
        writeString(instance.clusterName)
    }

    fileprivate mutating func write(_ registration: Registration) {
        write(registration.service, registration.instance)
        var flags: UInt8 = registration.kind == .ephemeral ? RegistrationFlag.ephemeral : 0
        if registration.isEnabled { flags |= RegistrationFlag.enabled }
        if registration.isHealthy { flags |= RegistrationFlag.healthy }
        append(flags)
        write(registration.weight)
        write(registration.metadata)
        writeString(registration.app)
    }

    mutating func write(_ weight: Weight) { writeVarint(weight.bitPattern.byteSwapped) }

    mutating func write(_ metadata: Metadata) {
        writeCount(metadata.pairs.count)
        for pair in metadata.pairs {
            writeString(pair.key)
            writeString(pair.value)
        }
    }

    fileprivate mutating func write(_ change: InstanceChange) {
        var flags: UInt16 = change.weight == nil ? 0 : ChangeFlag.weight
        if let isEnabled = change.isEnabled {
            flags |= ChangeFlag.hasEnabled | (isEnabled ? ChangeFlag.enabled : 0)
        }
        if let isHealthy = change.isHealthy {
            flags |= ChangeFlag.hasHealth | (isHealthy ? ChangeFlag.healthy : 0)
        }
        if change.app != nil { flags |= ChangeFlag.app }
        switch change.metadata {
        case nil: break
        case .replace: flags |= ChangeFlag.replacesMetadata
        case .merge: flags |= ChangeFlag.mergesMetadata
        case .remove: flags |= ChangeFlag.removesMetadata
        }
        write(flags)
        if let weight = change.weight { write(weight) }
        if let app = change.app { writeString(app) }
        switch change.metadata {
        case nil: break
        case .replace(let metadata), .merge(let metadata): write(metadata)
        case .remove(let keys):
            writeCount(keys.count)
            for key in keys { writeString(key) }
        }
    }

    mutating func write(_ settings: ServiceSettings) {
        writeVarint(UInt64(settings.protectThresholdThousandths))
        write(settings.metadata)
        writeString(settings.selector)
    }

    fileprivate mutating func write(_ batch: BeatBatch) {
        writeCount(batch.count)
        var nextSlot: UInt64 = 0
        var generation: UInt32 = 1
        for number in batch.numbers {
            let skipped = UInt64(number.slot) - nextSlot
            let isNew = number.generation != generation
            writeVarint(skipped << 1 | (isNew ? 1 : 0))
            if isNew { writeVarint(UInt64(number.generation)) }
            nextSlot = UInt64(number.slot) + 1
            generation = number.generation
        }
    }
}
