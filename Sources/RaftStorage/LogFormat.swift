internal import Raft
internal import RaftFormat
internal import Wire

// The log on disk.
//
// `DIRECTORY/log/` holds segments named by their number in ten digits, `0000000001.log` and so on,
// without gaps. A segment is a header and then records, each at an offset that is a multiple of
// eight. A file gets its size in advance, so that a sync need not write its metadata; what stands
// behind the last record is no part of the log. Numbers are little-endian; a *string* is a varint of
// its length in bytes and UTF-8; a *position* is a segment's number (u32) and an offset in it (u32);
// an *entry id* is a term (u64) and an index (u64).
//
// The last name may be that of a segment that is not begun yet: its file is ready, with a durable
// name, and holds no header of its number and no record of its place. A segment that a snapshot covers
// is used again: it is renamed to be the next one, or first to `0000000001.spare`, by the number that
// it had. `creating` and `preparing` are the first segment and a next one before they are whole.
//
// Segment header
//
//      0    8  magic "MUSTRLOG"
//      8    4  format version, 4
//     12    4  n, the length of the fields
//     16    4  CRC-32C of bytes 0 ..< 16 and of all from 20 to the end of the padding
//     20    n  the fields:
//                4  number of this segment
//                4  1 when bytes of an older segment may stand behind the records, 0 when zeros do
//                8  incarnation of the node, 8 node, string cluster
//                4  chain: checksum of the last record before this segment, 0 in the first
//                8  position up to which the log was durable when this was written
//               16  hard state here: term, and the vote or 0
//               16  base: entry id before the first entry kept
//               16  last: entry id of the last entry before this segment
//                   initial configuration, as in `ConfigurationCoding.swift`
//            zeros up to a multiple of eight
//
// Every version begins with the first twenty bytes and their checksum, so that another version is known from a
// header that was half written.
//
// So any segment can be the first one: compaction just removes the older ones.
//
// Record
//
//      0    4  checksum: CRC-32C of (incarnation u64, segment u32, offset u32: not stored) and of
//              bytes 4 ..< 32
//      4    4  chain: checksum of the record before, or of the segment's header
//      8    4  CRC-32C of the payload with its padding
//     12    4  n, the length of the payload without its padding
//     16    8  position up to which the log was durable when this was written
//     24    1  type
//     25    7  zeros
//     32    n  payload
//            zeros up to a multiple of eight
//
// Types and payloads
//
//     1  hard state   term u64, vote u64 or 0
//     2  entries      index of the first u64, term u64, then how many there are and the length of each as
//                     varints, then all contents end to end. They take the place of what was at the first
//                     index and after.
//     3  base         entry id: the entries up to it are covered by a snapshot and forgotten
//     4  reset        entry id: a snapshot up to here has taken the place of the whole log
//     5  mark         empty: only says what is durable
//
// How a torn tail is told from damage
//
// What was written since the last sync may survive a crash in any subset of its sectors, so an
// unreadable record with good records behind it may be quite in order: nobody was told of any of
// them. But each record says up to where the log was durable when it was written, and no byte before
// that position can be lost by a crash. So let D be the largest such position that any readable
// record header or segment header names, wherever it stands, also behind the damage. Damage at a
// position before D is corruption of what was acknowledged: the log refuses to open and cuts
// nothing. Damage at D or behind it is an unfinished write and is cut off.
//
// The claim of a header can be believed without its neighbours: its checksum covers its own place,
// so bytes of another file, another place or another life of the node do not pass. A mark is
// written when a sync has ended and no other write is at hand, so that also the last batch of a log
// at rest is covered. A log that is opened syncs what it has found and then a mark that says so, before
// anything is told of it. What remains undecidable is a batch that was damaged, or lost by a lying
// device, before anything written after its sync got to the disk.
//
// What stands behind the last record
//
// In a file that was new all is zero, and anything else is an unfinished write. In one that was used
// before there are bytes of then, and of zeros that fill up pages. No record among them can be taken
// for one of this segment, because a record's checksum covers its place, and numbers of segments only
// rise. So there the log ends where no record of this place stands; but when one stands further on, a
// write was unfinished, or something is damaged, which D decides as ever. What is cut off is
// overwritten with zeros, so that no record of this place ever waits behind the end to follow, by
// chance, on one that is written later.
//
// The name of a segment is durable before anything is written to it, so a crash leaves no gap.

/// A place in the log on disk.
public struct DiskPosition: Hashable, Comparable, Sendable {
    /// The number of the segment.
    public var segment: UInt32
    /// The offset in it.
    public var offset: UInt32

    static let zero = DiskPosition(segment: 0, offset: 0)

    /// Orders places as the log goes on.
    public static func < (left: Self, right: Self) -> Bool {
        left.segment != right.segment ? left.segment < right.segment : left.offset < right.offset
    }
}

