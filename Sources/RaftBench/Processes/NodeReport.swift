internal import Raft
internal import Wire

/// How it is going at a node, and what its process has used since it started.
struct NodeReport: Equatable, Sendable {
    /// When this was said, in nanoseconds of the clock that all processes of a machine share.
    var time: UInt64
    var node: NodeID
    var term: Term
    var role: RoleName
    /// The leader of the term, when it is known.
    var leader: NodeID?
    var commitIndex: UInt64
    var appliedIndex: UInt64
    var syncs: UInt64
    var processorNanoseconds: UInt64
    var allocations: UInt64

    /// As they are numbered in the bytes.
    private static let roles: [RoleName] = [.follower, .preCandidate, .candidate, .leader]

    /// Appends all fields in their order; a role is its number, no leader is 0.
    func write(to output: inout [UInt8]) {
        output.write(time)
        output.write(node.rawValue)
        output.write(term.rawValue)
        output.append(UInt8(Self.roles.firstIndex(of: role) ?? 0))
        for value in [
            leader?.rawValue ?? 0, commitIndex, appliedIndex, syncs, processorNanoseconds,
            allocations,
        ] { output.write(value) }
    }
}

extension NodeReport {
    init(reading bytes: Span<UInt8>) throws(DecodeError) {
        var offset = 0
        time = try bytes.readUInt64(at: &offset)
        node = NodeID(try bytes.readUInt64(at: &offset))
        term = Term(try bytes.readUInt64(at: &offset))
        let place = try bytes.readUInt8(at: &offset)
        guard Self.roles.indices.contains(Int(place)) else {
            throw DecodeError(.invalid(field: "role"), at: offset - 1)
        }
        role = Self.roles[Int(place)]
        let leader = try bytes.readUInt64(at: &offset)
        self.leader = leader == 0 ? nil : NodeID(leader)
        commitIndex = try bytes.readUInt64(at: &offset)
        appliedIndex = try bytes.readUInt64(at: &offset)
        syncs = try bytes.readUInt64(at: &offset)
        processorNanoseconds = try bytes.readUInt64(at: &offset)
        allocations = try bytes.readUInt64(at: &offset)
        guard offset == bytes.count else { throw DecodeError(.invalid(field: "end"), at: offset) }
    }
}
