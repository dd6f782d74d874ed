/// What tells one service from every other.
package struct ServiceKey: Hashable, Comparable, Sendable {
    /// The namespace's id, never blank: the door turns a blank one into `public`.
    package var namespace: String
    /// The group, never blank.
    package var group: String
    /// The bare name, without the group.
    package var name: String

    /// Joins the three.
    package init(namespace: String, group: String, name: String) {
        self.namespace = namespace
        self.group = group
        self.name = name
    }

    /// Compares byte by byte.
    package static func == (left: Self, right: Self) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.group.hasSameBytes(as: right.group)
            && left.namespace.hasSameBytes(as: right.namespace)
    }

    /// Feeds the bytes of the three.
    package func hash(into hasher: inout Hasher) {
        namespace.hashBytes(into: &hasher)
        group.hashBytes(into: &hasher)
        name.hashBytes(into: &hasher)
    }

    /// Orders by namespace, then group, then name, each by its bytes.
    package static func < (left: Self, right: Self) -> Bool {
        if !left.namespace.hasSameBytes(as: right.namespace) {
            return left.namespace.precedesByBytes(right.namespace)
        }
        if !left.group.hasSameBytes(as: right.group) {
            return left.group.precedesByBytes(right.group)
        }
        return left.name.precedesByBytes(right.name)
    }
}

/// What tells one instance from every other of its service.
package struct InstanceKey: Hashable, Comparable, Sendable {
    /// The address: IPv4, IPv6 or a host's name.
    package var ip: String
    /// The port.
    package var port: UInt16
    /// The Nacos cluster within the service, never blank: the door turns a blank one into `DEFAULT`.
    package var clusterName: String

    /// Joins the three.
    package init(ip: String, port: UInt16, clusterName: String) {
        self.ip = ip
        self.port = port
        self.clusterName = clusterName
    }

    /// Compares byte by byte.
    package static func == (left: Self, right: Self) -> Bool {
        left.port == right.port && left.ip.hasSameBytes(as: right.ip)
            && left.clusterName.hasSameBytes(as: right.clusterName)
    }

    /// Feeds the bytes of the three.
    package func hash(into hasher: inout Hasher) {
        ip.hashBytes(into: &hasher)
        hasher.combine(port)
        clusterName.hashBytes(into: &hasher)
    }

    /// Orders by address, then port, then cluster.
    package static func < (left: Self, right: Self) -> Bool {
        if !left.ip.hasSameBytes(as: right.ip) { return left.ip.precedesByBytes(right.ip) }
        if left.port != right.port { return left.port < right.port }
        return left.clusterName.precedesByBytes(right.clusterName)
    }
}

/// The short name of one registration: its place in the registry and its generation there.
///
/// All nodes give the same numbers. The generation grows with every registration at a slot, also
/// when the same instance registers again: whoever still holds an older number (a beat that was
/// under way, a connection that broke before the client came back elsewhere) can do nothing to the
/// newer registration.
package struct InstanceNumber: Hashable, Comparable, Sendable {
    /// The place in the registry's arrays; dense, reused after removal.
    package var slot: UInt32
    /// Which registration at that place; 1 is the first.
    package var generation: UInt32

    /// Joins the two.
    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// Orders by slot, then generation.
    package static func < (left: Self, right: Self) -> Bool {
        left.slot != right.slot ? left.slot < right.slot : left.generation < right.generation
    }
}

/// How the instances of a service are kept; one kind for all instances of a service.
package enum InstanceKind: UInt8, Hashable, Sendable {
    /// Lives by beats and expires without them.
    case ephemeral = 1
    /// Stays until it is deregistered; its health is set by probes or by hand.
    case persistent = 2
}
