internal import Wire

// The bytes of a snapshot. Integers are varints unless a width is given; text is its length in bytes
// and its UTF-8. Equal states write equal bytes: everything goes by slots, which all nodes share.
//
//   snapshot  = "MNRG", version (4 bytes: 1), clock, revision, reference floor,
//               number of service slots, service slots, number of instance slots, instance slots,
//               CRC-32C of all bytes before (4 bytes)
//   service   = 0 when vacant (never the last one); else 1, namespace, group, name, kind (1 byte, 0 for
//               undecided), flags (1 byte: 1 explicit, 2 empty and not explicit), settings, revision,
//               reference time, and with flag 2 for how long it has been empty (milliseconds)
//   instance  = generation, flags (1 byte, as `Pulse.Flags`; 0 when vacant, and then nothing more),
//               service's slot, ip, port, cluster, app, metadata, weight, milliseconds since the last
//               beat, registration index
//   cluster, app, metadata = the number of a value that came before, counted from 0 in the order of
//               first appearance, clusters and apps together; or the next number, and then the value
//
// Settings, metadata and weight are written as in a command (`Command+Encoding.swift`). The timing
// wheels are not written: they follow from the rest.

extension Registry {
    static let snapshotMagic: [UInt8] = Array("MNRG".utf8)
    static let snapshotVersion: UInt32 = 1

    /// The state as it is now, to be written out by another thread while this one goes on.
    package func image() -> RegistryImage { RegistryImage(self) }

    /// Goes on from a view.
    package init(_ image: RegistryImage) { self = image.registry }
}

/// A frozen registry that can be written out.
package struct RegistryImage: Sendable {
    private static let pieceBytes = 64 * 1_024

    fileprivate let registry: Registry

    init(_ registry: Registry) {
        var frozen = registry
        frozen.events = []
        self.registry = frozen
    }

    /// Writes the snapshot piece by piece, each of about 64 KiB; `emit` takes each piece away.
    package func write(to emit: ([UInt8]) throws -> Void) throws {
        var writer = SnapshotWriter(registry)
        writer.writeHeader()
        writer.buffer.writeCount(registry.liveServiceSlotCount)
        for slot in 0..<UInt32(registry.liveServiceSlotCount) {
            writer.writeService(at: slot)
            if writer.buffer.count >= Self.pieceBytes { try emit(writer.takePiece()) }
        }
        writer.buffer.writeCount(registry.pulses.count)
        for slot in 0..<UInt32(registry.pulses.count) {
            writer.writeInstance(at: slot)
            if writer.buffer.count >= Self.pieceBytes { try emit(writer.takePiece()) }
        }
        try emit(writer.takeLastPiece())
    }
}

extension Registry {
    /// What the commands since a view was taken have copied because of it, in bytes: their delay, as a count.
    ///
    /// The lists of the instances of a service, 4 bytes each, are left out.
    package func copiedBytes(since image: RegistryImage) -> Int {
        let old = image.registry
        return pulses.copiedBytes(since: old.pulses) + records.copiedBytes(since: old.records)
            + services.copiedBytes(since: old.services)
            + freeSlots.copiedBytes(since: old.freeSlots)
            + instanceIndex.copiedBytes(since: old.instanceIndex)
            + names.copiedBytes(since: old.names) + profiles.copiedBytes(since: old.profiles)
            + instanceWheel.copiedBytes(since: old.instanceWheel)
            + serviceWheel.copiedBytes(since: old.serviceWheel)
    }
}

extension Registry: Equatable {
    /// The snapshot in one piece.
    package func encoded() -> [UInt8] {
        var writer = SnapshotWriter(self)
        writer.writeHeader()
        writer.buffer.writeCount(liveServiceSlotCount)
        for slot in 0..<UInt32(liveServiceSlotCount) { writer.writeService(at: slot) }
        writer.buffer.writeCount(pulses.count)
        for slot in 0..<UInt32(pulses.count) { writer.writeInstance(at: slot) }
        return writer.takeLastPiece()
    }

