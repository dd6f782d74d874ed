// A membership as bytes: the same in messages, in entries of the log, in the headers of its segments and
// in snapshots. Each of these carries a version that covers this too. "number" and "count" are varints.
//
//   incoming   count, that many nodes (numbers) in rising order
//   outgoing   likewise
//   learners   likewise
//   promoting  likewise
//   roster     count, then for each member in rising order:
//                node         number
//                incarnation  8 bytes, little-endian
//                priority     1 byte
//                address      count of bytes, and UTF-8
//
// Equal memberships have equal bytes, and bytes that are accepted are the bytes that would be written.

package import Raft
package import Wire

/// What the bytes of a membership may ask of their reader.
public enum ConfigurationLimits {
    /// The most members, voters and learners together.
    public static let maxMembers = 128
    /// The most bytes that a membership takes.
    package static let maxBytes = 48 << 10
}

extension Configuration {
    /// Whether every reader would take the bytes.
    package var isWithinLimits: Bool {
        members.count <= ConfigurationLimits.maxMembers
            && members.allSatisfy { $0.rawValue >= 1 }
            && roster.allSatisfy { $0.address.utf8.count <= Member.maxAddressBytes }
    }
}

extension [UInt8] {
    /// Appends a membership, which must be within the limits.
    package mutating func writeConfiguration(_ configuration: Configuration) {
        for list in [
            configuration.incoming, configuration.outgoing, configuration.learners,
            configuration.promoting,
        ] {
            writeCount(list.count)
            for node in list { writeVarint(node.rawValue) }
        }
        writeCount(configuration.roster.count)
        for member in configuration.roster {
            writeVarint(member.id.rawValue)
            write(member.incarnation)
            append(member.priority)
            writeString(member.address)
        }
    }
}

extension Span where Element == UInt8 {
    /// Reads a membership.
    package func readConfiguration(at offset: inout Int) throws(DecodeError) -> Configuration {
        let start = offset
        let incoming = try readMembers(at: &offset)
        let outgoing = try readMembers(at: &offset)
        let learners = try readMembers(at: &offset)
        let promoting = try readMembers(at: &offset)
        let count = try readCount(
            limit: ConfigurationLimits.maxMembers, name: "members", at: &offset)
        var roster: [Member] = []
        for _ in 0..<count { roster.append(try readMember(at: &offset)) }
        let configuration = Configuration(
            voters: incoming, leaving: outgoing, learners: learners, promoting: promoting,
            roster: roster)
        // What the initializer has put in order was not written by a writer.
        guard configuration.incoming == incoming, configuration.outgoing == outgoing,
            configuration.learners == learners, configuration.promoting == promoting,
            configuration.roster == roster, configuration.isWithinLimits
        else { throw DecodeError(.invalid(field: "configuration"), at: start) }
        return configuration
    }

    private func readMembers(at offset: inout Int) throws(DecodeError) -> [NodeID] {
        let count = try readCount(
            limit: ConfigurationLimits.maxMembers, name: "members", at: &offset)
        var members: [NodeID] = []
        for _ in 0..<count { members.append(NodeID(try readVarint(at: &offset))) }
        return members
    }

    private func readMember(at offset: inout Int) throws(DecodeError) -> Member {
        let node = NodeID(try readVarint(at: &offset))
        let incarnation = try readUInt64(at: &offset)
        let priority = try readUInt8(at: &offset)
        let address = try readString(
            limit: Member.maxAddressBytes, name: "address", at: &offset)
        return Member(node, incarnation: incarnation, address: address, priority: priority)
    }
}
