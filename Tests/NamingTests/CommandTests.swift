internal import Naming
internal import Testing
internal import Wire

@Suite struct CommandTests {
    static let service = ServiceKey(namespace: "public", group: "G", name: "s")
    static let instance = InstanceKey(ip: "10.0.0.1", port: 8080, clusterName: "DEFAULT")
    static let metadata = Metadata(["b": "2", "a": "1"])
    static let batch = BeatBatch([
        InstanceNumber(slot: 300, generation: 2), InstanceNumber(slot: 0, generation: 1),
        InstanceNumber(slot: 1, generation: 1), InstanceNumber(slot: 301, generation: 2),
    ])

    static let commands: [Command] = [
        .register(Registration(service: service, instance: instance, metadata: metadata, app: "x")),
        .beat(
            Registration(
                service: service, instance: instance, kind: .persistent,
                weight: Weight(0.3) ?? .one,
                isEnabled: false, isHealthy: false)),
        .beats(batch),
        .beats(BeatBatch([])),
        .disconnect(batch, graceMilliseconds: 30_000),
        .update(service, instance, InstanceChange()),
        .update(
            service, instance,
            InstanceChange(
                weight: Weight(2), isEnabled: false, isHealthy: true, app: "y",
                metadata: .merge(metadata))),
        .update(service, instance, InstanceChange(isEnabled: true, metadata: .replace(metadata))),
        .update(
            service, instance, InstanceChange(isHealthy: false, metadata: .remove(["a", "c"]))),
        .setHealth(service, instance, isHealthy: true),
        .setHealth(service, instance, isHealthy: false),
        .deregister(service, instance, generation: nil),
        .deregister(service, instance, generation: 7),
        .createService(
            service, nil, ServiceSettings(protectThresholdThousandths: 500, metadata: metadata)),
        .createService(service, .persistent, ServiceSettings(selector: "{\"type\":\"none\"}")),
        .updateService(service, ServiceSettings()),
        .deleteService(service),
        .advanceTime,
    ]

    static func decode(_ bytes: [UInt8]) -> Result<Command, DecodeError> {
        do throws(DecodeError) { return .success(try Command(decoding: bytes.span)) } catch {
            return .failure(error)
        }
    }

    @Test(arguments: commands) func `a command comes back from its bytes`(_ command: Command) {
        #expect(Self.decode(command.encoded()) == .success(command))
    }

    @Test(arguments: commands) func `every strict prefix is truncated`(_ command: Command) {
        let bytes = command.encoded()
        for count in 0..<bytes.count {
            let result = Self.decode(Array(bytes.prefix(count)))
            #expect(result == .failure(DecodeError(.truncated, at: count)))
        }
    }

    @Test(arguments: commands) func `whatever decodes has no other bytes`(_ command: Command) {
        let bytes = command.encoded()
        for i in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[i] ^= 1 << UInt8(bit)
                guard case .success(let other) = Self.decode(damaged) else { continue }
                #expect(other.encoded() == damaged)
                #expect(other != command)
            }
        }
        #expect(Self.decode(bytes + [0]) != .success(command))
    }

    @Test func `random bytes are a command or an error`() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<200_000 {
            let length = Int.random(in: 0..<40, using: &random)
            var bytes: [UInt8] = [1, UInt8.random(in: 1...12, using: &random)]
            for _ in 0..<length { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
            guard case .success(let command) = Self.decode(bytes) else { continue }
            #expect(command.encoded() == bytes)
        }
    }

    @Test func `the bytes are those of version 1`() {
        let text = { (text: String) in [UInt8(text.utf8.count)] + Array(text.utf8) }
        let service = text("public") + text("G") + text("s")
        let instance = text("10.0.0.1") + [0x90, 0x3f] + text("DEFAULT")
        let one: [UInt8] = [0xbf, 0xe0, 0x03]  // 1.0, its eight bytes reversed, as a varint
        let metadata = [2] + text("a") + text("1") + text("b") + text("2")
        let expected: [[UInt8]] = [
            [1, 1] + service + instance + [7] + one + metadata + text("x"),
            [1, 3, 4, 0, 0, 0xd5, 0x04, 2, 0],
            [1, 4, 4, 0, 0, 0xd5, 0x04, 2, 0, 0xb0, 0xea, 0x01],
            [1, 5] + service + instance + [0, 0],
            [1, 6] + service + instance + [1],
            [1, 7] + service + instance + [7],
            [1, 8] + service + [0, 0xf4, 0x03] + metadata + [0],
            [1, 9] + service + [0, 0, 0],
            [1, 10] + service,
            [1, 11],
        ]
        let chosen = [0, 2, 4, 5, 9, 12, 13, 15, 16, 17].map { Self.commands[$0].encoded() }
        #expect(chosen == expected)
    }

    @Test func `a beat among neighbours costs one byte`() {
        let batch = BeatBatch((0..<1_000).map { InstanceNumber(slot: $0 * 60, generation: 1) })
        #expect(Command.beats(batch).encoded().count < 1_000 + 1_000 + 5)
        let dense = BeatBatch((0..<1_000).map { InstanceNumber(slot: $0, generation: 1) })
        #expect(Command.beats(dense).encoded().count == 1_004)
    }

    @Test func `an unknown version is refused by name`() {
        #expect(Self.decode([2, 11]) == .failure(DecodeError(.unknownVersion(2), at: 0)))
    }

    @Test func `a batch keeps the newest generation of a slot and none that was never given`() {
        let numbers = [(3, 1), (1, 2), (3, 4), (3, 2), (0, 0)].map {
            InstanceNumber(slot: $0.0, generation: $0.1)
        }
        let expected = [(1, 2), (3, 4)].map { InstanceNumber(slot: $0.0, generation: $0.1) }
        #expect(BeatBatch(numbers).numbers == expected)
        #expect(
            BeatBatch(merging: [BeatBatch([numbers[0]]), BeatBatch(numbers)]).numbers == expected)
    }

    @Test func `metadata is sorted by bytes and the last of equal keys wins`() {
        let pair = { Metadata.Pair(key: $0, value: $1) }
        let metadata = Metadata([pair("b", "1"), pair("a", "2"), pair("b", "3"), pair("B", "4")])
        #expect(metadata.pairs == [pair("B", "4"), pair("a", "2"), pair("b", "3")])
        // Two forms of é: one text to Swift, two to us.
        #expect(Metadata([pair("\u{e9}", "1"), pair("e\u{301}", "2")]).pairs.count == 2)
    }
}

/// A small seeded generator (SplitMix64).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
