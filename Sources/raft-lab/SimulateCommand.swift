internal import RaftTesting

/// `raft-lab simulate`: runs seeds until all are done or one has failed.
enum SimulateCommand {
    static let usage = """
        usage: raft-lab simulate --seeds A..<B [--steps N | --until-time SECONDS]
                                 [--nodes N] [--profile NAME] [--require-marks]
                                 [--verbose] [--trace N]

          --seeds        the seeds to run, the second not included
          --steps        let the faults go on for so many events
          --until-time   let the faults go on for so many simulated seconds; default 60
          --nodes        3 to 9; default: the seed chooses
          --profile      \(SimulationProfile.allCases.map(\.rawValue).joined(separator: ", "))
          --require-marks  fail when a situation was never met; without it only mixed campaigns of
                         \(SimulationCampaign.runsForAllMarks) seeds and more do
          --verbose      a line for each run, and the last lines of a run that fails
          --trace        how many lines those are; default 40
        """

    /// Whether all held.
    static func run(_ arguments: [String]) -> Bool {
        let options = Options(arguments)
        var campaign = SimulationCampaign(options.settings)
        let clock = ContinuousClock()
        let start = clock.now
        for seed in options.seeds {
            let report = campaign.run(seed: seed)
            if options.isVerbose { describe(report) }
            if let line = report.failureLine {
                print(line)
                if options.isVerbose { printTrace(of: report, options.traceLines) }
                break
            }
        }
        summarise(campaign, took: clock.now - start)
        guard campaign.failures.isEmpty else { return false }
        let overdue = options.requiresMarks ? campaign.marks.missing : campaign.overdueMarks
        guard !overdue.isEmpty else { return true }
        print(
            "FAILED never met, and so not tested:", overdue.map { "\($0)" }.joined(separator: ", "))
        return false
    }

    private static func describe(_ report: SimulationReport) {
        print(
            "seed \(report.settings.seed): trace \(String(report.traceHash, radix: 16)),",
            "\(report.steps) steps, \(report.simulatedMilliseconds) ms,",
            "\(report.committed) entries")
    }

    /// The run is repeated, now with its trace: equal settings give equal runs.
    private static func printTrace(of report: SimulationReport, _ lines: Int) {
        for line in Simulation.run(report.settings, traceLines: lines).trace { print("  " + line) }
    }

    private static func summarise(_ campaign: SimulationCampaign, took duration: Duration) {
        let milliseconds = max(
            1,
            duration.components.seconds * 1000
                + duration.components.attoseconds / 1_000_000_000_000_000)
        print(
            "\(campaign.runs) runs, \(campaign.failures.count) failed;",
            "\(campaign.steps) steps, \(campaign.committed) entries,",
            "\(campaign.simulatedMilliseconds / 1000) simulated s in \(milliseconds) ms:",
            "\(campaign.simulatedMilliseconds / UInt64(milliseconds)) simulated s a second")
        let met = SimulationMark.allCases.filter { campaign.marks[$0] > 0 }
        print("met:", met.map { "\($0) \(campaign.marks[$0])" }.joined(separator: ", "))
        let missing = campaign.marks.missing.map { "\($0)" }
        print("never met:", missing.isEmpty ? "none" : missing.joined(separator: ", "))
    }

    /// What the command line asks for.
    private struct Options {
        var settings = SimulationSettings(seed: 0)
        var seeds: Range<UInt64> = 0..<1
        var isVerbose = false
        var requiresMarks = false
        var traceLines = 40

        init(_ arguments: [String]) {
            var rest = arguments[...]
            while let name = rest.popFirst() {
                switch name {
                case "--verbose": isVerbose = true
                case "--require-marks": requiresMarks = true
                case "--seeds": seeds = range(rest.popFirst(), name)
                case "--trace": traceLines = number(rest.popFirst(), name)
                case "--steps": settings.length = .steps(number(rest.popFirst(), name))
                case "--until-time":
                    settings.length = .seconds(number(rest.popFirst(), name))
                case "--nodes":
                    let count = number(rest.popFirst(), name)
                    guard (3...9).contains(count) else { fail("\(name) takes 3 to 9") }
                    settings.nodeCount = count
                case "--profile":
                    guard let profile = rest.popFirst().flatMap(SimulationProfile.init(rawValue:))
                    else { fail("\(name) takes one of the names below\n\(usage)") }
                    settings.profile = profile
                default: fail("\(name) is not known:\n\(usage)")
                }
            }
        }
    }
}
