public import Raft
public import RaftStorage
internal import Wire

/// Makes the data directory of a node whose cluster begins with the state that a snapshot of another cluster holds.
///
/// Every founder of the new cluster is given a directory from the same snapshot, with the same cluster name and
/// members; then they are started as founders are. Why this is safe:
///
/// - The log begins behind the snapshot's last entry *(t, i)*, as if everything before had been committed and
///   compacted; the first leader takes a term above *t*. The old cluster may have entries behind *i* that bear the
///   same numbers as new ones. None of them is ever compared with a new one, because nothing of the old
///   cluster gets in: connections, segments and snapshots carry the cluster's name and are refused under another, and
///   the new name must differ.
/// - All founders must begin alike, and with the same members. So each takes the checksum of the snapshot that
///   it was given, which covers name and members, into its incarnation, and they refuse to found with one that has
///   another (`Founding`). They meet before they take part whatever `NodeStart.meetsFounders` says.
/// - Founding goes on as ever, so none of them can come back without its disk unnoticed, also not by being restored
///   once more.
/// - The founding record is put down first and the log last. A directory that was not finished is refused by whoever
///   opens it.
public enum RestoredDirectory {
    /// How the cluster's time goes on.
    public enum Time: Hashable, Sendable {
        /// From where it stood at the snapshot: what came after, and the pause, do not count.
        case goesOn
        /// Anew, near the wall clock of the first leader, as in a new cluster. The machine must be ready for that.
        case startsAnew
    }

    /// What was made.
    public struct Summary: Hashable, Sendable {
        /// The cluster that the snapshot comes from.
        public var oldCluster: String
        /// The snapshot with which the new one begins.
        public var snapshot: SnapshotInfo
        /// Its checksum, the same for all nodes of the new cluster.
        public var checksum: UInt32
    }

    /// Makes a directory. Durable on return.
    ///
    /// Reads the whole snapshot into memory. What a failure leaves behind is of no use and must be removed.
    /// - Parameters:
    ///   - backup: A snapshot file of the old cluster.
    ///   - start: The directory, which must be empty or not there, the new cluster's name, the node, the founders
    ///     of the new cluster, and a seed.
    ///   - logSettings: The sizes of the log.
    ///   - time: How the cluster's time goes on.
    ///   - machine: Makes the new cluster's state from the snapshot's, both as the state machine writes them. From equal
    ///     bytes it must make equal ones on every node.
    public static func make<Files: FileSystem>(
        files: Files, from backup: String, _ start: NodeStart,
        logSettings: LogSettings = LogSettings(), time: Time = .goesOn,
        machine: (Span<UInt8>) throws -> [UInt8] = Self.unchanged
    ) throws(RestoreError) -> Summary {
        let old = try check(files, backup, start)
        let body = try newBody(files, backup, time, machine)
        return try asRestore { () throws(StorageError) -> Summary in
            try files.createDirectory(start.directory)
            try FoundingRecord(isComplete: false, origin: old.lastIncluded, members: [])
                .write(files, directory: start.directory)
            let made = try store(body, old.lastIncluded, files, start)
            try createLog(files, start, logSettings, made)
            return Summary(
                oldCluster: old.cluster, snapshot: made.info, checksum: made.checksum)
        }
    }

    /// The state of the new cluster where it is that of the old one.
    public static func unchanged(_ state: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.write(state)
        return bytes
    }

    private static func check<Files: FileSystem>(
        _ files: Files, _ backup: String, _ start: NodeStart
    ) throws(RestoreError) -> SnapshotInspection.Header {
        guard start.initialConfiguration.incoming.contains(start.node) else {
            throw .notAFounder(start.node)
        }
        let present = try asRestore { () throws(StorageError) -> [String] in
            try files.listIfPresent(start.directory) ?? []
        }
        guard present.isEmpty else { throw .directoryInUse(start.directory) }
        let snapshot = try asRestore { () throws(StorageError) -> SnapshotInspection in
            try SnapshotInspection.inspect(files: files, path: backup)
        }
        if let damage = snapshot.damage { throw .storage(damage) }
        guard let header = snapshot.header, header.cluster != start.cluster else {
            throw .sameCluster(start.cluster)
        }
        return header
    }

    private static func newBody<Files: FileSystem>(
        _ files: Files, _ backup: String, _ time: Time,
        _ machine: (Span<UInt8>) throws -> [UInt8]
    ) throws(RestoreError) -> [UInt8] {
        let old = try asRestore { () throws(StorageError) -> [UInt8] in
            try SnapshotInspection.body(files: files, path: backup)
        }
        do {
            var offset = 0
            var prelude = try SnapshotPrelude(old.span, at: &offset)
            if time == .startsAnew { prelude.timeMilliseconds = 0 }
            var body: [UInt8] = []
            prelude.write(into: &body)
            body += try machine(old.span.extracting(offset...))
            return body
        } catch { throw .machine(reason: "\(error)") }
    }

    /// Writes the snapshot under the new cluster's name and with its founders.
    private static func store<Files: FileSystem>(
        _ body: [UInt8], _ end: EntryID, _ files: Files, _ start: NodeStart
    ) throws(StorageError) -> (info: SnapshotInfo, checksum: UInt32) {
        let (snapshots, _) = try SnapshotStore.open(
            files: files, directory: start.directory, cluster: start.cluster)
        defer { snapshots.close() }
        var writer = snapshots.beginWriting(
            lastIncluded: end,
            configuration: Configuration(voters: start.initialConfiguration.incoming))
        try writer.write(body.span)
        let info = try writer.finish()
        snapshots.adopt(info)
        return (info, try snapshots.checksum(of: info))
    }

    private static func createLog<Files: FileSystem>(
        _ files: Files, _ start: NodeStart, _ settings: LogSettings,
        _ made: (info: SnapshotInfo, checksum: UInt32)
    ) throws(StorageError) {
        var random = SplitMix64(seed: start.seed)
        let identity = NodeIdentity(
            cluster: start.cluster, node: start.node,
            incarnation: Founding.incarnation(checksum: made.checksum, random: random.next()))
        let log = try LogStore.create(
            files: files, directory: start.directory, identity: identity,
            configuration: Configuration(voters: start.initialConfiguration.incoming),
            base: made.info.lastIncluded, settings: settings)
        log.close()
    }

    private static func asRestore<Value>(
        _ call: () throws(StorageError) -> Value
    ) throws(RestoreError) -> Value {
        do throws(StorageError) {
            return try call()
        } catch { throw .storage(error) }
    }
}

/// Why a directory was not made.
@nonexhaustive
public enum RestoreError: Error, Hashable, Sendable {
    /// The backup is damaged, or the disk refuses.
    case storage(StorageError)
    /// The founders of the new cluster do not include this node.
    case notAFounder(NodeID)
    /// There is something in the directory already.
    case directoryInUse(String)
    /// The backup comes from a cluster of the same name: its nodes could not be told from the new ones.
    case sameCluster(String)
    /// The state in the backup is not one that this machine can read.
    case machine(reason: String)
}

extension RestoreError: CustomStringConvertible {
    /// One line for an operator.
    public var description: String {
        switch self {
        case .storage(let error): "\(error)"
        case .notAFounder(let node): "node \(node) is not among the members of the new cluster"
        case .directoryInUse(let path): "\(path) is not empty"
        case .sameCluster(let name):
            "the backup is of a cluster named \(name) too; the new one must have another name"
        case .machine(let reason): "the state in the backup cannot be read: \(reason)"
        }
    }
}
