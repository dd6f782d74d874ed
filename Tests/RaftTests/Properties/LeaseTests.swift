@testable internal import Raft
internal import RaftRuntime
internal import RaftTesting
internal import Testing

/// A lease ends before any of the promises that it rests on, however the clocks err within the bound.
@Suite struct LeaseTests {
    /// A leader of three that has had its first entry committed, at the given reading of its clock.
    private func leader(_ settings: CoreSettings, clock: UInt64) -> RaftCore {
        let voters = Configuration(voters: [1, 2, 3].map { NodeID($0) })
        var core = RaftCore(id: NodeID(1), configuration: voters, settings: settings)
        var effects: [Effect] = []
        func tell(_ event: Event) { core.handle(event, into: &effects) }
        func answer(_ body: Message.Body) -> Event {
            .message(Message(from: NodeID(2), to: NodeID(1), term: Term(1), body: body))
        }
        for event in [.start, .timerFired(.election), .timerFired(.campaign), .flush] as [Event] {
            tell(event)
        }
        let promise = Message(
            from: NodeID(2), to: NodeID(1), term: .zero,
            body: .preVoteResponse(granted: true, requestTerm: .zero))
        tell(.message(promise))
        tell(.flush)
        tell(.persisted(PersistID(1)))
        tell(answer(.voteResponse(granted: true)))
        tell(.flush)
        tell(.persisted(PersistID(2)))
        tell(answer(.appendResponse(.accepted(matchIndex: LogIndex(1)))))
        tell(.flush)
        tell(.clock(nanoseconds: clock))
        tell(.timerFired(.heartbeat))
        return core
    }

    private func answersAtOnce(_ core: RaftCore, at clock: UInt64) -> Bool {
        var core = core
        var effects: [Effect] = []
        core.handle(.clock(nanoseconds: clock), into: &effects)
        core.handle(.read(ReadID(1)), into: &effects)
        return effects.contains { if case .readReady = $0 { true } else { false } }
    }

    @Test(arguments: 0..<300) func `no clock within the bound lets a lease outlast a promise`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        let drift = random.pick([0, 1, 10, 100, 300, 499])
        let promise = 10 + random.below(2000)
        var settings = CoreSettings()
        try settings.allowLeases(
            electionTimeoutMilliseconds: UInt64(promise), maxDriftPermille: UInt64(drift))
        let start = UInt64(random.below(1_000_000_000))
        var core = leader(settings, clock: start)
        #expect(core.roleName == .leader)
        var effects: [Effect] = []
        let response = Message.Body.heartbeatResponse(
            round: core.leadership.round, promiseMilliseconds: UInt64(promise))
        core.handle(
            .message(Message(from: NodeID(2), to: NodeID(1), term: Term(1), body: response)),
            into: &effects)
        // True time is counted from the sending; the voter's promise begins then at the earliest.
        let voterRate = Double(1000 - drift + random.below(2 * drift + 1)) / 1000
        let leaderRate = Double(1000 - drift + random.below(2 * drift + 1)) / 1000
        let voterFreeAfter = Double(promise) * 1_000_000 / voterRate
        let shown = start + UInt64((voterFreeAfter * leaderRate).rounded(.up)) + 1
        #expect(!answersAtOnce(core, at: shown))
        if drift < 400 { #expect(answersAtOnce(core, at: start + 1)) }
    }

    @Test func `without the quorum check there are no leases`() throws {
        var settings = CoreSettings()
        settings.checksQuorum = false
        #expect(throws: CoreSettingsError.leaseWithoutQuorumCheck) {
            try settings.allowLeases(electionTimeoutMilliseconds: 100, maxDriftPermille: 1)
        }
        settings.checksQuorum = true
        #expect(throws: CoreSettingsError.driftTooLarge(permille: 500)) {
            try settings.allowLeases(electionTimeoutMilliseconds: 100, maxDriftPermille: 500)
        }
        try settings.allowLeases(electionTimeoutMilliseconds: 100, maxDriftPermille: 1)
        settings.checksQuorum = false
        #expect(settings.lease == nil)
    }

    @Test
    func `one voter's promise is no lease, and a voter that promises nothing counts for nothing`()
        throws
    {
        var settings = CoreSettings()
        try settings.allowLeases(electionTimeoutMilliseconds: 100, maxDriftPermille: 0)
        var core = leader(settings, clock: 5)
        #expect(!answersAtOnce(core, at: 6))
        var effects: [Effect] = []
        let nothing = Message.Body.heartbeatResponse(
            round: core.leadership.round, promiseMilliseconds: 0)
        core.handle(
            .message(Message(from: NodeID(3), to: NodeID(1), term: Term(1), body: nothing)),
            into: &effects)
        #expect(!answersAtOnce(core, at: 6))
    }

    @Test func `a lease lasts no longer than the shortest promise`() throws {
        var settings = CoreSettings()
        try settings.allowLeases(electionTimeoutMilliseconds: 100, maxDriftPermille: 0)
        var core = leader(settings, clock: 5)
        var effects: [Effect] = []
        let short = Message.Body.heartbeatResponse(
            round: core.leadership.round, promiseMilliseconds: 10)
        core.handle(
            .message(Message(from: NodeID(2), to: NodeID(1), term: Term(1), body: short)),
            into: &effects)
        #expect(answersAtOnce(core, at: 9_999_999))
        #expect(!answersAtOnce(core, at: 10_000_006))
    }
}

extension RaftCore {
    fileprivate var leadership: Leadership {
        guard case .leader(let leadership) = role else { fatalError("not a leader") }
        return leadership
    }
}
