/// What an exploration has found.
package struct ExplorationReport: Sendable {
    package let preset: ExplorationPreset
    /// Different states, those that differ in names only counted once.
    package internal(set) var states = 0
    /// Steps between them.
    package internal(set) var transitions = 0
    /// The largest number of steps from the beginning to any state.
    package internal(set) var depth = 0
    package internal(set) var seconds = 0.0
    /// The memory that grows with the number of states: their table, the links back, the widest level.
    package internal(set) var bytes = 0
    /// Whether all that can be reached was visited.
    package internal(set) var isComplete = false
    /// Different states of one node, messages, memories, and steps of one node.
    package internal(set) var nodeStates = 0
    package internal(set) var messages = 0
    package internal(set) var memories = 0
    package internal(set) var localSteps = 0
    /// How often the rare happened, counted once for each different step of a node.
    package internal(set) var tally = ModelTally()
    /// The invariant that is broken, and the shortest story that breaks it.
    package internal(set) var violation: String?
    package internal(set) var story: String?
    var widestLevelBytes = 0

    init(preset: ExplorationPreset) { self.preset = preset }

    /// The report in a few lines.
    package var lines: [String] {
        let rate = Int(Double(states) / max(seconds, 1e-6))
        let milliseconds = Int(seconds * 1000)
        return [
            "\(isComplete ? "complete" : "cut"): \(states) states, \(transitions) transitions, depth \(depth)",
            "\(milliseconds) ms, \(rate) states a second, \(bytes / max(1, states)) bytes a state",
            "\(nodeStates) states of single nodes, \(messages) messages, \(localSteps) local steps",
            "met: " + met,
        ]
    }

    /// What happened in the local steps, so that nobody believes a vacuous run.
    private var met: String {
        let counts = [
            ("elections", tally.elections), ("truncations", tally.truncations),
            ("rejections", tally.rejections), ("snapshots", tally.snapshotsInstalled),
            ("reads", tally.readsAnswered), ("quorums lost", tally.quorumsLost),
            ("disturbances", tally.disturbancesIgnored), ("crashes", tally.crashes),
            ("changes", tally.changes), ("rollbacks", tally.rollbacks),
            ("transfers", tally.transfers), ("retirements", tally.retirements),
        ]
        return counts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}
