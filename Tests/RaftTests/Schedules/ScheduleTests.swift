internal import Foundation
@testable internal import Raft
internal import RaftTesting
internal import Testing

/// Seeded schedules with every fault that the model knows; all invariants after each step, then
/// progress once the faults end. `RAFT_SEEDS=20000` runs more of them, `RAFT_SEED=7` one.
@Suite struct ScheduleTests {
    static let steps = 160

    static var seeds: Range<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["RAFT_SEED"].flatMap({ UInt64($0) }) { return seed..<seed + 1 }
        let start = environment["RAFT_FIRST_SEED"].flatMap { UInt64($0) } ?? 0
        return start..<start + (environment["RAFT_SEEDS"].flatMap { UInt64($0) } ?? 240)
    }

    @Test func `no schedule breaks an invariant, and all make progress after it`() {
        var tally = ModelTally()
        for seed in Self.seeds {
            var schedule = Schedule(seed: seed)
            schedule.run(steps: Self.steps)
            tally.add(schedule.cluster.history.tally)
            guard let violation = schedule.cluster.violation else { continue }
            let steps = schedule.actions.enumerated().map { "\($0): \($1)" }
            let state = schedule.cluster.nodes.flatMap { [$0.told] + $0.toldPeers }
            let story = (steps + state).joined(separator: "\n")
            Issue.record("RAFT_SEED=\(seed) breaks: \(violation)\n\(story)")
            return
        }
        print("schedules: \(Self.seeds.count), \(tally)")
        guard Self.seeds.count > 100 else { return }
        #expect(tally.elections > 0 && tally.commits > 0 && tally.truncations > 0)
        #expect(tally.rejections > 0 && tally.snapshotsInstalled > 0 && tally.readsAnswered > 0)
        #expect(tally.changes > 0 && tally.rollbacks > 0 && tally.retirements > 0)
        #expect(tally.transfers > 0 && tally.transfersAborted > 0)
        #expect(tally.quorumsLost > 0 && tally.disturbancesIgnored > 0 && tally.crashes > 0)
    }

    @Test func `a seed always tells the same story`() {
        var first = Schedule(seed: 42)
        var second = Schedule(seed: 42)
        first.run(steps: Self.steps)
        second.run(steps: Self.steps)
        #expect(first.actions == second.actions)
        #expect(first.cluster == second.cluster)
    }
}
