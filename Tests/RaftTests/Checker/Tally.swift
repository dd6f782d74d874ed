@testable internal import Raft

/// How often the rare happened: a schedule that never gets anywhere proves nothing.
struct Tally: Hashable, Sendable {
    var steps = 0
    var elections = 0
    var commits = 0
    var truncations = 0
    var rejections = 0
    var snapshotsInstalled = 0
    var readsAnswered = 0
    var quorumsLost = 0
    var disturbancesIgnored = 0
    var crashes = 0

    mutating func count(_ event: TraceEvent) {
        switch event {
        case .truncated: truncations += 1
        case .appendRejected: rejections += 1
        case .snapshotInstalled: snapshotsInstalled += 1
        case .quorumLost: quorumsLost += 1
        case .disturbanceIgnored: disturbancesIgnored += 1
        case .voteGranted, .snapshotNeeded, .messageDropped: break
        }
    }

    mutating func add(_ other: Tally) {
        steps += other.steps
        elections += other.elections
        commits += other.commits
        truncations += other.truncations
        rejections += other.rejections
        snapshotsInstalled += other.snapshotsInstalled
        readsAnswered += other.readsAnswered
        quorumsLost += other.quorumsLost
        disturbancesIgnored += other.disturbancesIgnored
        crashes += other.crashes
    }
}