    /// Whether both hold the same, timing and numbers included; events not yet taken do not count.
    /// - Complexity: That of two snapshots. For tests.
    package static func == (left: Self, right: Self) -> Bool { left.encoded() == right.encoded() }

    /// The number of service slots up to the last one in use. Free ones behind it mean nothing.
    fileprivate var liveServiceSlotCount: Int {
        (0..<services.slotCount).last { services.record(at: UInt32($0)) != nil }.map { $0 + 1 } ?? 0
    }
}

/// Writes the parts of a snapshot.
private struct SnapshotWriter {
    var buffer: [UInt8] = []
    private let registry: Registry
    private var checksum = CRC32C()
    /// The number under which a name or a profile stands in the snapshot, by its id here.
    private var nameNumbers: [UInt32]
    private var nextName: UInt32 = 0
    private var profileNumbers: [UInt32]
    private var nextProfile: UInt32 = 0

    init(_ registry: Registry) {
        self.registry = registry
        nameNumbers = Array(repeating: .max, count: registry.names.capacity)
        profileNumbers = Array(repeating: .max, count: registry.profiles.capacity)
    }

    mutating func takePiece() -> [UInt8] {
        let piece = buffer
        checksum.update(piece.span)
        buffer = []
        buffer.reserveCapacity(piece.count)
        return piece
    }

    mutating func takeLastPiece() -> [UInt8] {
        var piece = takePiece()
        piece.write(checksum.value)
        return piece
    }

    mutating func writeHeader() {
        buffer.append(contentsOf: Registry.snapshotMagic)
        buffer.write(Registry.snapshotVersion)
        buffer.writeVarint(registry.clock)
        buffer.writeVarint(registry.revision)
        buffer.writeVarint(registry.referenceFloor)
    }

    mutating func writeService(at slot: UInt32) {
        guard let service = registry.services.record(at: slot) else {
            buffer.append(0)
            return
        }
        buffer.append(1)
        buffer.write(service.key)
        buffer.append(service.kind?.rawValue ?? 0)
        buffer.append((service.isExplicit ? 1 : 0) | (service.emptySince == nil ? 0 : 2))
        buffer.write(service.settings)
        buffer.writeVarint(service.revision)
        buffer.writeVarint(service.lastRefTime)
        if let since = service.emptySince { buffer.writeVarint(registry.clock - since) }
    }

    mutating func writeInstance(at slot: UInt32) {
        let pulse = registry.pulses[slot]
        buffer.writeVarint(UInt64(pulse.generation))
        buffer.append(pulse.flags.rawValue)
        guard pulse.flags.contains(.isLive) else { return }
        let record = registry.records[slot]
        buffer.writeVarint(UInt64(record.service))
        buffer.writeString(record.ip)
        buffer.writeVarint(UInt64(record.port))
        writeName(record.cluster)
        writeName(record.app)
        writeProfile(record.profile, at: slot)
        buffer.write(record.weight)
        buffer.writeVarint(registry.clock - pulse.lastBeat)
        buffer.writeVarint(record.registrationIndex)
    }

    private mutating func writeName(_ id: UInt32) {
        let known = nameNumbers[Int(id)]
        if known != .max { return buffer.writeVarint(UInt64(known)) }
        buffer.writeVarint(UInt64(nextName))
        buffer.writeString(registry.name(id))
        nameNumbers[Int(id)] = nextName
        nextName += 1
    }

    private mutating func writeProfile(_ id: UInt32, at slot: UInt32) {
        let known = profileNumbers[Int(id)]
        if known != .max { return buffer.writeVarint(UInt64(known)) }
        buffer.writeVarint(UInt64(nextProfile))
        buffer.write(registry.profile(at: slot).metadata)
        profileNumbers[Int(id)] = nextProfile
        nextProfile += 1
    }
}
