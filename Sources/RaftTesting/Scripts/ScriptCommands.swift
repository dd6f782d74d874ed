internal import Raft

/// A command that a script misspells.
package struct ScriptError: Error, CustomStringConvertible {
    package var description: String
}

// The commands of scripts:
//
//     nodes 3 [leader=1] [pre-vote=no] [check-quorum=no] [append=2] [inflight=2] [reads=1] [snapshot=1]
//     campaign 2            its election timeout and its random wait pass
//     fire 2 quorumCheck    a timer runs out
//     heartbeat 1           the leader's next heartbeat
//     propose 1 a b         commands, in one go; `read 2`
//     cut 1 / cut 1-2 / cut 1>2 / heal / heal 1 / heal 1>2
//     hold 1>2 / release 1>2 / deliver 1>2 [kind [which]] / drop … / double … / messages     (of several the first)
//     stop-disk 1 / start-disk 1 / sync 1 [count]
//     crash 1 [surviving] / restart 1 / close 2 1      (2 hears that 1's process is gone)
//     compact 1 [keeping] / store-snapshot 2 / reject-snapshot 2
//     log / peers 1 / status / faulty                  (a stopped node is what the story wants)
//     add 1 4 [voter] [incarnation=7] [priority=2] / promote 1 4 / demote 1 2 / remove 1 2 / voters 1 2,3,4
//     readmit 1 3 incarnation=1003                     (3 has begun anew; a voter takes it twice)
//     transfer 1 [2] / stall 1 / unstall 1 / wipe 3 / clock 1 250      (the node's clock, in milliseconds)
//     forge 3>1 heartbeat term=1 [committed=1/1] …     (a message that no core would send)
extension ScriptWorld {
    package mutating func run(_ words: [String], into output: inout [String]) throws {
        switch words[0] {
        case "campaign", "fire", "heartbeat", "propose", "read", "close":
            try runOnCore(words)
        case "cut", "heal", "hold", "release", "deliver", "drop", "double", "forge":
            try runOnNetwork(words)
        case "add", "promote", "demote", "remove", "voters", "update", "readmit", "transfer",
            "stall", "unstall", "wipe", "clock":
            try runOnMembership(words)
        case "stop-disk", "start-disk", "sync", "crash", "restart", "compact", "reject-snapshot",
            "store-snapshot":
            try runOnHost(words)
        case "messages": output += cluster.packets.map { "   \($0.message.told)" }
        case "log": output += cluster.nodes.map(toldLog)
        case "peers": output += try node(words, 1).toldPeers
        case "status": output += cluster.nodes.map(\.told)
        case "faulty": cluster.toleratesFaults = true
        default: throw ScriptError(description: "unknown command \(words)")
        }
        settle()
    }

    private mutating func runOnCore(_ words: [String]) throws {
        let id = try node(words, 1).id
        switch words[0] {
        case "campaign":
            if !(try node(words, 1)).isArmed(.campaign) { cluster.perform(.fire(id, .election)) }
            cluster.perform(.fire(id, .campaign))
        case "heartbeat": cluster.perform(.fire(id, .heartbeat))
        case "fire":
            let timer = TimerID.allCases.first { "\($0)" == words[2] }
            guard let timer, try node(words, 1).isArmed(timer) else {
                throw ScriptError(description: "\(words): no such timer runs")
            }
            cluster.perform(.fire(id, timer))
        case "propose":
            let before = cluster.history.entries.count
            let first = cluster.upcomingPayload
            cluster.perform(.propose(id, count: words.count - 2))
            guard cluster.history.entries.count > before else { return }
            for (offset, name) in words.dropFirst(2).enumerated() {
                names[first + UInt64(offset)] = name
            }
        case "read": cluster.perform(.read(id))
        default: cluster.perform(.close(id, peer: try node(words, 2).id))
        }
    }

