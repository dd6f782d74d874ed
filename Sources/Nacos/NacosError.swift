package import Naming

/// A request that cannot be served, in the way a v1 server says so: a status and plain text.
package struct NacosError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The HTTP status. Clients try another server on 500, 502 and 503, and give up on others.
    package var status: Int
    package var message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    package var description: String { "\(status) \(message)" }

    static func missing(_ name: String) -> NacosError {
        NacosError(400, "Param '\(name)' is required.")
    }

    static func illegal(_ name: String, _ rule: String) -> NacosError {
        NacosError(400, "Param '\(name)' is illegal, \(rule)")
    }

    /// No leader, a time-out, or a node that is still starting: clients go to the next server.
    package static let unavailable = NacosError(
        503, "server is DOWN now, please try again later!")

    /// This server can take no changes: clients go to the next one.
    package static let diskFull = NacosError(
        503, "caused: the disk of this server is full, it takes no changes;")
}

extension NacosError {
    /// A command that is refused whatever the registry holds.
    package init(_ refusal: Refusal) {
        switch refusal {
        case .limit(let field, let limit):
            self = .illegal(field.rawValue, "the value should not exceed \(limit).")
        case .missing(let field): self = .missing(field.rawValue)
        case .timersOutOfOrder:
            self.init(
                400,
                "Instance 'heart beat interval' must less than 'heart beat timeout' "
                    + "and 'ip delete timeout'.")
        }
    }
}
