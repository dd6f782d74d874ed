internal import Naming
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage
internal import Wire

/// What `muster restore` does: makes the data directory of a node of a new cluster from a backup.
///
/// The registry's time starts anew with the new cluster: nobody could beat in between, so everybody has the
/// whole of its time from there.
package struct Restore: Equatable, Sendable {
    /// What was made, for the operator.
    package let summary: String

    /// Makes a directory.
    ///
    /// - Parameter members: The members of the new cluster; nothing for the voters of the old one.
    /// - Throws: `ToolError`.
    package static func run(
        from backup: String, to directory: String, cluster: String, node: UInt64,
        members: [UInt64]?
    ) throws -> Restore {
        let files = RealFileSystem()
        let wasThere = File.exists(directory)
        do {
            let wanted = try members?.map { NodeID($0) } ?? Self.members(of: backup)
            var random = SystemRandom()
            let start = NodeStart(
                directory: directory, cluster: cluster, node: NodeID(node),
                initialConfiguration: Configuration(voters: wanted), seed: random.next())
            let made = try RestoredDirectory.make(
                files: files, from: backup, start, time: .startsAnew
            ) { try Registry(decoding: $0).awaitingTime().encoded() }
            return Restore(made, start)
        } catch {
            let isLeft = !wasThere && File.exists(directory)
            throw ToolError(
                "restore \(directory): \(error)"
                    + (isLeft ? "; remove what was made of \(directory)" : ""))
        }
    }

    private static func members(of backup: String) throws -> [NodeID] {
        let snapshot = try SnapshotInspection.inspect(files: RealFileSystem(), path: backup)
        if let damage = snapshot.damage { throw damage }
        return snapshot.header?.configuration.incoming ?? []
    }

    private init(_ made: RestoredDirectory.Summary, _ start: NodeStart) {
        summary = """
            \(start.directory): node \(start.node) of cluster \(start.cluster), members \
            \(names(start.initialConfiguration)), with the state of cluster \(made.oldCluster) at \
            entry \(made.snapshot.lastIncluded)
            checksum \(hex(UInt64(made.checksum))), which must be the same for every member
            """
    }
}
