public import Raft
package import Wire

// What a founding member of a cluster knows of the others, before there is a log worth the name.
//
// `DIRECTORY/founding` is replaced as a whole; it begins as `RecordFile.swift` says, with the magic "MUSTRFND".
// Numbers are little-endian, except for the varints.
//
// The version is 1, or 2 when the cluster begins behind a snapshot of another one.
//
//     16    1  1 when the founding is complete, else 0
//              version 2 only: 16 bytes, the last entry of that snapshot, term u64 and index u64
//              varint count, then for each node, by rising names: varint name, u64 incarnation

/// The incarnations of the members with which a cluster is founded, as far as they are known.
///
/// A node puts down another one's incarnation before it tells that it has heard it, so nobody can later
/// be made to believe in another one.
public struct FoundingRecord: Hashable, Sendable {
    static let file = RecordFile(name: "founding", magic: "MUSTRFND", version: 2)
    /// More members than a cluster may have; only to bound what is read.
    private static let maxMembers = 1 << 10

    /// Whether all are known and have heard of this node: from then on it takes part.
    public var isComplete: Bool
    /// The entry behind which the cluster begins: `zero`, or the last one of the snapshot with which it was made.
    public var origin: EntryID
    /// The members that are known, this node perhaps among them, sorted by node.
    public private(set) var members: [Member]

    /// Describes what is known; of each member only name and incarnation count.
    public init(isComplete: Bool, origin: EntryID = .zero, members: [Member]) {
        self.isComplete = isComplete
        self.origin = origin
        self.members = members.sorted { $0.id < $1.id }
    }

    /// Reads the record of a data directory, if it has one.
    ///
    /// - Throws: `StorageError`: `.corrupt`, `.newerVersion`, or what the file system throws.
    public static func read<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) -> FoundingRecord? {
        try file.read(files, directory: directory) { (bytes) throws(DecodeError) in
            try FoundingRecord(bytes)
        }
    }

    /// Reads what `write` has put into a file.
    package init(_ bytes: Span<UInt8>) throws(DecodeError) {
        self = try Self.file.decode(bytes) { (bytes, version, offset) throws(DecodeError) in
            let isComplete = try bytes.readUInt8(at: &offset) == 1
            let origin = version == 1 ? .zero : try bytes.readEntryID(at: &offset)
            let count = try bytes.readCount(limit: Self.maxMembers, name: "members", at: &offset)
            var members: [Member] = []
            for _ in 0..<count {
                let node = NodeID(try bytes.readVarint(at: &offset))
                members.append(Member(node, incarnation: try bytes.readUInt64(at: &offset)))
            }
            return FoundingRecord(isComplete: isComplete, origin: origin, members: members)
        }
    }

    /// Writes the record. Durable on return.
    public func write<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) {
        let version: UInt32 = origin == .zero ? 1 : 2
        try Self.file.write(files, directory: directory, version: version) { bytes in
            bytes.append(isComplete ? 1 : 0)
            if origin != .zero { bytes.write(origin) }
            bytes.writeCount(members.count)
            for member in members {
                bytes.writeVarint(member.id.rawValue)
                bytes.write(member.incarnation)
            }
        }
    }
}
