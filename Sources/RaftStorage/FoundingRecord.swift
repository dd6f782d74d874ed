public import Raft
package import Wire

// What a founding member of a cluster knows of the others, before there is a log worth the name.
//
// `DIRECTORY/founding` is replaced as a whole: written beside, synced, renamed. Numbers are
// little-endian, except for the varints.
//
//      0    8  magic "MUSTRFND"
//      8    4  format version, 1
//     12    4  CRC-32C of all other bytes
//     16    1  1 when the founding is complete, else 0
//     17       varint count, then for each node, by rising names: varint name, u64 incarnation

/// The incarnations of the members with which a cluster is founded, as far as they are known.
///
/// A node puts down another one's incarnation before it tells that it has heard it, so nobody can later
/// be made to believe in another one.
public struct FoundingRecord: Hashable, Sendable {
    private static let magic: StaticString = "MUSTRFND"
    private static let version: UInt32 = 1
    private static let prefixBytes = 16
    private static let fileName = "/founding"
    private static let writingSuffix = ".writing"
    /// More members than a cluster may have; only to bound what is read.
    private static let maxMembers = 1 << 10

    /// Whether all are known and have heard of this node: from then on it takes part.
    public var isComplete: Bool
    /// The members that are known, this node perhaps among them, sorted by node.
    public private(set) var members: [Member]

    /// Describes what is known; of each member only name and incarnation count.
    public init(isComplete: Bool, members: [Member]) {
        self.isComplete = isComplete
        self.members = members.sorted { $0.id < $1.id }
    }

    /// Reads the record of a data directory, if it has one.
    ///
    /// - Throws: `StorageError`: `.corrupt`, `.newerVersion`, or what the file system throws.
    public static func read<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) -> FoundingRecord? {
        let path = directory + fileName
        let file: Files.File
        do throws(StorageError) {
            file = try files.open(path, create: false)
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
        defer { file.close() }
        let size = try file.size()
        let bytes = try file.read(Int(min(size, 64 << 10)), at: 0)
        do throws(DecodeError) {
            return try FoundingRecord(bytes.span)
        } catch {
            if case .unknownVersion(let found) = error.code {
                throw StorageError(
                    .newerVersion(found: found, known: version), operation: "read founding",
                    path: path)
            }
            throw StorageError(
                .corrupt(offset: UInt64(error.offset), index: nil), operation: "read founding",
                path: path, detail: "\(error)")
        }
    }

    /// Writes the record. Durable on return.
    public func write<Files: FileSystem>(
        _ files: Files, directory: String
    ) throws(StorageError) {
        let path = directory + Self.fileName
        let file = try files.open(path + Self.writingSuffix, create: true)
        defer { file.close() }
        try file.truncate(to: 0)
        try file.write(encoded().span, at: 0)
        try file.sync()
        try files.rename(path + Self.writingSuffix, to: path)
        try files.syncDirectory(directory)
    }

    private func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.write(Self.magic)
        bytes.write(Self.version)
        bytes.write(UInt32(0))  // the checksum, filled in below
        bytes.append(isComplete ? 1 : 0)
        bytes.writeCount(members.count)
        for member in members {
            bytes.writeVarint(member.id.rawValue)
            bytes.write(member.incarnation)
        }
        bytes.overwrite(Self.checksum(bytes.span), at: Self.prefixBytes - 4)
        return bytes
    }

    private static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.extracting(0..<prefixBytes - 4))
        crc.update(bytes.extracting(prefixBytes..<bytes.count))
        return crc.value
    }

    /// Reads what `write` has put into a file.
    package init(_ bytes: Span<UInt8>) throws(DecodeError) {
        guard bytes.holds(Self.magic, at: 0) else {
            throw DecodeError(.invalid(field: "magic"), at: 0)
        }
        var offset = 8
        let version = try bytes.readUInt32(at: &offset)
        guard version == Self.version else { throw DecodeError(.unknownVersion(version), at: 8) }
        let sum = try bytes.readUInt32(at: &offset)
        guard bytes.count >= offset, Self.checksum(bytes) == sum else {
            throw DecodeError(.checksumMismatch, at: offset - 4)
        }
        isComplete = try bytes.readUInt8(at: &offset) == 1
        let count = try bytes.readCount(limit: Self.maxMembers, name: "members", at: &offset)
        members = []
        for _ in 0..<count {
            let node = NodeID(try bytes.readVarint(at: &offset))
            members.append(Member(node, incarnation: try bytes.readUInt64(at: &offset)))
        }
        guard offset == bytes.count else {
            throw DecodeError(.invalid(field: "end of the record"), at: offset)
        }
    }
}
