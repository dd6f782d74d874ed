internal import Raft
internal import Wire

// What a node knows of itself that has given up a damaged data directory and begins anew under its name.
//
// `DIRECTORY/rejoin` is replaced as a whole; it begins as `RecordFile.swift` says, with the magic "MUSTRJOI". It is
// there from the moment at which damage was found until the cluster knows the node by its new incarnation. Numbers are
// little-endian, except for the varints.
//
//     16    1  stage: 1 moving, 2 making, 3 joining
//     17    8  the new incarnation
//     25       varint count, then as many incarnations of 8 bytes that it takes the place of, the oldest first; text
//              that says what was damaged, preceded by its length in bytes as a varint

/// What a node knows of itself that has given up a damaged data directory: who it was, and who it is now.
///
/// The record is durable before anything is moved, and says how far that has got: so a crash at any point leads on,
/// and never back to what was damaged.
public struct RejoinRecord: Hashable, Sendable {
    /// How far the node has got.
    public enum Stage: UInt8, Hashable, Sendable {
        /// The damaged files are being moved aside. Whatever log is there is the damaged one.
        case moving = 1
        /// They are out of the way; a new log is being made, or has been. It has said nothing.
        case making = 2
        /// The new log is there, and the node asks the cluster to be taken for the new one. A log that is gone
        /// now is lost.
        case joining = 3
    }

    static let file = RecordFile(name: "rejoin", magic: "MUSTRJOI", version: 1)
    /// So many incarnations in a row may be given up before the cluster has heard of one of them.
    public static let maxReplaced = 16
    /// The most bytes of `cause`.
    public static let maxCauseBytes = 1024

    /// How far the node has got.
    public var stage: Stage
    /// Who it is now.
    public var incarnation: UInt64
    /// The incarnations that it takes the place of, the oldest first. They are never to act again.
    public private(set) var replaced: [UInt64]
    /// What was damaged, in one line.
    public private(set) var cause: String

    /// Begins a record; the oldest of too many incarnations are dropped, and the end of too long a cause.
    public init(incarnation: UInt64, replacing replaced: [UInt64], cause: String) {
        stage = .moving
        self.incarnation = incarnation
        self.replaced = replaced.suffix(Self.maxReplaced)
        let bytes = cause.utf8.prefix(Self.maxCauseBytes)
        self.cause = String(decoding: bytes, as: UTF8.self)
        // A character that was cut through grows when it is replaced.
        while self.cause.utf8.count > Self.maxCauseBytes { self.cause.removeLast() }
    }

    /// Reads the record of a data directory, if it has one.
    ///
    /// - Throws: `StorageError`: `.corrupt`, `.newerVersion`, or what the file system throws.
    public static func read<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) -> RejoinRecord? {
        try file.read(files, directory: directory) { (bytes) throws(DecodeError) in
            try RejoinRecord(bytes)
        }
    }

    private init(_ bytes: Span<UInt8>) throws(DecodeError) {
        self = try Self.file.decode(bytes) { (bytes, _, offset) throws(DecodeError) in
            let start = offset
            guard let stage = Stage(rawValue: try bytes.readUInt8(at: &offset)) else {
                throw DecodeError(.invalid(field: "stage"), at: start)
            }
            let incarnation = try bytes.readUInt64(at: &offset)
            let count = try bytes.readCount(
                limit: Self.maxReplaced, name: "incarnations", at: &offset)
            var replaced: [UInt64] = []
            for _ in 0..<count { replaced.append(try bytes.readUInt64(at: &offset)) }
            let cause = try bytes.readString(limit: Self.maxCauseBytes, name: "cause", at: &offset)
            var record = RejoinRecord(incarnation: incarnation, replacing: replaced, cause: cause)
            record.stage = stage
            return record
        }
    }

    /// Writes the record. Durable on return.
    public func write<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) {
        try Self.file.write(files, directory: directory) { bytes in
            bytes.append(stage.rawValue)
            bytes.write(incarnation)
            bytes.writeCount(replaced.count)
            for incarnation in replaced { bytes.write(incarnation) }
            bytes.writeString(cause)
        }
    }

    /// Removes the record. That a crash may bring it back does no harm: it says what is known already.
    public static func remove<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) {
        try files.remove(directory + "/" + file.name)
    }
}
