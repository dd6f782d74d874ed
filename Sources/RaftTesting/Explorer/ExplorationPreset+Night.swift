internal import Raft

// Explorations for a night, or for a machine with more memory: the same questions with wider bounds.

extension ExplorationPreset {
    static let nights: [ExplorationPreset] = [
        wider(
            replication, "replication-night",
            "as replication, with two messages a link"
        ) {
            $0.linkCapacity = 2
        },
        wider(figure8, "figure-8-night", "as figure-8, with proposals and a crash") {
            $0.spending[.proposals] = 1
            $0.spending[.crashes] = 1
        },
        wider(preVote, "pre-vote-night", "as pre-vote, with heartbeats and a crash") {
            $0.spending[.heartbeats] = 1
            $0.spending[.crashes] = 1
        },
        wider(stragglers, "stragglers-night", "as stragglers, with another proposal and a loss") {
            $0.spending[.losses] = 1
            $0.spending[.proposals] = 2
        },
        wider(lateDisk, "late-disk-night", "as late-disk, with a proposal") {
            $0.spending[.proposals] = 1
        },
        wider(snapshot, "snapshot-night", "as snapshot, with a proposal and late disks") {
            $0.spending[.proposals] = 1
            $0.syncsAtOnce = false
        },
        wider(readIndex, "read-index-night", "as read-index, with two reads and a crash") {
            $0.spending[.reads] = 2
            $0.spending[.crashes] = 1
        },
        wider(
            removeLeader, "remove-leader-night",
            "as remove-leader, with proposals and more campaigns"
        ) {
            $0.spending[.campaigns] = 2
            $0.spending[.proposals] = 1
        },
        wider(transfer, "transfer-night", "as transfer, twice, with campaigns") {
            $0.spending[.transfers] = 2
            $0.spending[.campaigns] = 1
        },
        wider(amnesia, "amnesia-night", "as amnesia, in three terms") {
            $0.spending[.campaigns] = 2
            $0.maxTerm = 3
        },
        wider(
            readmission, "readmission-night",
            "as readmission, with a proposal at any time, more campaigns and crashes"
        ) {
            $0.opening = ["crash 3; wipe 3"]
            $0.spending[.campaigns] = 2
            $0.spending[.proposals] = 1
            $0.spending[.crashes] = 2
        },
        swap,
    ]

    private static func wider(
        _ preset: ExplorationPreset, _ name: String, _ summary: String,
        _ change: (inout ExplorationPreset) -> Void
    ) -> ExplorationPreset {
        var preset = preset
        preset.name = name
        preset.summary = summary
        preset.isForEveryChange = false
        change(&preset)
        return preset
    }

    /// One of three voters makes room for a fourth node, in one joint membership.
    private static var swap: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "swap-night",
            summary: "a learner takes the place of a voter, through one joint membership",
            nodes: "nodes 3 leader=1 pre-vote=no check-quorum=no joining=1",
            spending: [.campaigns: 1, .heartbeats: 1, .changes: 1, .crashes: 1], maxTerm: 2,
            alike: [])  // a leader that leaves chooses the next one by name among equals
        preset.opening = ["add 1 4"]
        preset.changes = [.setVoters([1, 2, 4].map { NodeID($0) })]
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        preset.isForEveryChange = false
        return preset
    }
}