    private mutating func runOnNetwork(_ words: [String]) throws {
        if words[0] == "heal", words.count == 1 {
            cutLinks = []
            return
        }
        if words[0] == "forge" {
            let link = try links(words)[0]
            let message = try forged(words, from: link.from, to: link.to)
            cluster.packets.append(ModelPacket(message: message, payloads: []))
            return
        }
        let kind = words.count > 2 ? words[2] : nil
        let which = words.count > 3 ? Int(words[3]) ?? 1 : 1
        for link in try links(words) {
            switch words[0] {
            case "cut": cutLinks.insert(link)
            case "heal": cutLinks.remove(link)
            case "hold": heldLinks.insert(link)
            case "release": heldLinks.remove(link)
            default:
                guard let place = places(on: link, kind: kind).dropFirst(which - 1).first else {
                    throw ScriptError(description: "\(words): there is no such message")
                }
                let actions = [
                    "deliver": ModelAction.deliver(place), "drop": .drop(place),
                    "double": .duplicate(place),
                ]
                if let action = actions[words[0]] { cluster.perform(action) }
            }
        }
    }

    private mutating func runOnHost(_ words: [String]) throws {
        let node = try node(words, 1)
        let number = words.count > 2 ? Int(words[2]) : nil
        switch words[0] {
        case "stop-disk": stoppedDisks.insert(node.id)
        case "start-disk": stoppedDisks.remove(node.id)
        case "sync": cluster.perform(.sync(node.id, count: number ?? node.disk.pending.count))
        case "crash": cluster.perform(.crash(node.id, surviving: number ?? 0))
        case "restart": cluster.perform(.restart(node.id))
        case "compact": cluster.perform(.compact(node.id, keeping: number ?? 0))
        case "store-snapshot": cluster.perform(.storeSnapshot(node.id))
        default: cluster.perform(.rejectSnapshot(node.id))
        }
    }

    // MARK: Words

    package func node(_ words: [String], _ place: Int) throws -> ModelNode {
        guard words.count > place, let number = UInt64(words[place]),
            let node = cluster.nodes.first(where: { $0.id == NodeID(number) })
        else { throw ScriptError(description: "\(words): no such node") }
        return node
    }

    /// The directions that `1>2`, `1-2` or `1` mean.
    private func links(_ words: [String]) throws -> [Link] {
        guard words.count > 1 else { throw ScriptError(description: "\(words): between whom?") }
        let ends = words[1].split { ">-".contains($0) }.compactMap { UInt64($0) }.map(NodeID.init)
        if ends.count == 1 { return links(of: ends[0]) }
        guard ends.count == 2 else { throw ScriptError(description: "\(words): no such link") }
        let link = Link(from: ends[0], to: ends[1])
        return words[1].contains(">") ? [link] : [link, Link(from: ends[1], to: ends[0])]
    }

    /// A message that no core would send: `forge 3>1 append term=1 previous=1/1 commit=9`.
    private func forged(_ words: [String], from: NodeID, to: NodeID) throws -> Message {
        var fields: [String: String] = [:]
        for word in words.dropFirst(3) {
            let parts = word.split(separator: "=").map(String.init)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        func entry(_ name: String) -> EntryID {
            let parts = fields[name]?.split(separator: "/").compactMap { UInt64($0) } ?? []
            guard parts.count == 2 else { return .zero }
            return EntryID(term: Term(parts[0]), index: LogIndex(parts[1]))
        }
        func number(_ name: String) -> UInt64 { fields[name].flatMap { UInt64($0) } ?? 0 }
        let body: Message.Body =
            switch words[2] {
            case "heartbeat": .heartbeat(committed: entry("committed"), round: number("round"))
            case "commitNotice": .commitNotice(committed: entry("committed"))
            case "snapshotPart":
                .snapshotPart(
                    SnapshotPart(
                        lastIncluded: entry("end"),
                        configuration: cluster.nodes[0].core.configuration,
                        offset: number("offset")))
            case "voteResponse": .voteResponse(granted: true)
            case "heartbeatResponse":
                .heartbeatResponse(
                    round: number("round"), promiseMilliseconds: number("promise"))
            case "timeoutNow": .timeoutNow
            case "match": .appendResponse(.accepted(matchIndex: LogIndex(number("index"))))
            case "append":
                .append(
                    AppendRequest(
                        previous: entry("previous"), entries: [],
                        commitIndex: LogIndex(number("commit"))))
            default: throw ScriptError(description: "cannot forge \(words)")
            }
        return Message(from: from, to: to, term: Term(number("term")), body: body)
    }
}
