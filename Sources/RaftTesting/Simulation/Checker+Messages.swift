internal import Raft
internal import RaftRuntime
internal import RaftTransport
internal import Wire

// What a node may say, and when: held against its disk at the moment at which it speaks.

extension Checker {
    func sent(_ envelope: Envelope, by node: SimulatedNode) {
        switch envelope {
        case .raft(let message, let contents): sent(message, contents, by: node)
        case .proposals: marks.hit(.proposalForwarded)
        case .proposalsRefused: marks.hit(.forwardedRefused)
        case .rejoin: break  // nothing that could be untrue by itself
        }
    }

    private func sent(_ message: Message, _ contents: PackedBytes, by node: SimulatedNode) {
        guard let durable = node.process?.loop.core.durableHardState,
            let awaited = node.process?.loop.awaitedFounders
        else { return }
        expect(
            awaited.isEmpty, "node \(node.id) spoke, and still waits for the founders \(awaited)")
        expect(
            message.term <= durable.term,
            "node \(node.id) spoke in term \(message.term), durable was \(durable.term)")
        expect(
            message.term >= witnesses[node.place].spokenTerm,
            "node \(node.id) spoke in term \(message.term) after \(witnesses[node.place].spokenTerm)"
        )
        witnesses[node.place].spokenTerm = max(witnesses[node.place].spokenTerm, message.term)
        switch message.body {
        case .voteRequest:
            campaigned(node)
            voted(node.id, message.term, for: node.id, durable)
            noteVote(message, by: node)
        case .preVoteRequest:
            campaigned(node)
            noteVote(message, by: node)
        case .voteResponse(let isGranted):
            if isGranted { voted(node.id, message.term, for: message.to, durable) }
            noteVote(message, by: node)
        case .preVoteResponse: noteVote(message, by: node)
        case .append(let request): sent(request, contents, message, by: node)
        case .heartbeat, .commitNotice: claimOffice(node, message.term)
        case .snapshotPart(let part):
            claimOffice(node, message.term)
            note(part, contents.byteCount, message, by: node)
            expect(
                term(of: part.lastIncluded.index) == part.lastIncluded.term,
                "node \(node.id) sent the snapshot \(part.lastIncluded) of what is not committed")
        case .appendResponse(.accepted(let index)): acknowledged(index, message, by: node)
        case .readIndexResponse(_, let index?):
            guard let commitIndex = node.process?.loop.core.commitIndex else { return }
            expect(
                index <= commitIndex,
                "node \(node.id) lets read at \(index), committed is \(commitIndex)")
        case .appendResponse, .heartbeatResponse, .snapshotResponse, .readIndexRequest,
            .readIndexResponse, .timeoutNow:
            break
        }
    }

    /// Learners and removed nodes do not.
    private func campaigned(_ node: SimulatedNode) {
        let isVoter = node.process?.loop.core.configuration.isVoter(node.id) ?? false
        expect(isVoter, "node \(node.id) campaigns, and is no voter")
    }

    private func voted(
        _ node: NodeID, _ term: Term, for candidate: NodeID, _ durable: HardState
    ) {
        expect(
            durable == HardState(term: term, vote: candidate),
            "node \(node) voted for \(candidate) in \(term), durable was \(durable)")
        let key = Self.voteKey(node, term, witnesses[Int(node.rawValue) - 1].generation)
        let earlier = votes[key] ?? candidate
        expect(
            earlier == candidate,
            "node \(node) voted in term \(term) for \(earlier) and for \(candidate)")
        votes[key] = candidate
    }

    /// Entries on the wire are a slice of the sender's log, and the same for everybody.
    private func sent(
        _ request: AppendRequest, _ contents: PackedBytes, _ message: Message,
        by node: SimulatedNode
    ) {
        claimOffice(node, message.term)
        guard let log = node.process?.loop.core.log else { return }
        expect(
            log.contains(request.previous),
            "leader \(node.id) sent entries after \(request.previous), which it has not")
        expect(
            contents.count == request.count,
            "leader \(node.id) sent \(contents.count) contents for \(request.count) entries")
        var index = request.previous.index
        var previous = request.previous.term
        var item = 0
        for run in request.entries {
            for _ in 0..<run.count {
                index = index.next
                let entry = EntryID(term: run.term, index: index)
                expect(log.contains(entry), "leader \(node.id) sent \(entry), which it has not")
                noteEntry(entry, after: previous, at: node.id)
                if item < contents.count { noteContents(of: entry, contents, item, node.id) }
                item += 1
                previous = run.term
            }
        }
    }

    private func noteContents(
        of entry: EntryID, _ contents: PackedBytes, _ item: Int, _ node: NodeID
    ) {
        let seen = contents.withItem(item) { bytes in
            EntryFacts.Contents(
                operation: Ledger.operation(inEntry: bytes), checksum: CRC32C.checksum(bytes))
        }
        if let known = entries[entry]?.contents {
            expect(known == seen, "node \(node) sent other contents for entry \(entry)")
        } else {
            entries[entry]?.contents = seen
        }
    }

    /// What is acknowledged is durable, and was in the log when it was said.
    private func acknowledged(_ index: LogIndex, _ message: Message, by node: SimulatedNode) {
        guard let durable = node.process?.loop.core.durableIndex,
            let log = node.process?.loop.core.log
        else {
            return
        }
        expect(
            index <= durable,
            "node \(node.id) acknowledged entry \(index), durable was \(durable)")
        guard index > witnesses[node.place].acknowledged.index, let term = log.term(at: index)
        else { return }
        witnesses[node.place].acknowledged = EntryID(term: term, index: index)
    }
}
