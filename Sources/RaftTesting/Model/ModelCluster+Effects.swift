package import Raft

// What a host does for its core. It believes nothing: whatever a core asks for that makes no sense is
// a violation.

extension ModelCluster {
    package mutating func carryOut(
        _ effects: [Effect], at i: Int, payloads: [UInt64], _ configurations: [PlacedConfiguration]
    ) {
        for effect in effects {
            switch effect {
            case .send(let message): send(message, from: i)
            case .proposalAppended, .emptyEntryAppended, .configurationAppended, .entriesReceived:
                append(effect, at: i, payloads: payloads, configurations)
            case .configurationChanged(let configuration):
                notes.add("\(nodes[i].id): membership \(configuration.told)")
            case .changeRefused(let refusal):
                notes.add("\(nodes[i].id): change refused, \(refusal)")
            case .transferRefused(let refusal):
                notes.add("\(nodes[i].id): transfer refused, \(refusal)")
            case .proposalRefused(let refusal):
                notes.add("\(nodes[i].id): proposal refused, \(refusal)")
            case .persist(let persist): write(persist, at: i)
            case .commit(let index): apply(through: index, at: i)
            case .setTimer(let timer): nodes[i].setTimer(timer, at: clock)
            case .cancelTimer(let timer): nodes[i].cancelTimer(timer)
            case .readReady(let read, let index): checkRead(read, index: index, at: i)
            case .readRefused(let read, let refusal):
                notes.add("\(nodes[i].id): read \(read.rawValue) refused, \(refusal)")
                checkRefusal(of: read)
            case .receiveSnapshot(let part): receive(part, at: i)
            case .restoreSnapshot(let end): restore(end, at: i)
            case .roleChanged(let change): checkAnnouncement(change, at: i)
            case .trace(let event):
                history.tally.count(event)
                notes.add("\(nodes[i].id): \(event.told)")
            case .stop(let fault):
                notes.add("\(nodes[i].id): stops, \(fault.told)")
                verdict.require(toleratesFaults, "node \(nodes[i].id) stops: \(fault)")
            }
        }
    }

    // MARK: Log and disk

    private mutating func append(
        _ effect: Effect, at i: Int, payloads: [UInt64], _ configurations: [PlacedConfiguration]
    ) {
        switch effect {
        case .proposalAppended(let first, let count):
            let entries = takePayloads(count, from: first).map {
                ModelEntry(term: first.term, payload: $0)
            }
            place(entries, from: first.index, at: i)
        case .emptyEntryAppended(let entry):
            place([ModelEntry(term: entry.term)], from: entry.index, at: i)
        case .configurationAppended(let entry, let configuration):
            checkChange(to: configuration, at: i)
            let content = ModelEntry(term: entry.term, configuration: configuration)
            place([content], from: entry.index, at: i)
        case .entriesReceived(let first, let skip, let runs):
            let terms = runs.flatMap { Array(repeating: $0.term, count: $0.count) }
            let rest = Array(payloads.dropFirst(skip))
            guard rest.count == terms.count, !rest.isEmpty else {
                return verdict.report(
                    "node \(nodes[i].id) takes \(terms.count) of \(payloads) - \(skip)")
            }
            verdict.require(
                first > nodes[i].appliedIndex,
                "node \(nodes[i].id) replaces \(first), which it has applied")
            var entries = zip(terms, rest).map { ModelEntry(term: $0, payload: $1) }
            for placed in configurations where placed.index >= first {
                entries[placed.index.distance(from: first)].configuration = placed.configuration
            }
            place(entries, from: first, at: i)
        default: break  // appends nothing
        }
    }

    private mutating func place(_ entries: [ModelEntry], from first: LogIndex, at i: Int) {
        guard nodes[i].log.replace(from: first, with: entries) else {
            return verdict.report("node \(nodes[i].id) leaves a hole before \(first)")
        }
        checkAppended(from: first, at: i)
    }

    private mutating func write(_ persist: Persist, at i: Int) {
        var entries: [ModelEntry] = []
        if let range = persist.entries {
            guard let slice = nodes[i].log.slice(from: range.first, through: range.last) else {
                return verdict.report(
                    "node \(nodes[i].id) wants to write \(range), which is not there")
            }
            entries = slice
        }
        nodes[i].disk.write(.persist(persist, entries))
    }

    private mutating func apply(through index: LogIndex, at i: Int) {
        verdict.require(
            index > nodes[i].appliedIndex && index <= nodes[i].log.lastIndex,
            "node \(nodes[i].id) would apply \(nodes[i].appliedIndex) to \(index)")
        nodes[i].appliedIndex = max(nodes[i].appliedIndex, index)
    }

    // MARK: Messages

    private mutating func send(_ message: Message, from i: Int) {
        var message = message
        var payloads: [UInt64] = []
        switch message.body {
        case .append(var request):
            if request.count > maxEntriesSent {
                request.truncate(toCount: maxEntriesSent)
            }
            let first = request.previous.index.next
            let slice = nodes[i].log.slice(from: first, through: request.lastIndex)
            payloads = slice?.map(\.payload) ?? []
            // In truth the receiver's host finds these in the entries' contents.
            request.configurations = nodes[i].log.configurations(
                from: first, through: request.lastIndex)
            message.body = .append(request)
            if request.count > 0 {
                answers.append(
                    .appendSent(
                        peer: message.to, last: request.lastIndex, bytes: request.count))
            }
        case .snapshotPart(var part):
            guard part.lastIncluded == nodes[i].disk.durable.snapshot?.lastIncluded else {
                answers.append(.snapshotUnavailable(peer: message.to))
                return
            }
            part.isLast = part.offset + 1 >= snapshotBytes
            message.body = .snapshotPart(part)
        default: break  // nothing travels beside it
        }
        checkSent(message, payloads: payloads, from: i)
        packets.append(
            ModelPacket(
                message: message, payloads: payloads, sender: nodes[i].incarnation))
    }

    // MARK: Snapshots

    private mutating func receive(_ part: SnapshotPart, at i: Int) {
        if part.offset == 0 {
            nodes[i].incoming = ModelNode.IncomingSnapshot(
                lastIncluded: part.lastIncluded, bytes: 0)
        }
        guard var incoming = nodes[i].incoming, incoming.lastIncluded == part.lastIncluded,
            incoming.bytes == part.offset
        else {
            answers.append(.snapshotReceived(lastIncluded: part.lastIncluded, bytes: 0))
            return
        }
        incoming.bytes += 1
        nodes[i].incoming = incoming
        if part.isLast {
            nodes[i].unstoredSnapshot = RaftCore.SnapshotPoint(
                lastIncluded: part.lastIncluded, configuration: part.configuration)
        } else {
            answers.append(
                .snapshotReceived(lastIncluded: part.lastIncluded, bytes: incoming.bytes))
        }
    }

    private mutating func restore(_ end: EntryID, at i: Int) {
        verdict.require(
            end.index > nodes[i].appliedIndex,
            "node \(nodes[i].id) goes back from \(nodes[i].appliedIndex) to snapshot \(end)")
        verdict.require(
            nodes[i].disk.durable.snapshot?.lastIncluded == end,
            "node \(nodes[i].id) loads snapshot \(end), which is not stored")
        nodes[i].log.reset(to: end)
        nodes[i].disk.write(.reset(end))
        nodes[i].appliedIndex = end.index
    }
}
