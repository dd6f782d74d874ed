@testable internal import Raft
internal import Testing

/// A leader's bookkeeping about its peers.
@Suite struct LeaderTests {
    /// A leader of three in term 2 whose log goes on from `base`; its first entry is the one after it.
    private func leader(base: EntryID = .zero, maxEntries: Int = 1024) -> RaftCore {
        var settings = CoreSettings()
        settings.usesPreVote = false
        settings.maxEntriesPerAppend = maxEntries
        let voters = Configuration(voters: [1, 2, 3].map { NodeID($0) })
        var core = RaftCore(
            id: NodeID(1), configuration: voters, hardState: HardState(term: Term(1)),
            log: LogOutline(base: base),
            snapshot: base == .zero
                ? nil : RaftCore.SnapshotPoint(lastIncluded: base, configuration: voters),
            settings: settings)
        tell(&core, .start, .timerFired(.election), .timerFired(.campaign), .flush)
        tell(&core, .persisted(PersistID(1)), answer(.voteResponse(granted: true)), .flush)
        #expect(core.roleName == .leader)
        return core
    }

    private func answer(_ body: Message.Body) -> Event {
        .message(Message(from: NodeID(2), to: NodeID(1), term: Term(2), body: body))
    }

    private func tell(_ core: inout RaftCore, _ events: Event...) {
        var effects: [Effect] = []
        for event in events { core.handle(event, into: &effects) }
    }

    @Test func `an append that turns out too large is followed by its rest`() {
        var core = leader(maxEntries: 2)
        tell(&core, answer(.appendResponse(.accepted(matchIndex: LogIndex(1)))))
        tell(&core, .propose(count: 4, bytes: 4), .flush)
        #expect(core.peers[0].inflight.ends == [LogIndex(3)])
        tell(&core, .appendSent(peer: NodeID(2), last: LogIndex(2), bytes: 7))
        #expect(core.peers[0].inflight.ends == [LogIndex(2), LogIndex(4)])
        tell(&core, .appendSent(peer: NodeID(2), last: LogIndex(4), bytes: 9))
        #expect(core.peers[0].inflight.ends == [LogIndex(2), LogIndex(4), LogIndex(5)])
        tell(&core, .appendSent(peer: NodeID(2), last: LogIndex(5), bytes: 1))
        #expect(core.peers[0].inflight.bytes == 17)
        #expect(core.peers[0].nextIndex == LogIndex(6))
        tell(&core, answer(.appendResponse(.accepted(matchIndex: LogIndex(4)))))
        #expect(core.peers[0].inflight.bytes == 1)
    }

    @Test func `a refusal that comes late does not move what was found out since`() {
        var core = leader(maxEntries: 2)
        tell(&core, .propose(count: 3, bytes: 3), .flush)
        tell(&core, answer(.appendResponse(.accepted(matchIndex: LogIndex(2)))), .flush)
        let before = core.peers[0]
        #expect(before.state == .replicate && before.nextIndex == LogIndex(5))
        let late = AppendResponse.rejected(previousIndex: LogIndex(1), hint: .zero)
        tell(&core, answer(.appendResponse(late)), .flush)
        #expect(core.peers[0] == before)
    }

    @Test func `a peer that denies what it has acknowledged is asked at the pace of heartbeats`() {
        var core = leader()
        tell(&core, answer(.appendResponse(.accepted(matchIndex: LogIndex(1)))), .flush)
        tell(&core, .connectionClosed(NodeID(2)), .flush)
        #expect(core.peers[0].state == .probe(isWaiting: true))
        // Its disk is one of yesterday. To ask again at once would go on for ever.
        let denial = AppendResponse.rejected(previousIndex: LogIndex(1), hint: .zero)
        #expect(appends(of: &core, answer(.appendResponse(denial)), .flush) == 0)
        tell(&core, .timerFired(.heartbeat), .flush)
        let sign = Message.Body.heartbeatResponse(round: 2, promiseMilliseconds: 0)
        #expect(appends(of: &core, answer(sign), .flush) == 1)
        #expect(appends(of: &core, answer(.appendResponse(denial)), .flush) == 0)
    }

    @Test func `what may be lost is repeated once a heartbeat, however many rounds reads cause`() {
        var core = leader()
        tell(&core, .timerFired(.heartbeat), .flush)
        var count = 0
        for round in UInt64(1)...20 {
            tell(&core, .read(ReadID(round)), .flush)
            let sign = Message.Body.heartbeatResponse(round: round, promiseMilliseconds: 0)
            count += appends(of: &core, answer(sign), .flush)
        }
        #expect(count == 1)
    }

    /// How many appends an event causes to node 2.
    private func appends(of core: inout RaftCore, _ events: Event...) -> Int {
        var effects: [Effect] = []
        for event in events { core.handle(event, into: &effects) }
        return effects.count { effect in
            guard case .send(let message) = effect, case .append = message.body else {
                return false
            }
            return message.to == NodeID(2)
        }
    }

    @Test func `a closed connection alone is no reason for a snapshot`() {
        var core = leader(base: EntryID(term: Term(1), index: LogIndex(5)))
        tell(&core, .connectionClosed(NodeID(2)), .flush)
        #expect(core.peers[0].state == .probe(isWaiting: true))
        #expect(core.peers[0].nextIndex == LogIndex(6))
    }

    @Test func `the next entry stays after those a peer has, also while it gets a snapshot`() {
        var core = leader(base: EntryID(term: Term(1), index: LogIndex(5)))
        let hint = AppendResponse.rejected(previousIndex: LogIndex(5), hint: .zero)
        tell(&core, answer(.appendResponse(hint)), .flush)
        guard case .snapshot = core.peers[0].state else {
            Issue.record("the peer is in \(core.peers[0].state)")
            return
        }
        tell(&core, answer(.appendResponse(.accepted(matchIndex: LogIndex(2)))))
        #expect(core.peers[0].matchIndex == LogIndex(2))
        #expect(core.peers[0].nextIndex == LogIndex(3))
    }
}
