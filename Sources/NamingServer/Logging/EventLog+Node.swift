internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage

// What happens in a node, in words. Quiet when nothing happens.

extension EventLog {
    func write(_ notice: NodeNotice) {
        switch notice {
        case .roleChanged(let change): write(change)
        case .trace(let event): write(event)
        case .configurationChanged(let configuration): write(configuration)
        case .awaitingFounders(let nodes):
            write(
                .info, .node, "founding the cluster, waiting for the other founders",
                [("missing", nodes.map(\.description).joined(separator: ","))])
        case .founded(let configuration):
            let names = configuration.incoming.map(\.description).joined(separator: ",")
            write(.info, .node, "all founders know each other", [("voters", names)])
        case .founderRefused(let node):
            write(
                .error, .node,
                "a founder begins with another state: restore all members from the same backup, "
                    + "with the same cluster name and members", [("node", "\(node)")])
        case .strangerIgnored(let node, let incarnation):
            write(
                .warning, .node, "ignored a node that has lost its data directory",
                [("node", "\(node)"), ("incarnation", "\(incarnation)")])
        case .rejoining(let record, let aside):
            write(
                .error, .storage,
                "the data directory was damaged; its files are kept aside, and this node begins anew and asks "
                    + "the others to readmit it",
                [("damage", record.cause), ("aside", aside)])
        case .rejoined:
            write(.info, .storage, "the others have readmitted this node", [])
        case .readmitting(let node, let incarnation):
            write(
                .warning, .raft, "readmitting a member whose data directory was damaged",
                [("node", "\(node)"), ("incarnation", "\(incarnation)")])
        case .diskStalled:
            write(.error, .storage, "the disk does not answer; a leader hands over", [])
        case .diskRecovered: write(.warning, .storage, "the disk answers again", [])
        case .diskFull(let reason):
            write(
                .error, .storage, "the disk is full: proposals are refused, a leader hands over",
                [("reason", reason)])
        case .diskHasSpace: write(.warning, .storage, "the disk has space again", [])
        case .recovered(let text): write(.warning, .storage, "recovered", [("what", text)])
        case .snapshotTaken(let entry, let bytes):
            write(
                .info, .storage, "snapshot taken", [("entry", "\(entry)"), ("bytes", "\(bytes)")])
        case .snapshotRestored(let entry, let bytes):
            write(
                .info, .storage, "snapshot from the leader restored",
                [("entry", "\(entry)"), ("bytes", "\(bytes)")])
        case .snapshotFailed(let entry, let reason):
            write(.error, .storage, "snapshot failed", [("entry", "\(entry)"), ("reason", reason)])
        case .heldUp(let milliseconds):
            write(
                .warning, .node, "was held up while leading; cluster time does not count it",
                [("milliseconds", "\(milliseconds)")])
        }
    }

    private func write(_ configuration: Configuration) {
        func names(_ nodes: [NodeID]) -> String { nodes.map(\.description).joined(separator: ",") }
        var fields = [(name: "voters", value: names(configuration.incoming))]
        if configuration.isJoint { fields.append(("leaving", names(configuration.outgoing))) }
        if !configuration.learners.isEmpty {
            fields.append(("learners", names(configuration.learners)))
        }
        write(.info, .raft, "membership changed", fields)
    }

    private func write(_ change: RoleChange) {
        let fields = [
            ("role", change.role.rawValue), ("term", "\(change.term)"),
            ("leader", change.leader.map { "\($0)" } ?? "none"),
        ]
        write(.info, .raft, "role changed", fields.map { (name: $0.0, value: $0.1) })
    }

    private func write(_ event: TraceEvent) {
        switch event {
        case .truncated(let index):
            write(.info, .raft, "uncommitted entries replaced", [("from", "\(index)")])
        case .voteGranted(let node, let term):
            write(.debug, .raft, "vote granted", [("to", "\(node)"), ("term", "\(term)")])
        case .quorumLost(let term):
            write(.warning, .raft, "no quorum heard, stepping down", [("term", "\(term)")])
        case .disturbanceIgnored(let node, let term):
            write(
                .debug, .raft, "vote refused, the leader is well",
                [("from", "\(node)"), ("term", "\(term)")])
        case .snapshotNeeded(let peer, let entry):
            write(
                .info, .raft, "peer needs a snapshot", [("peer", "\(peer)"), ("entry", "\(entry)")])
        case .appendRejected(let peer, let index, let hint):
            write(
                .debug, .raft, "append rejected",
                [("peer", "\(peer)"), ("previous", "\(index)"), ("hint", "\(hint)")])
        case .snapshotInstalled(let entry):
            write(.info, .raft, "snapshot takes the place of the log", [("entry", "\(entry)")])
        case .messageDropped(let node, let reason):
            write(
                .warning, .raft, "message dropped", [("from", "\(node)"), ("reason", "\(reason)")])
        case .configurationRolledBack(let index):
            write(
                .info, .raft, "membership goes back to an earlier entry", [("entry", "\(index)")])
        case .transferStarted(let node):
            write(.info, .raft, "handing leadership over", [("to", "\(node)")])
        case .transferAborted(let node):
            write(.warning, .raft, "leadership was not taken over", [("by", "\(node)")])
        case .retired(let term):
            write(.info, .raft, "no voter any more, giving up office", [("term", "\(term)")])
        }
    }

    func write(_ notice: TransportNotice) {
        let level: LogLevel
        switch notice.level {
        case .info: level = .info
        case .warning: level = .warning
        case .error: level = .error
        }
        write(level, .network, notice.message, notice.fields)
    }
}
