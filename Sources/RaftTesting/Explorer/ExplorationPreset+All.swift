internal import Raft

// The explorations that we have. What each covers, and how long it takes, is told in `Exploring.md`.

extension ExplorationPreset {
    /// All of them: first those that every change has to pass.
    package static let all: [ExplorationPreset] =
        [
            election, replication, figure8, preVote, network, stragglers, lateDisk, snapshot,
            readIndex, joint,
            removeLeader, transfer, amnesia, readmission, strangeVoter,
        ] + nights

    /// The preset of a name.
    package static func named(_ name: String) -> ExplorationPreset? {
        all.first { $0.name == name }
    }

    private static let plain = "nodes 3 pre-vote=no check-quorum=no"
    private static let plainLed = "nodes 3 leader=1 pre-vote=no check-quorum=no snapshot=1"

    static var election: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "election", summary: "three voters elect leaders in three terms, one crash",
            nodes: plain, spending: [.campaigns: 3, .heartbeats: 1, .crashes: 1], maxTerm: 3)
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var replication: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "replication", summary: "three voters, two terms, two proposals, one crash",
            nodes: plain, spending: [.campaigns: 2, .heartbeats: 1, .proposals: 2, .crashes: 1],
            maxTerm: 2)
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var figure8: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "figure-8",
            summary:
                "four terms: entries of old terms are not committed by counting (thesis §3.6.2)",
            nodes: plain + " append=1", spending: [.campaigns: 4, .heartbeats: 1],
            maxTerm: 4)
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var preVote: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "pre-vote",
            summary: "pre-vote and check-quorum, closed connections, silent leaders",
            nodes: "nodes 3",
            spending: [.campaigns: 2, .quorumChecks: 1, .closes: 1], maxTerm: 2)
        preset.linkCapacity = 1
        return preset
    }

    static var network: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "network",
            summary: "entries and answers arrive in any order, are lost and doubled",
            nodes: plainLed,
            spending: [.proposals: 2, .duplicates: 1, .losses: 1], maxTerm: 1)
        preset.network = .unordered
        return preset
    }

    static var stragglers: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "stragglers",
            summary: "messages of an old term arrive in any order, and doubled, in the next one",
            nodes: plainLed, spending: [.campaigns: 1, .proposals: 1, .duplicates: 1], maxTerm: 2)
        preset.campaignsAtOnce = true
        preset.network = .unordered
        return preset
    }

    static var lateDisk: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "late-disk",
            summary: "writes become durable late; crashes lose what was not",
            nodes: plain, spending: [.campaigns: 2, .heartbeats: 1, .crashes: 2],
            maxTerm: 2)
        preset.campaignsAtOnce = true
        preset.syncsAtOnce = false
        preset.linkCapacity = 1
        return preset
    }

    static var snapshot: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "snapshot", summary: "a follower that lags behind needs a snapshot",
            nodes: plainLed,
            spending: [
                .campaigns: 1, .heartbeats: 1, .compactions: 2, .crashes: 1,
            ],
            maxTerm: 2)
        preset.opening = ["cut 3; propose 1 a; heal"]
        preset.campaignsAtOnce = true
        return preset
    }

    static var readIndex: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "read-index", summary: "reads at leaders and followers while leadership changes",
            nodes: plainLed,
            spending: [.campaigns: 1, .proposals: 1, .reads: 1, .heartbeats: 1], maxTerm: 2)
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var joint: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "joint", summary: "a node joins two voters, through a joint membership",
            nodes: "nodes 2 leader=1 pre-vote=no check-quorum=no joining=1",
            spending: [.campaigns: 1, .heartbeats: 1, .changes: 1, .crashes: 1], maxTerm: 2,
            alike: [[1, 2]])
        preset.changes = [.add(Member(NodeID(3)), asVoter: true)]
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var removeLeader: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "remove-leader", summary: "the leader is removed from three voters",
            nodes: plainLed, spending: [.campaigns: 1, .heartbeats: 1, .changes: 1, .crashes: 1],
            maxTerm: 3,
            alike: [])  // who leads next is chosen by name among equals
        preset.changes = [.remove(NodeID(1))]
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var transfer: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "transfer", summary: "leadership is handed over, with proposals and a crash",
            nodes: "nodes 3 leader=1",
            spending: [.transfers: 1, .proposals: 1, .crashes: 1, .heartbeats: 1], maxTerm: 3)
        preset.linkCapacity = 1
        return preset
    }

    static var amnesia: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "amnesia", summary: "a node loses its disk and must not act under its old name",
            nodes: "nodes 3 leader=1 pre-vote=no check-quorum=no incarnations=yes",
            spending: [.campaigns: 1, .heartbeats: 1, .proposals: 1, .crashes: 2, .wipes: 1],
            maxTerm: 2,
            alike: [])  // incarnations are names too
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var readmission: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "readmission",
            summary:
                "a voter that has lost its disk becomes a learner, another one, and a voter again",
            nodes: "nodes 3 leader=1 pre-vote=no check-quorum=no incarnations=yes",
            spending: [.campaigns: 1, .heartbeats: 1, .changes: 2, .crashes: 1], maxTerm: 2,
            alike: [])  // incarnations are names too
        // What it acknowledges, and that is still on its way, the leader has, and the other one has not.
        preset.opening = ["hold 3>1; cut 2; propose 1 a; crash 3; wipe 3; heal 2"]
        preset.changes = [.readmit(NodeID(3), incarnation: 3 + ModelNode.wipedIncarnation)]
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }

    static var strangeVoter: ExplorationPreset {
        var preset = ExplorationPreset(
            name: "strange-voter",
            summary: "a voter that was readmitted asks one that does not know it for its vote",
            nodes: "nodes 5 leader=2 pre-vote=no check-quorum=no incarnations=yes",
            spending: [.campaigns: 2], maxTerm: 2,
            alike: [])  // incarnations are names too
        // 3 has voted for 4 as it was, in the term in which 4 as it is may ask again; that vote is on its way still. 3
        // knows nothing of the readmission, and is needed for a quorum while 2 and 5 are down.
        preset.opening = [
            "hold 3>4; cut 4>1; cut 4>2; cut 4>5; campaign 4; crash 4; wipe 4",
            "cut 3>1; cut 3>2; cut 3>5; heal 4>1; heal 4>2; heal 4>5",
            "readmit 2 4 incarnation=1004; readmit 2 4 incarnation=1004; crash 2; crash 5",
            "heal",
        ]
        preset.campaignsAtOnce = true
        preset.linkCapacity = 1
        return preset
    }
}
