package import Raft

// What happens, in a few words, for scripts and for failing schedules.

/// What happened, line by line; nothing is made when nobody reads it.
package struct Notes: Hashable, Sendable {
    package var isOn = false
    package private(set) var lines: [String] = []

    package mutating func add(_ line: @autoclosure () -> String) {
        if isOn { lines.append(line()) }
    }

    /// Hands out the lines and forgets them.
    package mutating func take() -> [String] {
        defer { lines = [] }
        return lines
    }
}

extension TraceEvent {
    package var told: String {
        switch self {
        case .truncated(let from): "truncated from \(from)"
        case .voteGranted(let to, let term): "votes for \(to) in term \(term)"
        case .quorumLost(let term): "hears no quorum in term \(term)"
        case .disturbanceIgnored(let from, let term): "ignores \(from) in term \(term)"
        case .snapshotNeeded(let peer, let end): "sends \(peer) the snapshot \(end)"
        case .appendRejected(let peer, let previous, let hint):
            "hears from \(peer): nothing like \(previous), perhaps \(hint)"
        case .configurationRolledBack(let to): "goes back to the membership at \(to)"
        case .transferStarted(let to): "hands over to \(to)"
        case .transferAborted(let to): "no longer waits for \(to) to lead"
        case .retired(let term): "is no voter any more and gives up term \(term)"
        case .snapshotInstalled(let end): "installs snapshot \(end)"
        case .messageDropped(let from, let reason): "drops a message from \(from), \(reason)"
        }
    }
}

extension Fault {
    package var told: String {
        switch self {
        case .twoLeaders(let term, let known, let other):
            "\(known) and \(other) both lead in term \(term)"
        case .committedEntryContradicted(let index, let commitIndex):
            "\(index) is to be replaced, committed is \(commitIndex)"
        case .snapshotContradictsLog(let end): "snapshot \(end) contradicts the log"
        }
    }
}

extension Message {
    package var told: String { "\(from)>\(to) \(body.told) term=\(term)" }
}

extension Message.Body {
    package var told: String {
        switch self {
        case .preVoteRequest(let last): "preVoteRequest last=\(last)"
        case .preVoteResponse(let granted, let term): "preVoteResponse \(granted) asked=\(term)"
        case .voteRequest(let last, let isTransfer):
            "voteRequest last=\(last)" + (isTransfer ? " transfer" : "")
        case .voteResponse(let granted): "voteResponse \(granted)"
        case .append(let request): request.told
        case .appendResponse(.accepted(let match)): "appendResponse match=\(match)"
        case .appendResponse(.rejected(let previous, let hint)):
            "appendResponse rejects=\(previous) hint=\(hint)"
        case .heartbeat(let committed, let round): "heartbeat committed=\(committed) round=\(round)"
        case .heartbeatResponse(let round, let promise):
            "heartbeatResponse round=\(round)" + (promise == 0 ? "" : " promise=\(promise)")
        case .timeoutNow: "timeoutNow"
        case .commitNotice(let committed): "commitNotice committed=\(committed)"
        case .snapshotPart(let part):
            "snapshotPart \(part.lastIncluded) offset=\(part.offset)" + (part.isLast ? " last" : "")
        case .snapshotResponse(let response):
            "snapshotResponse \(response.lastIncluded) received=\(response.received)"
        case .readIndexRequest(let read): "readIndexRequest \(read.rawValue)"
        case .readIndexResponse(let read, let index):
            "readIndexResponse \(read.rawValue) at=\(index.map(\.description) ?? "none")"
        }
    }

    /// The first word of the text.
    package var kind: String { String(told.prefix { $0 != " " }) }
}

extension AppendRequest {
    package var told: String {
        let terms = entries.map { $0.count == 1 ? "\($0.term)" : "\($0.term)x\($0.count)" }
        return "append previous=\(previous) terms=[\(terms.joined(separator: ","))]"
            + " commit=\(commitIndex)"
            + configurations.map { " \($0.index)=\($0.configuration.told)" }.joined()
    }
}

extension Configuration {
    /// As `1,2,3`; `1,2,3>1,2,4` when joint; learners after a `+`, those to be voters with a `^`.
    package var told: String {
        let names = { (nodes: [NodeID]) in nodes.map(\.description).joined(separator: ",") }
        let voters = isJoint ? "\(names(outgoing))>\(names(incoming))" : names(incoming)
        return voters + learners.map { (promoting.contains($0) ? "^" : "+") + "\($0)" }.joined()
    }
}

extension ModelNode {
    /// The state in one line; what is as one would expect is left out.
    package var told: String {
        guard isUp else { return "\(id): down last=\(disk.durable.log.last)" }
        var words = ["\(id): \(core.fault == nil ? core.roleName.rawValue : "stopped")"]
        words.append("term=\(core.term)")
        if let vote = core.hardState.vote { words.append("vote=\(vote)") }
        if let leader = core.leader, leader != id { words.append("leader=\(leader)") }
        words.append("last=\(log.last) commit=\(core.commitIndex)")
        if core.configuration != founding { words.append("members=\(core.configuration.told)") }
        if let successor = core.successor { words.append("handing-over=\(successor)") }
        if log.base != .zero { words.append("base=\(log.base)") }
        if core.durableIndex != log.lastIndex { words.append("durable=\(core.durableIndex)") }
        if core.durableHardState != core.hardState { words.append("unwritten-vote") }
        return words.joined(separator: " ")
    }

    /// What a leader believes of its peers.
    package var toldPeers: [String] {
        core.peers.map { peer in
            let state =
                switch peer.state {
                case .probe(let isWaiting): isWaiting ? "probe, waiting" : "probe"
                case .replicate: "replicate, \(peer.inflight.count) on their way"
                case .snapshot(let sending): "snapshot \(sending.lastIncluded) at \(sending.offset)"
                }
            return
                "\(id): peer \(peer.node) match=\(peer.matchIndex) next=\(peer.nextIndex) \(state)"
        }
    }
}
