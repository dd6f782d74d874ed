public import Raft
internal import RaftFormat
internal import Wire

// A snapshot on disk, and on its way to another node: the same bytes.
//
// `DIRECTORY/snapshots/` holds files named INDEX-TERM.snapshot, both numbers of the last entry covered,
// in twenty digits. A name that ends in `.writing` or `.receiving` is of one on its way in; it is
// worth nothing after a restart. A file gets its final name when it is durable and has been checked. Numbers are little-endian.
//
//      0    8  magic "MUSTRSNP"
//      8    4  format version, 2
//     12    4  n, the length of the fields
//     16    4  CRC-32C of bytes 0 ..< 16 and 20 ..< 20 + n
//     20    n  the fields:
//                   string cluster (varint length, UTF-8)
//               16  last entry covered: term u64, index u64
//                   membership there, as in `ConfigurationCoding.swift`
//  20 + n    m  the body: what the state machine wrote
//            8  m
//            4  CRC-32C of everything before
//
// Nothing in it tells which node wrote it: equal states make equal files, so that a file of which one leader
// has sent a part can be finished by another.

/// A snapshot that is complete and durable.
public struct SnapshotInfo: Hashable, Sendable {
    /// The last entry that it covers.
    public var lastIncluded: EntryID
    /// The membership at that entry.
    public var configuration: Configuration
    /// The size of the file, which is what a transfer to another node moves.
    public var byteCount: UInt64
}

/// The constants of the format and its header.
enum SnapshotFormat {
    static let magic: StaticString = "MUSTRSNP"
    static let version: UInt32 = 2
    static let prefixBytes = 20
    static let maxFieldBytes = 64 << 10
    static let trailerBytes = 12
    static let suffix = ".snapshot"
    static let writingSuffix = ".writing"
    static let receivingSuffix = ".receiving"

    static func fileName(_ id: EntryID) -> String {
        decimal(id.index.rawValue, digits: 20) + "-" + decimal(id.term.rawValue, digits: 20)
            + suffix
    }

    /// The entry in a snapshot's name; nothing when this is not the name of a snapshot.
    static func entry(fileName: String) -> EntryID? {
        guard fileName.hasSuffix(suffix) else { return nil }
        let numbers = fileName.dropLast(suffix.utf8.count).split(separator: "-")
        guard numbers.count == 2, let index = UInt64(numbers[0]), let term = UInt64(numbers[1])
        else {
            return nil
        }
        let id = EntryID(term: Term(term), index: LogIndex(index))
        return Self.fileName(id) == fileName ? id : nil
    }

    static func header(
        cluster: String, lastIncluded: EntryID, configuration: Configuration
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.write(magic)
        bytes.write(version)
        bytes.write(UInt64(0))  // length and checksum, filled in below
        bytes.writeString(cluster)
        bytes.write(lastIncluded)
        bytes.writeConfiguration(configuration)
        bytes.overwrite(UInt32(bytes.count - prefixBytes), at: 12)
        let sum = checksum(bytes.span)
        bytes.overwrite(sum, at: 16)
        return bytes
    }

    private static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.extracting(0..<16))
        crc.update(bytes.extracting(prefixBytes..<bytes.count))
        return crc.value
    }

    /// What a header says; `end` is where the body begins.
    struct Header {
        var cluster: String
        var lastIncluded: EntryID
        var configuration: Configuration
        var end: Int
    }

    static func decode(_ bytes: Span<UInt8>) throws(DecodeError) -> Header {
        guard bytes.holds(magic, at: 0) else { throw DecodeError(.invalid(field: "magic"), at: 0) }
        var offset = 8
        let found = try bytes.readUInt32(at: &offset)
        let length = try bytes.readUInt32(at: &offset)
        guard length <= maxFieldBytes else {
            throw DecodeError(.limitExceeded(name: "header", limit: maxFieldBytes), at: 12)
        }
        let end = prefixBytes + Int(length)
        guard bytes.count >= end else { throw DecodeError(.truncated, at: bytes.count) }
        let sum = try bytes.readUInt32(at: &offset)
        let header = bytes.extracting(0..<end)
        guard checksum(header) == sum else { throw DecodeError(.checksumMismatch, at: 16) }
        // Not before the checksum: a rotten byte is damage, and no newer program.
        guard found == version else { throw DecodeError(.unknownVersion(found), at: 8) }
        let cluster = try header.readString(
            limit: NodeIdentity.maxClusterNameBytes, name: "cluster", at: &offset)
        let lastIncluded = try header.readEntryID(at: &offset)
        let configuration = try header.readConfiguration(at: &offset)
        guard offset == end else { throw DecodeError(.invalid(field: "header length"), at: 12) }
        return Header(
            cluster: cluster, lastIncluded: lastIncluded, configuration: configuration, end: end)
    }
}
