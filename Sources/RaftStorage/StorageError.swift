public import Raft

/// Why the disk could not do what was asked, and where.
public struct StorageError: Error, Hashable, Sendable {
    /// What the caller can make of it.
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// There is no such file or directory.
        case notFound
        /// The disk, or what this process may use of it, is full.
        case full
        /// The system refused; `code` is its number for the reason (`errno`).
        case system(code: Int32)
        /// Bytes that were once durable are not what was written; `index` is the first entry in doubt.
        case corrupt(offset: UInt64, index: LogIndex?)
        /// A newer program wrote this, or one from before the first release.
        case newerVersion(found: UInt32, known: UInt32)
        /// The files belong to another cluster or to another node.
        case foreign
        /// There is a log already where a new one was to be made.
        case exists
        /// Something is larger than the named limit.
        case limitExceeded(limit: UInt64)
    }

    /// The kind of failure.
    public var kind: Kind
    /// What was being done: the name of a call, or a step such as "recover".
    public var operation: String
    /// The file or directory.
    public var path: String
    /// The rest of the story, for people.
    public var detail: String

    /// Describes a failure.
    public init(_ kind: Kind, operation: String, path: String, detail: String = "") {
        self.kind = kind
        self.operation = operation
        self.path = path
        self.detail = detail
    }
}

extension StorageError: CustomStringConvertible {
    /// One line for a log: what was done, where, and why it failed.
    public var description: String {
        "\(operation) \(path): \(reason)" + (detail.isEmpty ? "" : " (\(detail))")
    }

    private var reason: String {
        switch kind {
        case .notFound: "not found"
        case .full: "no space left"
        case .system(let code): "the system refused, code \(code)"
        case .corrupt(let offset, let index?): "damaged at byte \(offset), from index \(index) on"
        case .corrupt(let offset, nil): "damaged at byte \(offset)"
        case .newerVersion(let found, let known):
            "written in format version \(found), this program reads version \(known)"
        case .foreign: "belongs to another cluster or node"
        case .exists: "there already"
        case .limitExceeded(let limit): "over the limit of \(limit)"
        }
    }
}

/// Something that opening a directory found and put right, for the operator to know.
public struct RecoveryNote: Hashable, Sendable, CustomStringConvertible {
    /// What was done.
    public enum Action: Hashable, Sendable {
        /// The end of the log, written but never acknowledged, was incomplete and has been cut off.
        case tornTailCut(offset: UInt64, bytes: UInt64)
        /// A file that a crash had left behind was removed.
        case leftoverRemoved
        /// A snapshot is damaged; an older one is used in its place. The file was left for inspection.
        case damagedSnapshotPassedOver
    }

    /// The file.
    public var path: String
    /// What was done with it.
    public var action: Action

    /// Makes a note.
    public init(path: String, action: Action) {
        self.path = path
        self.action = action
    }

    /// One line for a log.
    public var description: String {
        switch action {
        case .tornTailCut(let offset, let bytes):
            "\(path): an unfinished write of \(bytes) bytes was cut off at byte \(offset)"
        case .leftoverRemoved: "\(path): left behind by a crash, removed"
        case .damagedSnapshotPassedOver: "\(path): damaged, an older snapshot is used"
        }
    }
}
