internal import Raft
internal import RaftRuntime

// What nodes tell about themselves: marks, and lines of the trace.

extension NodeNotice {
    /// The snapshot that has taken the place of the state, if this is about one.
    var restoredEntry: EntryID? {
        if case .snapshotRestored(let entry, _) = self { entry } else { nil }
    }
}

extension Simulator {
    func observe(_ notices: [NodeNotice], of node: SimulatedNode) {
        for notice in notices {
            note("node \(node.id): \(notice)")
            switch notice {
            case .strangerIgnored: mark(.strangerIgnored)
            case .roleChanged(let change): observe(change, of: node)
            case .configurationChanged: node.leasedTerm = nil
            case .founded(let configuration): founded(node, configuration)
            case .awaitingFounders, .founderRefused, .diskStalled, .diskRecovered: break
            case .diskFull: mark(.diskFull)
            case .diskHasSpace: mark(.wentOnAfterFullDisk)
            case .rejoining: break
            case .rejoined: mark(.rejoined)
            case .readmitting: mark(.readmitting)
            case .trace(let event): observe(event, of: node)
            case .recovered(let text):
                if text.contains("was cut off") { mark(.tornTailCut) }
                guard text.contains("damaged") else { break }
                mark(.snapshotPassedOver)
                checker.expect(
                    node.rottenFiles.contains(where: text.hasPrefix),
                    "node \(node.id) found \(text), nothing was damaged")
            case .snapshotTaken: mark(.snapshotTaken)
            case .snapshotRestored: mark(.snapshotInstalled)
            case .snapshotFailed: mark(.snapshotFailed)
            case .heldUp: mark(.heldUp)
            }
        }
    }

    private func observe(_ event: TraceEvent, of node: SimulatedNode) {
        switch event {
        case .quorumLost: mark(.quorumLost)
        case .disturbanceIgnored: mark(.disturbanceIgnored)
        case .snapshotNeeded: mark(.snapshotNeeded)
        case .appendRejected: mark(.appendRejected)
        case .messageDropped(let sender, let reason):
            checker.expect(
                false, "node \(node.id) dropped a message of \(sender) as \(reason), all are sound")
        case .configurationRolledBack: mark(.membershipRolledBack)
        case .retired: mark(.leaderRetired)
        case .transferStarted: node.leasedTerm = nil
        case .truncated, .voteGranted, .snapshotInstalled, .transferAborted: break
        }
    }

    private func observe(_ change: RoleChange, of node: SimulatedNode) {
        let wall = node.wallMilliseconds + time / 1_000_000
        if change.role == .leader, checker.applied.last?.timeMilliseconds ?? 0 > wall {
            mark(.slowerClockLed)
        }
    }
}
