/// Simulations of many seeds, one after the other.
public struct SimulationCampaign: Sendable {
    /// What all runs have in common; the seed is not looked at.
    public var settings: SimulationSettings
    /// The runs so far.
    public private(set) var runs = 0
    /// The sum of their events.
    public private(set) var steps = 0
    /// The sum of their simulated time.
    public private(set) var simulatedMilliseconds: UInt64 = 0
    /// The sum of their committed entries.
    public private(set) var committed = 0
    /// The situations that they have met.
    public private(set) var marks = SimulationMarks()
    /// The runs in which something was found.
    public private(set) var failures: [SimulationReport] = []

    /// Prepares a campaign.
    public init(_ settings: SimulationSettings) { self.settings = settings }

    /// After so many runs of a minute under mixed faults every situation must have been met.
    public static let runsForAllMarks = 1000

    /// The situations that so long a campaign should have met, and has not: what is tested there is not tested.
    ///
    /// Nothing for campaigns that are shorter, or have other faults than the mixed ones.
    public var overdueMarks: [SimulationMark] {
        let enough = UInt64(Self.runsForAllMarks) * 60_000
        guard settings.profile == .mixed, settings.nodeCount == nil, runs >= Self.runsForAllMarks,
            simulatedMilliseconds >= enough
        else { return [] }
        return marks.missing
    }

    /// Runs one seed more.
    @discardableResult
    public mutating func run(seed: UInt64) -> SimulationReport {
        var settings = self.settings
        settings.seed = seed
        let report = Simulation.run(settings)
        runs += 1
        steps += report.steps
        simulatedMilliseconds += report.simulatedMilliseconds
        committed += report.committed
        marks.add(report.marks)
        if report.finding != nil { failures.append(report) }
        return report
    }
}
