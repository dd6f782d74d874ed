// The payloads of the frames that follow the handshake. "number" and "count" are varints (LEB128 in
// its shortest form), "flag" is a byte 0 or 1, "node" is a number of 1 or more.
//
//   raft              from node, to node, term number, kind byte, then the kind's fields
//                     (`MessageCoding.swift`); an append and a snapshot part end with their items
//   proposals         firstSequence number, items (the commands)
//   proposalsRefused  firstSequence number, count count, reason byte:
//                     1 not the leader, no leader known
//                     2 not the leader, followed by the leader node
//                     3 overloaded
//                     4 leadership is being handed over, followed by the target node
//                     5 the disk is full
//   rejoin            count, then as many incarnations of 8 bytes
//
// items: count, the length of each in bytes (counts), and all their bytes end to end; so the bytes of
// a batch are copied in one go at both ends. Nothing may follow the last field. Equal envelopes have
// equal bytes, and bytes that are accepted are the bytes that would be written.

internal import Raft
public import Wire

extension Envelope {
    var frameType: FrameType {
        switch self {
        case .raft: .raft
        case .proposals: .proposals
        case .proposalsRefused: .proposalsRefused
        case .rejoin: .rejoin
        }
    }

    /// The number of bytes of the contents, which is nearly all of a large frame.
    package var contentBytes: Int {
        switch self {
        case .raft(_, let contents): contents.byteCount
        case .proposals(let proposals): proposals.commands.byteCount
        case .proposalsRefused, .rejoin: 0
        }
    }

    /// Appends the payload.
    func write(to output: inout [UInt8]) throws(EncodeError) {
        guard isConsistent else { throw EncodeError("count of contents") }
        switch self {
        case .raft(let message, let contents):
            try message.write(to: &output)
            if message.hasContents { try output.writeItems(contents) }
        case .proposals(let proposals):
            try proposals.write(to: &output)
        case .proposalsRefused(let refused):
            try refused.write(to: &output)
        case .rejoin(let request):
            try request.write(to: &output)
        }
    }

    /// Reads the payload of a frame.
    ///
    /// - Throws: `DecodeError` for a type that is no envelope's, and for a payload that is not
    ///   exactly what a writer makes.
    /// - Complexity: O(*n*) in time and memory for *n* bytes of payload.
    public init(type: UInt8, payload: Span<UInt8>) throws(DecodeError) {
        var offset = 0
        switch FrameType(rawValue: type) {
        case .raft:
            let message = try Message(payload, at: &offset)
            let start = offset
            let contents =
                message.hasContents ? try payload.readItems(at: &offset) : PackedBytes()
            guard contents.count == message.contentCount else {
                throw DecodeError(.invalid(field: "count of contents"), at: start)
            }
            self = .raft(message, contents)
        case .proposals:
            self = .proposals(try ForwardedProposals(payload, at: &offset))
        case .proposalsRefused:
            self = .proposalsRefused(try RefusedProposals(payload, at: &offset))
        case .rejoin:
            self = .rejoin(try RejoinRequest(payload, at: &offset))
        case .hello, .helloReply, nil:
            throw DecodeError(.invalid(field: "frame type"), at: 0)
        }
        try payload.expectEnd(at: offset)
    }
}

extension ForwardedProposals {
    func write(to output: inout [UInt8]) throws(EncodeError) {
        guard Self.areNumbered(from: firstSequence, commands.count) else {
            throw EncodeError("proposal sequence")
        }
        output.writeVarint(firstSequence)
        try output.writeItems(commands)
    }

    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let firstSequence = try payload.readVarint(at: &offset)
        let commands = try payload.readItems(at: &offset)
        guard Self.areNumbered(from: firstSequence, commands.count) else {
            throw DecodeError(.invalid(field: "proposal sequence"), at: 0)
        }
        self.init(firstSequence: firstSequence, commands: commands)
    }

    /// Whether there are `count` numbers from `first` on, and one after them.
    static func areNumbered(from first: UInt64, _ count: Int) -> Bool {
        !first.addingReportingOverflow(UInt64(count)).overflow
    }
}

extension RefusedProposals {
    func write(to output: inout [UInt8]) throws(EncodeError) {
        guard count >= 0, count <= TransportLimits.maxItems else {
            throw EncodeError("refused proposals")
        }
        guard ForwardedProposals.areNumbered(from: firstSequence, count) else {
            throw EncodeError("proposal sequence")
        }
        output.writeVarint(firstSequence)
        output.writeCount(count)
        switch refusal {
        case .notLeader(leader: nil):
            output.append(1)
        case .notLeader(let leader?):
            output.append(2)
            try output.writeNode(leader)
        case .overloaded:
            output.append(3)
        case .transferring(let target):
            output.append(4)
            try output.writeNode(target)
        case .diskFull: output.append(5)
        }
    }

    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let firstSequence = try payload.readVarint(at: &offset)
        let count = try payload.readCount(
            limit: TransportLimits.maxItems, name: "refused proposals", at: &offset)
        guard ForwardedProposals.areNumbered(from: firstSequence, count) else {
            throw DecodeError(.invalid(field: "proposal sequence"), at: 0)
        }
        let start = offset
        let refusal: ProposalRefusal
        switch try payload.readUInt8(at: &offset) {
        case 1: refusal = .notLeader(leader: nil)
        case 2: refusal = .notLeader(leader: try payload.readNode(at: &offset))
        case 3: refusal = .overloaded
        case 4: refusal = .transferring(to: try payload.readNode(at: &offset))
        case 5: refusal = .diskFull
        default: throw DecodeError(.invalid(field: "refusal"), at: start)
        }
        self.init(firstSequence: firstSequence, count: count, refusal: refusal)
    }
}

extension RejoinRequest {
    func write(to output: inout [UInt8]) throws(EncodeError) {
        guard replaced.count <= TransportLimits.maxReplaced else {
            throw EncodeError("replaced incarnations")
        }
        output.writeCount(replaced.count)
        for incarnation in replaced { output.write(incarnation) }
    }

    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let count = try payload.readCount(
            limit: TransportLimits.maxReplaced, name: "replaced incarnations", at: &offset)
        var replaced: [UInt64] = []
        for _ in 0..<count { replaced.append(try payload.readUInt64(at: &offset)) }
        self.init(replaced: replaced)
    }
}
