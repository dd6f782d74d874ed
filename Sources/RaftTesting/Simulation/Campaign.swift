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
