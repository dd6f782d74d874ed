internal import Raft

// The commands of scripts about memberships, leadership and time.
extension ScriptWorld {
    mutating func runOnMembership(_ words: [String]) throws {
        let id = try node(words, 1).id
        switch words[0] {
        case "transfer": cluster.perform(.transfer(id, to: try other(words, 2)))
        case "stall": cluster.perform(.stall(id, true))
        case "unstall": cluster.perform(.stall(id, false))
        case "wipe": cluster.perform(.wipe(id))
        case "clock": cluster.perform(.clock(id, try number(words, 2)))
        default: cluster.perform(.change(id, try change(words)))
        }
    }

    private func change(_ words: [String]) throws -> MembershipChange {
        if words[0] == "voters", words.count > 2 {
            let voters = words[2].split(separator: ",").compactMap { UInt64($0) }
            return .setVoters(voters.map { NodeID($0) })
        }
        let node = NodeID(try number(words, 2))
        switch words[0] {
        case "promote": return .promote(node)
        case "demote": return .demote(node)
        case "remove": return .remove(node)
        case "add": return .add(member(node, words), asVoter: words.contains("voter"))
        case "update": return .update(member(node, words))
        case "readmit":
            return .readmit(node, incarnation: member(node, words).incarnation)
        default: throw ScriptError(description: "unknown command \(words)")
        }
    }

    private func member(_ node: NodeID, _ words: [String]) -> Member {
        var member = Member(node)
        for word in words {
            let parts = word.split(separator: "=").map(String.init)
            guard parts.count == 2 else { continue }
            if parts[0] == "incarnation" { member.incarnation = UInt64(parts[1]) ?? 0 }
            if parts[0] == "priority" { member.priority = UInt8(parts[1]) ?? 0 }
        }
        return member
    }

    private func other(_ words: [String], _ place: Int) throws -> NodeID? {
        words.count > place ? NodeID(try number(words, place)) : nil
    }

    private func number(_ words: [String], _ place: Int) throws -> UInt64 {
        guard words.count > place, let number = UInt64(words[place]) else {
            throw ScriptError(description: "\(words): a number is missing")
        }
        return number
    }
}
