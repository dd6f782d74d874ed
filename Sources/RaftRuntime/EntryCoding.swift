// The contents of a log entry, as the runtime writes and reads them.
//
//     kind      1 byte    0 the empty entry of a new term, 1 a command, 2 a forwarded command
//     time      varint    cluster time in milliseconds, given by the leader that made the entry
//     origin    varint    kind 2 only: the node that took the proposal
//     sequence  varint    kind 2 only: that node's number for it
//     command   the rest  kinds 1 and 2
//
// The kinds and this order are part of the format of the log on disk and between nodes.

internal import Raft
internal import Wire

/// What stands before the command in an entry.
struct EntryHeader: Hashable {
    enum Kind: Hashable {
        case empty
        case command
        case forwarded(origin: NodeID, sequence: UInt64)
    }

    var kind: Kind
    var timeMilliseconds: UInt64

    func write(into bytes: inout [UInt8]) {
        switch kind {
        case .empty: bytes.append(0)
        case .command: bytes.append(1)
        case .forwarded: bytes.append(2)
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
