package import Naming
internal import Raft
package import RaftRuntime

/// The registry as the state machine of a cluster.
package struct RegistryMachine: StateMachine, Sendable {
    package private(set) var registry = Registry()

    package init() {}

    /// Applies a command's bytes; whatever they are, the registry has an answer.
    package mutating func apply(
        _ command: Span<UInt8>, at position: LogPosition
    ) -> Naming.Answer {
        registry.apply(
            bytes: command, index: position.entry.index.rawValue,
            timeMilliseconds: position.timeMilliseconds)
    }

    package func image() -> Image { Image(image: registry.image()) }

    package mutating func restore(_ image: Image) { registry = Registry(image.image) }

    /// Hands over the changes since the last call.
    package mutating func takeEvents() -> [ChangeEvent] { registry.takeEvents() }

    /// The registry as it was at one moment.
    package struct Image: SnapshotImage {
        let image: RegistryImage

        init(image: RegistryImage) { self.image = image }

        /// Reads what an image wrote.
        package init(reading bytes: Span<UInt8>) throws {
            image = try Registry(decoding: bytes).image()
        }

        package func write(to emit: ([UInt8]) throws -> Void) throws { try image.write(to: emit) }
    }
}
