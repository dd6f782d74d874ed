package import Raft

/// How often the rare happened: a schedule that never gets anywhere proves nothing.
package struct ModelTally: Hashable, Sendable {
    package var steps = 0
    package var elections = 0
    package var commits = 0
    package var truncations = 0
    package var rejections = 0
    package var snapshotsInstalled = 0
    package var readsAnswered = 0
    package var quorumsLost = 0
    package var disturbancesIgnored = 0
    package var crashes = 0
    package var changes = 0
    package var rollbacks = 0
    package var transfers = 0
    package var transfersAborted = 0
    package var retirements = 0

    package init() {}

    package mutating func count(_ event: TraceEvent) {
        switch event {
        case .truncated: truncations += 1
        case .appendRejected: rejections += 1
        case .snapshotInstalled: snapshotsInstalled += 1
        case .quorumLost: quorumsLost += 1
        case .disturbanceIgnored: disturbancesIgnored += 1
        case .transferStarted: transfers += 1
        case .transferAborted: transfersAborted += 1
        case .configurationRolledBack: rollbacks += 1
        case .retired: retirements += 1
        case .voteGranted, .snapshotNeeded, .messageDropped: break
        }
    }

    package mutating func add(_ other: ModelTally) {
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
        changes += other.changes
        rollbacks += other.rollbacks
        transfers += other.transfers
        transfersAborted += other.transfersAborted
        retirements += other.retirements
    }
}
