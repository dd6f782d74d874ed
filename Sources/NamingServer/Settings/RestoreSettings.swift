internal import Raft

/// What `muster restore` makes of which backup.
package struct RestoreSettings: Equatable, Sendable {
    /// The backup.
    package var path: String
    /// The data directory that is made.
    package var dataDirectory: String
    /// The name of the new cluster.
    package var clusterName: String
    /// The node whose directory it is.
    package var node: UInt64
    /// The members of the new cluster; nothing for those of the old one.
    package var members: [UInt64]?

    /// Reads what follows `muster restore`.
    package init(arguments: [String]) throws(UsageError) {
        let options = try CommandLineOptions(
            arguments, arguments: ["FILE"], values: ["--data", "--cluster", "--node", "--members"],
            flags: [])
        path = options.arguments[0]
        dataDirectory = try options.requiredText("--data")
        clusterName = try checkedClusterName(options.requiredText("--cluster"))
        node = try nodeName(options.requiredText("--node"), option: "--node")
        guard let text = try options.text("--members") else { return }
        var names: [UInt64] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = try nodeName(String(part), option: "--members")
            guard !names.contains(name) else {
                throw UsageError("--members names node \(name) twice")
            }
            names.append(name)
        }
        guard names.contains(node) else {
            throw UsageError("--members does not name node \(node) itself")
        }
        members = names
    }
}

/// A cluster's name, if it is not too long.
func checkedClusterName(_ name: String) throws(UsageError) -> String {
    let limit = NodeIdentity.maxClusterNameBytes
    guard name.utf8.count <= limit else {
        throw UsageError("--cluster must not be longer than \(limit) bytes")
    }
    return name
}
