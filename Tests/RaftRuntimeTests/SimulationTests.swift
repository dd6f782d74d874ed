internal import RaftTesting
internal import Testing

/// Whole clusters under faults: every run is held against the checker of `RaftTesting`.
@Suite struct SimulationTests {
    private static func settings(
        _ seed: UInt64, _ profile: SimulationProfile = .mixed, steps: Int = 1800
    ) -> SimulationSettings {
        SimulationSettings(seed: seed, profile: profile, length: .steps(steps))
    }

    @Test func `a run depends on its seed alone`() {
        for seed in 1...3 as ClosedRange<UInt64> {
            let first = Simulation.run(Self.settings(seed))
            _ = Simulation.run(Self.settings(seed + 100, steps: 500))
            #expect(Simulation.run(Self.settings(seed)) == first)
        }
    }

    /// Another process hashes otherwise and lays out its memory otherwise.
    @Test func `a run in another process is the same`() async throws {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardOutputContent]
        ) {
            for seed in 40..<44 as Range<UInt64> {
                print("trace \(Simulation.run(Self.settings(seed)).traceHash)")
            }
        }
        let output = try #require(result?.standardOutputContent)
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix("trace ") }
        let here = (40..<44 as Range<UInt64>).map {
            "trace \(Simulation.run(Self.settings($0)).traceHash)"
        }
        #expect(lines.map(String.init) == here)
    }

    @Test func `keeping a trace does not change a run`() {
        let silent = Simulation.run(Self.settings(5))
        let traced = Simulation.run(Self.settings(5), traceLines: 40)
        #expect(traced.traceHash == silent.traceHash)
        #expect(traced.trace.count == 40)
    }

    @Test func `other seeds give other runs`() {
        let hashes = (0..<10).map { Simulation.run(Self.settings($0, steps: 300)).traceHash }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `the promises hold under mixed faults, and the faults are met`() {
        var campaign = SimulationCampaign(Self.settings(0))
        for seed in 0..<50 as Range<UInt64> { campaign.run(seed: seed) }
        #expect(campaign.failures.compactMap(\.failureLine) == [])
        #expect(Self.usual.filter { campaign.marks[$0] == 0 } == [])
        #expect(campaign.overdueMarks == [])
    }

    /// What even a short campaign meets.
    private static let usual: [SimulationMark] = [
        .leaderElected, .twoLeadersAlive, .truncated, .oldTermCommitted, .quorumLost,
        .appendRejected, .snapshotTaken, .snapshotNeeded, .snapshotInstalled, .snapshotContinued,
        .entriesLost, .processKilled, .powerLost, .allDown, .paused, .partitioned,
        .ledWithoutHealing, .ledBesideOneWayLinks, .messageLost, .messageDoubled,
        .messageOvertaken, .proposalForwarded, .done, .notDone, .unknownByTimeout,
        .appliedUnawares, .readServedByLeader, .readServedByFollower, .readRefused,
        .voteSplit, .voteKept, .appendRepeated, .compactedBeforeFollower,
        .readLostWithOffice, .sessionReplyRepeated, .sessionExpired, .slowerClockLed,
    ]

    @Test func `a long campaign that never met a situation says so`() {
        var campaign = SimulationCampaign(
            SimulationSettings(seed: 0, profile: .mixed, length: .steps(0)))
        for seed in 0..<UInt64(SimulationCampaign.runsForAllMarks) {
            #expect(campaign.overdueMarks == [])
            campaign.run(seed: seed)
        }
        #expect(campaign.overdueMarks == [], "runs without faults owe nothing")
    }

    @Test(arguments: [
        SimulationProfile.calm, .crashes, .network, .clocks, .membership, .storm, .disk,
    ])
    func `the promises hold under`(_ profile: SimulationProfile) {
        var campaign = SimulationCampaign(Self.settings(0, profile))
        for seed in 0..<4 as Range<UInt64> { campaign.run(seed: seed) }
        #expect(campaign.failures.compactMap(\.failureLine) == [])
    }

    @Test func `without faults nothing is lost and nothing is in doubt`() {
        let report = Simulation.run(Self.settings(1, .calm))
        #expect(report.finding == nil)
        #expect(report.marks[.done] > 0)
        #expect(report.marks[.leaderElected] == 1)
        #expect(report.marks[.messageLost] == 0)
    }
}
