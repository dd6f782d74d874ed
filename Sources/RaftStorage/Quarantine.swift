public import Raft
internal import Wire

/// Puts the damaged files of a data directory aside, for the operator to look at, and out of the node's way.
///
/// `log`, `snapshots` and `founding` get the prefix `damaged-INCARNATION.` (in hexadecimal digits) before their names,
/// and stay in the data directory. Only those of the newest incarnation are kept.
public enum Quarantine {
    /// The names in a data directory that are an incarnation's, and go with it.
    private static var names: [String] { ["log", "snapshots", "founding"] }
    private static var prefix: String { "damaged-" }

    /// What can still be read of whose a data directory is.
    public struct Owner: Hashable, Sendable {
        /// The number of the directory.
        public var incarnation: UInt64
        /// The membership with which it was made, when that can be read.
        public var initialConfiguration: Configuration?
        /// What is known of the founding of the cluster, when this node has taken part in it.
        public var founding: FoundingRecord?
    }

    /// Says whose a data directory is, however damaged it may be.
    ///
    /// - Returns: Nothing when no file says so any more, or they say different things.
    /// - Throws: `StorageError` when the disk would not give what it has; damage is none.
    public static func owner<Files: FileSystem>(
        of directory: String, files: Files, cluster: String, node: NodeID
    ) throws(StorageError) -> Owner? {
        let founding = try readable { () throws(StorageError) in
            try FoundingRecord.read(files, directory: directory)
        }
        var owner: Owner?
        for header in try headers(in: directory + "/log", files) {
            let identity = header.identity
            guard identity.cluster == cluster, identity.node == node,
                owner?.incarnation ?? identity.incarnation == identity.incarnation
            else { return nil }
            owner = Owner(
                incarnation: identity.incarnation,
                initialConfiguration: header.initialConfiguration, founding: founding)
        }
        if let owner { return owner }
        return founding?.members.first { $0.id == node }.map {
            Owner(incarnation: $0.incarnation, founding: founding)
        }
    }

    /// Whether there is a log in a data directory, readable or not.
    public static func holdsLog<Files: FileSystem>(
        _ directory: String, files: Files
    ) throws(StorageError) -> Bool {
        try (files.listIfPresent(directory + "/log") ?? []).contains {
            LogFormat.segmentNumber(fileName: $0) != nil
        }
    }

    /// The headers of segments that can be read.
    private static func headers<Files: FileSystem>(
        in directory: String, _ files: Files
    ) throws(StorageError) -> [SegmentHeader] {
        var headers: [SegmentHeader] = []
        for name in try files.listIfPresent(directory) ?? []
        where LogFormat.segmentNumber(fileName: name) != nil {
            let file = try files.openForReading(directory + "/" + name)
            defer { file.close() }
            let bytes = try file.read(maxHeaderBytes, at: 0)
            do throws(DecodeError) {
                headers.append(try SegmentHeader.decode(bytes.span).header)
            } catch { continue }
        }
        return headers
    }

    /// More than a header can have, with as many members as there may be.
    private static var maxHeaderBytes: Int { 64 << 10 }

    private static func readable<Value>(
        _ read: () throws(StorageError) -> Value?
    ) throws(StorageError) -> Value? {
        do throws(StorageError) {
            return try read()
        } catch {
            switch error.kind {
            case .corrupt, .newerVersion: return nil
            default: throw error
            }
        }
    }

    /// The path that a damaged directory's files have from then on, up to their names.
    public static func path(of incarnation: UInt64, in directory: String) -> String {
        directory + "/" + name(of: incarnation)
    }

    private static func name(of incarnation: UInt64) -> String {
        prefix + String(incarnation, radix: 16) + "."
    }

    /// Moves the files of an incarnation aside. Durable on return; what was moved before a crash stays so.
    ///
    /// Those of an earlier incarnation, moved aside some time ago, are removed.
    public static func moveAside<Files: FileSystem>(
        _ incarnation: UInt64, in directory: String, files: Files
    ) throws(StorageError) {
        let own = name(of: incarnation)
        let present = try files.list(directory)
        for old in present where old.hasPrefix(prefix) && !old.hasPrefix(own) {
            try remove(directory + "/" + old, files)
        }
        for name in names where present.contains(name) {
            try files.rename(directory + "/" + name, to: directory + "/" + own + name)
        }
        try files.syncDirectory(directory)
    }

    /// Removes a file, or a directory of files.
    private static func remove<Files: FileSystem>(
        _ path: String, _ files: Files
    ) throws(StorageError) {
        guard !path.hasSuffix("founding") else { return try files.remove(path) }
        for name in try files.list(path) { try files.remove(path + "/" + name) }
        try files.removeDirectory(path)
    }
}
