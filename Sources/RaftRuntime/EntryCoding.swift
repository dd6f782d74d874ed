// The contents of a log entry, as the runtime writes and reads them.
//
//     kind      1 byte    0 the empty entry of a new term, 1 a command, 2 a forwarded command,
//                         3 a membership
//     time      varint    cluster time in milliseconds, given by the leader that made the entry
//     origin    varint    kind 2 only: the node that took the proposal
//     sequence  varint    kind 2 only: that node's number for it
//     command   the rest  kinds 1 and 2
//     members   the rest  kind 3 only, as in `ConfigurationCoding.swift`
//
// The kinds and this order are part of the format of the log on disk and between nodes.

internal import Raft
internal import RaftFormat
internal import Wire

/// What stands before the command in an entry.
struct EntryHeader: Hashable {
    enum Kind: Hashable {
        case empty
        case command
        case forwarded(origin: NodeID, sequence: UInt64)
        case configuration

        /// Whether the machine has something to do.
        var isCommand: Bool {
            switch self {
            case .command, .forwarded: true
            case .empty, .configuration: false
            }
        }
    }

    static let configurationCode: UInt8 = 3

    var kind: Kind
    var timeMilliseconds: UInt64

    func write(into bytes: inout [UInt8]) {
        switch kind {
        case .empty: bytes.append(0)
        case .command: bytes.append(1)
        case .forwarded: bytes.append(2)
        case .configuration: bytes.append(Self.configurationCode)
        }
        bytes.writeVarint(timeMilliseconds)
        if case .forwarded(let origin, let sequence) = kind {
            bytes.writeVarint(origin.rawValue)
            bytes.writeVarint(sequence)
        }
    }

    /// Reads a header; `offset` is then where the command begins.
    init(_ bytes: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let start = offset
        let code = try bytes.readUInt8(at: &offset)
        timeMilliseconds = try bytes.readVarint(at: &offset)
        switch code {
        case 0: kind = .empty
        case 1: kind = .command
        case Self.configurationCode: kind = .configuration
        case 2:
            let origin = NodeID(try bytes.readVarint(at: &offset))
            kind = .forwarded(origin: origin, sequence: try bytes.readVarint(at: &offset))
        default: throw DecodeError(.invalid(field: "entry kind"), at: start)
        }
    }

    init(kind: Kind, timeMilliseconds: UInt64) {
        self.kind = kind
        self.timeMilliseconds = timeMilliseconds
    }
}

/// Reads the headers of entries that follow on each other, most of which are like the one before.
struct EntryHeaderReader {
    private var last = EntryHeader(kind: .empty, timeMilliseconds: 0)
    /// The bytes of the last header, in the lowest of these; the others are not looked at.
    private var lastBytes: UInt64 = 0
    private var mask: UInt64 = 0
    private var byteCount = 0

    /// Reads a header; `offset` is then where the command begins.
    @inline(__always)
    mutating func read(
        _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(DecodeError) -> EntryHeader {
        guard bytes.count - offset >= 8 else { return try EntryHeader(bytes, at: &offset) }
        // Bounds are checked, and any eight bytes are a number.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let next = UInt64(littleEndian: word)
        if byteCount > 0, (next ^ lastBytes) & mask == 0 {
            offset += byteCount
            return last
        }
        return try readAnother(bytes, next, at: &offset)
    }

    private mutating func readAnother(
        _ bytes: Span<UInt8>, _ next: UInt64, at offset: inout Int
    ) throws(DecodeError) -> EntryHeader {
        let start = offset
        last = try EntryHeader(bytes, at: &offset)
        byteCount = offset - start
        lastBytes = next
        if byteCount > 8 { byteCount = 0 }
        // A header ends where its own bytes say, so the same bytes are the same header.
        mask = UInt64.max >> UInt64(64 - 8 * max(byteCount, 1))
        return last
    }
}

extension PackedBytes {
    /// Appends an entry for each of the commands, all with the same header.
    mutating func append(_ header: EntryHeader, before commands: PackedBytes) {
        var start: [UInt8] = []
        header.write(into: &start)
        reserve(
            count: commands.count, bytes: commands.byteCount + commands.count * start.count)
        let bytes = commands.bytes.span
        for i in 0..<commands.count {
            append(start.span, bytes.extracting(commands.range(of: i)))
        }
    }

    /// Appends an entry for one of the commands.
    mutating func append(_ header: EntryHeader, before commands: PackedBytes, _ i: Int) {
        var start: [UInt8] = []
        header.write(into: &start)
        append(start.span, commands.bytes.span.extracting(commands.range(of: i)))
    }

    /// Appends an entry that holds a membership.
    mutating func append(_ configuration: Configuration, timeMilliseconds: UInt64) {
        append { bytes in
            EntryHeader(kind: .configuration, timeMilliseconds: timeMilliseconds).write(
                into: &bytes)
            bytes.writeConfiguration(configuration)
        }
    }

    /// The memberships among entries, the first of which follows on `previous`.
    ///
    /// Looks at one byte of each entry and reads only those that are memberships.
    /// - Throws: `DecodeError` for a membership that no leader of ours has written.
    func configurations(
        after previous: LogIndex
    ) throws(DecodeError) -> [PlacedConfiguration] {
        var placed: [PlacedConfiguration] = []
        for i in 0..<count {
            let range = range(of: i)
            guard let first = bytes[range].first, first == EntryHeader.configurationCode else {
                continue
            }
            let configuration = try withItem(i) { (entry) throws(DecodeError) in
                var offset = 0
                _ = try EntryHeader(entry, at: &offset)
                let configuration = try entry.readConfiguration(at: &offset)
                try entry.expectNothing(after: offset)
                return configuration
            }
            placed.append(
                PlacedConfiguration(
                    index: previous.advanced(by: i + 1), configuration: configuration))
        }
        return placed
    }
}
