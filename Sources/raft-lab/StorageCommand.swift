internal import RaftTesting

/// `raft-lab storage`: the log on a simulated disk, through every kind of end.
enum StorageCommand {
    static let usage = """
        usage: raft-lab storage [--cycles N] [--seeds A..<B] [--subsets N]

          --cycles   random crashes and restarts against a twin that is an array; default 10000
          --seeds    of the runs in which power fails at every call, every call fails, and every
                     byte flips; default 0..<3
          --subsets  at each call so many sets of surviving unsynced parts are tried, or all of them
                     when there are no more; default 64
        """

    /// Whether the log came back as it must each time.
    static func run(_ arguments: [String]) -> Bool {
        var (cycles, subsets) = (10_000, 64)
        var seeds: Range<UInt64> = 0..<3
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--cycles": cycles = number(rest.popFirst(), option)
            case "--subsets": subsets = number(rest.popFirst(), option)
            case "--seeds": seeds = range(rest.popFirst(), option)
            default: fail("\(option) is not known:\n\(usage)")
            }
        }
        let clock = ContinuousClock()
        var campaign = StorageCampaign()
        let duration = clock.measure {
            campaign.runCycles(cycles, seed: seeds.lowerBound)
            for seed in seeds {
                campaign.crashEverywhere(seed: seed, subsets: subsets)
                campaign.failEverywhere(seed: seed)
                campaign.flipEverywhere(seed: seed, bits: UInt8(1) << UInt8(seed % 8))
            }
        }
        for count in campaign.report.counts { print("\(count.count) \(count.name)") }
        for finding in campaign.report.findings { print("FAILED \(finding)") }
        print("\(campaign.report.findings.count) failed, \(duration.components.seconds) s")
        return campaign.report.findings.isEmpty
    }
}