/// The constants of the format.
enum LogFormat {
    static let magic: StaticString = "MUSTRLOG"
    static let version: UInt32 = 4
    /// The name of the first segment until it is whole.
    static let creatingName = "creating"
    /// The name of a further one until it is whole.
    static let preparingName = "preparing"
    static let segmentPrefixBytes = 20
    static let maxHeaderFieldBytes = 64 << 10
    static let recordHeaderBytes = 32
    static let alignment = 8
    /// A batch of entries is spread over records of about this size.
    static let preferredPayloadBytes = 1 << 20
    static let maxEntriesInRecord = 1 << 16
    /// What stands before the lengths of the entries at the most.
    static let maxEntriesHeadBytes = 8 + 8 + 3
    static let maxPayloadBytes = StorageLimits.entryBytes + (1 << 20) + preferredPayloadBytes

    static func padded(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }

    /// The checksum that covers a place: to be continued with the bytes that stand there.
    static func checksum(incarnation: UInt64, at position: DiskPosition) -> CRC32C {
        var place = InlineArray<16, UInt8>(repeating: 0)
        for i in 0..<8 { place[i] = UInt8(truncatingIfNeeded: incarnation >> UInt64(8 * i)) }
        for i in 0..<4 {
            place[8 + i] = UInt8(truncatingIfNeeded: position.segment >> UInt32(8 * i))
            place[12 + i] = UInt8(truncatingIfNeeded: position.offset >> UInt32(8 * i))
        }
        var crc = CRC32C()
        crc.update(place.span)
        return crc
    }

    /// No header of a segment of this log is longer.
    static func maxHeaderBytes(_ configuration: Configuration) -> Int {
        var bytes: [UInt8] = []
        bytes.writeConfiguration(configuration)
        return 256 + NodeIdentity.maxClusterNameBytes + bytes.count
    }

    static func fileName(segment: UInt32) -> String {
        decimal(UInt64(segment), digits: 10) + ".log"
    }

    static func fileName(spare: UInt32) -> String {
        decimal(UInt64(spare), digits: 10) + ".spare"
    }

    /// The number in a segment's name; nothing when this is not the name of a segment.
    static func segmentNumber(fileName: String) -> UInt32? {
        guard fileName.hasSuffix(".log"), let number = UInt32(fileName.dropLast(4)), number > 0,
            Self.fileName(segment: number) == fileName
        else { return nil }
        return number
    }

    /// The number that a file had that waits to be used again; nothing when this is not the name of one.
    static func spareNumber(fileName: String) -> UInt32? {
        guard fileName.hasSuffix(".spare"), let number = UInt32(fileName.dropLast(6)), number > 0,
            Self.fileName(spare: number) == fileName
        else { return nil }
        return number
    }
}

/// The largest sizes that the store takes.
public enum StorageLimits {
    /// The largest entry in bytes.
    public static let entryBytes = 16 << 20
    /// The largest size of a log segment in bytes that may be asked for.
    public static let segmentBytes = 1 << 30
    /// The largest snapshot in bytes that is taken from another node.
    public static let snapshotBytes: UInt64 = 64 << 30
}

/// A number with leading zeros, so that names sort like numbers.
func decimal(_ value: UInt64, digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}

extension [UInt8] {
    mutating func write(_ position: DiskPosition) {
        write(position.segment)
        write(position.offset)
    }

    mutating func write(_ id: EntryID) {
        write(id.term.rawValue)
        write(id.index.rawValue)
    }

    mutating func write(_ state: HardState) {
        write(state.term.rawValue)
        write(state.vote?.rawValue ?? 0)
    }

    mutating func write(_ text: StaticString) {
        writeRaw(text.description)
    }

    private mutating func writeRaw(_ text: String) { append(contentsOf: text.utf8) }

    /// Appends zeros until the count is a multiple of the alignment.
    mutating func pad() {
        while count % LogFormat.alignment != 0 { append(0) }
    }
}

extension Span where Element == UInt8 {
    func readPosition(at offset: inout Int) throws(DecodeError) -> DiskPosition {
        DiskPosition(segment: try readUInt32(at: &offset), offset: try readUInt32(at: &offset))
    }

    func readEntryID(at offset: inout Int) throws(DecodeError) -> EntryID {
        let term = Term(try readUInt64(at: &offset))
        let index = try readUInt64(at: &offset)
        guard index < UInt64(Int64.max) else {
            throw DecodeError(.invalid(field: "index"), at: offset - 8)
        }
        return EntryID(term: term, index: LogIndex(index))
    }

    func readHardState(at offset: inout Int) throws(DecodeError) -> HardState {
        let term = Term(try readUInt64(at: &offset))
        let vote = try readUInt64(at: &offset)
        return HardState(term: term, vote: vote == 0 ? nil : NodeID(vote))
    }

    /// Whether the bytes here are the text.
    func holds(_ text: StaticString, at offset: Int) -> Bool {
        let expected = Array(text.description.utf8)
        guard count - offset >= expected.count else { return false }
        for i in expected.indices where self[offset + i] != expected[i] { return false }
        return true
    }
}
