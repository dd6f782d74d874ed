internal import Naming
internal import Testing
internal import Wire

@Suite struct SnapshotTests {
    /// A registry that a few hundred random commands have been through.
    private func usedRegistry(seed: UInt64, commands: Int = 300) -> Registry {
        var maker = CommandMaker(seed: seed)
        var registry = Registry()
        for index in 0..<UInt64(commands) {
            let command = maker.nextCommand()
            maker.remember(
                registry.apply(command, index: index, timeMilliseconds: maker.nextTime()))
        }
        return registry
    }

    /// A registry with more instances than one chunk holds.
    private func largeRegistry(_ count: Int) -> Registry {
        var registry = Registry()
        for number in 0..<count {
            let registration = Registration(
                service: ServiceKey(namespace: "public", group: "G", name: "s\(number % 7)"),
                instance: InstanceKey(
                    ip: "10.0.\(number / 256).\(number % 256)", port: 80, clusterName: "DEFAULT"),
                metadata: Metadata(["number": "\(number % 100)"]))
            _ = registry.apply(.register(registration), index: 1, timeMilliseconds: 1_000_000)
        }
        return registry
    }

    private func decode(_ bytes: [UInt8]) -> Result<Registry, DecodeError> {
        do throws(DecodeError) { return .success(try Registry(decoding: bytes.span)) } catch {
            return .failure(error)
        }
    }

    /// Replaces the checksum by the right one.
    private func sealed(_ bytes: [UInt8]) -> [UInt8] {
        var sealed = Array(bytes.dropLast(4))
        sealed.write(CRC32C.checksum(sealed.span))
        return sealed
    }

