internal import RaftRuntime
internal import Wire

/// The least that a machine can do with commands: it counts them, and their bytes.
struct CountingMachine: StateMachine {
    private(set) var commands: UInt64 = 0
    private(set) var bytes: UInt64 = 0

    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) -> UInt64 {
        commands += 1
        bytes &+= UInt64(command.count)
        return commands
    }

    func image() -> Image { Image(machine: self) }

    mutating func restore(_ image: Image) { self = image.machine }

    struct Image: SnapshotImage {
        fileprivate let machine: CountingMachine

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var bytes: [UInt8] = []
            bytes.write(machine.commands)
            bytes.write(machine.bytes)
            try emit(bytes)
        }

        fileprivate init(machine: CountingMachine) { self.machine = machine }

        init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            var machine = CountingMachine()
            machine.commands = try bytes.readUInt64(at: &offset)
            machine.bytes = try bytes.readUInt64(at: &offset)
            self.machine = machine
        }
    }
}
