internal import Naming
internal import Testing

/// What commands have to copy because a view of the registry is being written out.
@Suite struct ViewCostTests {
    private static let sizes = [3_000, 12_000, 48_000]

    private static func registration(_ number: Int, round: Int = 0) -> Registration {
        Registration(
            service: ServiceKey(namespace: "public", group: "G", name: "s\(number % 500)"),
            instance: InstanceKey(
                ip: "10.\(number >> 16).\((number >> 8) & 255).\(number & 255)", port: 80,
                clusterName: "DEFAULT"), metadata: Metadata(["round": "\(round)"]))
    }

    private static func registry(_ count: Int) -> Registry {
        var registry = Registry()
        for number in 0..<count {
            _ = registry.apply(
                .register(registration(number)), index: 1, timeMilliseconds: 1_000_000)
        }
        return registry
    }

    /// The bytes that a command copies, as the first one after a view was taken.
    private static func cost(_ command: Command, _ registry: Registry) -> Int {
        var registry = registry
        let image = registry.image()
        _ = registry.apply(command, index: 2, timeMilliseconds: 1_000_500)
        return registry.copiedBytes(since: image)
    }

    /// The list of the chunks of what a beat touches, 64 instances to a chunk.
    private static func list(_ size: Int) -> Int { (size + 63) / 64 * 8 }

    @Test func `a view alone costs nothing`() {
        let registry = Self.registry(1_000)
        #expect(registry.copiedBytes(since: registry.image()) == 0)
    }

    @Test(arguments: sizes) func `a beat copies a kilobyte, and beats no more than one each`(
        size: Int
    ) {
        let registry = Self.registry(size)
        for beats in [1, 10, 40] {
            // No two in one chunk.
            let numbers = (0..<UInt32(beats)).map { InstanceNumber(slot: $0 * 64, generation: 1) }
            #expect(
                Self.cost(.beats(BeatBatch(numbers)), registry) == beats * 1024 + Self.list(size))
        }
    }

    @Test func `a change copies some kilobytes, whatever the number of instances`() {
        for size in Self.sizes {
            let registry = Self.registry(size)
            let changes: [Command] = [
                .register(Self.registration(7, round: 1)),
                .register(Self.registration(size + 1)),
                .deregister(
                    Self.registration(9).service, Self.registration(9).instance, generation: nil),
            ]
            for change in changes {
                let fixed = Self.cost(change, registry) - Self.list(size)
                // Of what grows: the table of 1024 parts by which instances are found, and the bits of free slots.
                let shard = size / 1024 * 32
                #expect(fixed - shard - size / 8 < 48 << 10, "\(change)")
            }
        }
    }
}