    @Test func `a restored registry goes on like the original`() throws {
        for seed in UInt64(1)...10 {
            var original = usedRegistry(seed: seed)
            var restored = try Registry(decoding: original.encoded().span)
            #expect(restored == original)
            _ = original.takeEvents()
            var maker = CommandMaker(seed: seed + 100)
            maker.time = original.clock
            for index in UInt64(1_000)..<1_200 {
                let command = maker.nextCommand()
                let time = maker.nextTime()
                let answer = original.apply(command, index: index, timeMilliseconds: time)
                try #require(
                    restored.apply(command, index: index, timeMilliseconds: time) == answer)
                try #require(restored.takeEvents() == original.takeEvents())
                maker.remember(answer)
            }
            #expect(restored == original)
        }
    }

    @Test func `events come in one order whatever the timing wheel went through`() throws {
        var original = largeRegistry(300)
        var random = SplitMix64(seed: 1)
        for number in (0..<300).shuffled(using: &random) {
            // Registering anew puts it elsewhere in the wheel's lists, at the same deadline.
            let registration = Registration(
                service: ServiceKey(namespace: "public", group: "G", name: "s\(number % 7)"),
                instance: InstanceKey(
                    ip: "10.0.\(number / 256).\(number % 256)", port: 80, clusterName: "DEFAULT"))
            _ = original.apply(.register(registration), index: 2, timeMilliseconds: 1_000_000)
        }
        var restored = try Registry(decoding: original.encoded().span)
        _ = original.takeEvents()
        for time in [1_015_001, 1_030_001] as [UInt64] {
            _ = original.apply(.advanceTime, index: 3, timeMilliseconds: time)
            _ = restored.apply(.advanceTime, index: 3, timeMilliseconds: time)
            let events = original.takeEvents()
            #expect(events.flatMap(\.changes).count == 300)
            #expect(restored.takeEvents() == events)
        }
    }

    @Test func `an image stays as it was while the registry goes on`() async throws {
        var registry = largeRegistry(2_000)
        let before = registry.encoded()
        let image = registry.image()
        let copy = registry
        async let written = Self.bytes(of: image)
        for slot in UInt32(0)..<2_000 where slot % 3 == 0 {
            let number = InstanceNumber(slot: slot, generation: 1)
            _ = registry.apply(
                .disconnect(BeatBatch([number]), graceMilliseconds: 0), index: 2,
                timeMilliseconds: 1_001_000)
        }
        _ = registry.apply(.advanceTime, index: 3, timeMilliseconds: 1_020_000)
        #expect(try await written == before)
        #expect(copy.encoded() == before)
        #expect(registry.counts.instances < 2_000)
        #expect(registry.encoded() != before)
    }

    private static func bytes(of image: RegistryImage) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try image.write { bytes += $0 }
        return bytes
    }

    @Test func `an image comes in pieces of a bounded size`() throws {
        let registry = largeRegistry(10_000)
        var pieces: [[UInt8]] = []
        try registry.image().write { pieces.append($0) }
        #expect(pieces.count > 3)
        #expect(pieces.allSatisfy { $0.count < 70_000 })
        #expect(pieces.flatMap { $0 } == registry.encoded())
    }

    @Test func `an error of the taker ends the writing`() {
        struct Full: Error {}
        let registry = largeRegistry(10_000)
        var count = 0
        #expect(throws: Full.self) {
            try registry.image().write { _ in
                count += 1
                if count == 2 { throw Full() }
            }
        }
        #expect(count == 2)
    }

    @Test func `every strict prefix is refused, and the state stays`() throws {
        let original = usedRegistry(seed: 3, commands: 60)
        let bytes = original.encoded()
        var registry = usedRegistry(seed: 4)
        let before = registry.encoded()
        for count in 0..<bytes.count {
            let prefix = Array(bytes.prefix(count))
            #expect(throws: DecodeError.self) { try registry.restore(from: prefix.span) }
        }
        #expect(registry.encoded() == before)
        try registry.restore(from: bytes.span)
        #expect(registry == original)
    }

    @Test func `every flipped bit is noticed`() {
        let bytes = usedRegistry(seed: 3, commands: 40).encoded()
        for i in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[i] ^= 1 << UInt8(bit)
                guard case .failure = decode(damaged) else {
                    Issue.record("bit \(bit) of byte \(i)")
                    return
                }
            }
        }
    }

    @Test func `a forged snapshot is refused or is one whose bytes it is`() {
        let bytes = usedRegistry(seed: 5, commands: 80).encoded()
        var accepted = 0
        for i in bytes.indices.dropLast(4) {
            for flip in [1, 4, 64, 255] as [UInt8] {
                var forged = bytes
                forged[i] ^= flip
                guard case .success(var registry) = decode(sealed(forged)) else { continue }
                accepted += 1
                #expect(registry.encoded() == sealed(forged))
                _ = registry.apply(.advanceTime, index: 1, timeMilliseconds: .max)
            }
        }
        #expect(accepted > 0)
    }

    @Test func `a forged snapshot that lacks a part is refused`() {
        let bytes = usedRegistry(seed: 6, commands: 80).encoded()
        for i in bytes.indices.dropLast(4) {
            var forged = bytes
            forged.remove(at: i)
            if case .success(let registry) = decode(sealed(forged)) {
                #expect(registry.encoded() == sealed(forged))
            }
            forged = Array(bytes.prefix(i)) + [0, 0, 0, 0]
            guard case .failure = decode(sealed(forged)) else {
                Issue.record("cut at \(i)")
                return
            }
        }
    }

    @Test func `a snapshot of another version is refused by name`() {
        var bytes = Registry().encoded()
        bytes[4] = 2
        guard case .failure(let error) = decode(sealed(bytes)) else {
            Issue.record("accepted")
            return
        }
        #expect(error == DecodeError(.unknownVersion(2), at: 4))
    }

    @Test func `the bytes are those of version 1`() {
        var registry = Registry()
        let service = ServiceKey(namespace: "n", group: "g", name: "s")
        for (port, time) in [(1, 100), (2, 105)] as [(UInt16, UInt64)] {
            let registration = Registration(
                service: service, instance: InstanceKey(ip: "i", port: port, clusterName: "c"),
                metadata: Metadata(["k": "v"]))
            _ = registry.apply(.register(registration), index: time, timeMilliseconds: time)
        }
        _ = registry.apply(
            .deregister(service, InstanceKey(ip: "i", port: 1, clusterName: "c"), generation: nil),
            index: 107, timeMilliseconds: 107)
        var expected: [UInt8] = [77, 78, 82, 71, 1, 0, 0, 0]
        expected += [107, 3, 0]  // clock, revision, reference floor
        expected += [1, 1, 1, 110, 1, 103, 1, 115]  // one service slot; n, g, s
        expected += [1, 0, 0, 0, 0, 3, 107]  // kind; flags; settings; revision, time
        expected += [2, 1, 0]  // two instance slots; the first is vacant at generation 1
        expected += [1, 15, 0, 1, 105, 2]  // generation, flags, service, i, port
        expected += [0, 1, 99, 1, 0, 0, 1, 1, 107, 1, 118]  // c, no app, k = v
        expected += [0xbf, 0xe0, 0x03, 2, 105]  // weight, age, registration index
        #expect(Array(registry.encoded().dropLast(4)) == expected)
        #expect(registry.encoded() == sealed(registry.encoded()))
    }

    @Test func `dictionaries in another order give the same bytes`() {
        var runs: [[UInt8]] = []
        for capacity in [0, 1_000] {
            var dictionary = [String: String](minimumCapacity: capacity)
            let keys = (0..<40).map { "key\($0)" }
            for key in capacity == 0 ? keys : keys.reversed() {
                dictionary[key] = "value of \(key)"
            }
            var registry = Registry()
            var bytes: [UInt8] = []
            for number in 1...20 {
                var registration = Fixture.registration(number)
                registration.metadata = Metadata(dictionary)
                let command = Command.register(registration)
                bytes += command.encoded()
                _ = registry.apply(command, index: 1, timeMilliseconds: 1)
            }
            runs.append(bytes + registry.encoded())
        }
        #expect(runs[0] == runs[1])
    }

    @Test func `the same commands give the same bytes, answers and events`() {
        func run() -> ([Answer], [ChangeEvent], [UInt8]) {
            var maker = CommandMaker(seed: 77)
            var registry = Registry()
            var answers: [Answer] = []
            for index in 0..<UInt64(500) {
                let command = maker.nextCommand()
                answers.append(
                    registry.apply(command, index: index, timeMilliseconds: maker.nextTime()))
                if let last = answers.last { maker.remember(last) }
            }
            return (answers, registry.takeEvents(), registry.encoded())
        }
        let (first, second) = (run(), run())
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
        #expect(first.2 == second.2)
    }
}
