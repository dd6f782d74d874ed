internal import Naming

/// A registry whose commands get their index and time from here.
final class Fixture {
    var registry = Registry()
    var time: UInt64 = 1_000_000
    private var index: UInt64 = 0

    static let service = ServiceKey(namespace: "public", group: "DEFAULT_GROUP", name: "orders")

    static func instance(_ number: Int = 1) -> InstanceKey {
        InstanceKey(ip: "10.0.0.\(number)", port: 8_080, clusterName: "DEFAULT")
    }

    static func registration(_ number: Int = 1) -> Registration {
        Registration(service: service, instance: instance(number))
    }

    @discardableResult
    func apply(_ command: Command, after milliseconds: UInt64 = 0) -> Answer {
        time += milliseconds
        index += 1
        return registry.apply(command, index: index, timeMilliseconds: time)
    }

    /// Registers an ephemeral instance with defaults and gives its number.
    @discardableResult
    func register(_ number: Int = 1) -> InstanceNumber? {
        guard case .registered(let given, _) = apply(.register(Self.registration(number))) else {
            return nil
        }
        return given
    }

    func events() -> [ChangeEvent] { registry.takeEvents() }

    /// The changes since the last call, of all services, one after the other.
    func changes() -> [ChangeEvent.Change] { events().flatMap(\.changes) }

    func isHealthy(_ number: Int = 1) -> Bool? {
        registry.instance(Self.instance(number), of: Self.service)?.isHealthy
    }
}
