package import Naming

// Names as clients send them, and the names they mean.

/// The namespace meant: blank is `public`, for every client and every door.
package func normalisedNamespace(_ text: String?) -> String {
    guard let text = text.map(trimmed), !text.isEmpty else { return "public" }
    return text
}

/// The group meant.
package func normalisedGroup(_ text: String?) -> String {
    guard let text = text.map(trimmed), !text.isEmpty else { return "DEFAULT_GROUP" }
    return text
}

/// The cluster meant: Python clients send the word `None` for a cluster that was not given.
package func normalisedCluster(_ text: String?) -> String {
    guard let text = text.map(trimmed), !text.isEmpty, text != "None", text != "null" else {
        return "DEFAULT"
    }
    return text
}

/// The clusters in a comma-separated list; none means all.
package func clusterList(_ text: String?) -> [String] {
    guard let text, text != "None", text != "null" else { return [] }
    return text.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }
}

/// Takes `group@@service` apart; nil when there is no `@@` or a part of it is blank.
package func splitGroupedName(_ text: String) -> (groupName: String, serviceName: String)? {
    let bytes = text.utf8
    var index = bytes.startIndex
    while index < bytes.endIndex {
        let next = bytes.index(after: index)
        guard next < bytes.endIndex else { return nil }
        if bytes[index] == UInt8(ascii: "@"), bytes[next] == UInt8(ascii: "@") {
            let name = text[bytes.index(after: next)...]
            guard index > bytes.startIndex, !name.isEmpty else { return nil }
            return (String(text[..<index]), String(name))
        }
        index = next
    }
    return nil
}

extension ServiceKey {
    /// The name on the v1 wire: `group@@service`.
    package var groupedName: String { "\(group)@@\(name)" }

    /// Makes the key a client means and checks its parts.
    ///
    /// A name that already holds a group keeps it; `groupName` then does not count.
    package init(
        namespaceID: String?, groupName: String?, serviceName: String
    ) throws(NacosError) {
        let namespace = normalisedNamespace(namespaceID)
        var group = normalisedGroup(groupName)
        var name = trimmed(serviceName)
        if name.utf8.contains(doubleAt: ()) {
            guard let parts = splitGroupedName(name) else {
                throw NacosError(
                    400,
                    "Param 'serviceName' is illegal, it should be format as "
                        + "'groupName@@serviceName'")
            }
            (group, name) = (parts.groupName, parts.serviceName)
        }
        try checkNamespaceID(namespace)
        try checkGroupName(group)
        try checkServiceName(name)
        self.init(namespace: namespace, group: group, name: name)
    }
}

extension String.UTF8View {
    /// Whether two `@` follow each other.
    func contains(doubleAt: Void) -> Bool {
        var previous: UInt8 = 0
        for byte in self {
            if byte == UInt8(ascii: "@"), previous == UInt8(ascii: "@") { return true }
            previous = byte
        }
        return false
    }
}
