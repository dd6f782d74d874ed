/// What a simulation is made of. Equal settings give equal runs, to the byte.
public struct SimulationSettings: Hashable, Sendable {
    /// All that is left to chance follows from this.
    public var seed: UInt64
    /// The number of nodes; 3 to 9. Nothing: the seed chooses 3, 4 or 5.
    public var nodeCount: Int?
    /// The faults that may happen.
    public var profile: SimulationProfile
    /// How long the faults go on. Afterwards the cluster must recover by itself.
    public var length: SimulationLength

    /// Joins all that.
    public init(
        seed: UInt64, nodeCount: Int? = nil, profile: SimulationProfile = .mixed,
        length: SimulationLength = .seconds(60)
    ) {
        self.seed = seed
        self.nodeCount = nodeCount.map { min(max($0, 3), 9) }
        self.profile = profile
        self.length = length
    }

    /// The command that repeats the run.
    public var replayCommand: String {
        let nodes = nodeCount.map { " --nodes \($0)" } ?? ""
        let limit =
            switch length {
            case .steps(let steps): " --steps \(steps)"
            case .seconds(let seconds): " --until-time \(seconds)"
            }
        return "raft-lab simulate --seeds '\(seed)..<\(seed + 1)'\(limit)\(nodes)"
            + " --profile \(profile.rawValue)"
    }
}

/// How long the faults of a simulation go on.
public enum SimulationLength: Hashable, Sendable {
    /// So many events.
    case steps(Int)
    /// So many simulated seconds.
    case seconds(Int)
}

/// The faults that may happen in a simulation.
public enum SimulationProfile: String, CaseIterable, Sendable {
    /// None at all.
    case calm
    /// Each seed chooses some kinds of fault and how often they come.
    case mixed
    /// Crashes of processes and machines.
    case crashes
    /// Cuts, losses, delays and resets.
    case network
    /// Pauses, suspended machines, drifting and jumping clocks, late turns.
    case clocks
    /// Members that come and go, and wiped disks.
    case membership
    /// Everything, close together.
    case storm
    /// As mixed, and disks that fail.
    case disk
}

/// What became of a simulation.
public struct SimulationReport: Hashable, Sendable {
    /// What was run.
    public var settings: SimulationSettings
    /// What was found to be wrong; nothing when all held.
    public var finding: String?
    /// A hash over all that happened.
    public var traceHash: UInt64
    /// The number of events.
    public var steps: Int
    /// The simulated time.
    public var simulatedMilliseconds: UInt64
    /// The number of entries that were committed.
    public var committed: Int
    /// The situations that were met.
    public var marks: SimulationMarks
    /// Whose workload was run; nothing when it was the simulator's own.
    public var workload: String?
    /// The last things that happened, when they were asked for.
    public var trace: [String]

    /// One line that says what was found and how to see it again; nothing when all held.
    public var failureLine: String? {
        finding.map { finding in
            guard let workload else {
                return "FAILED \(finding) | replay: \(settings.replayCommand)"
            }
            return "FAILED \(finding) | \(workload), \(settings)"
        }
    }
}
