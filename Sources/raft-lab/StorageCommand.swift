internal import Platform
internal import RaftTesting

/// `raft-lab storage`: the log and the snapshots, through every kind of end.
enum StorageCommand {
    static let usage = """
        usage: raft-lab storage [--cycles N] [--seeds A..<B] [--subsets N]
               raft-lab storage --kill N [--directory DIR] [--fill] [--seeds A..<B]

          On a simulated disk:
          --cycles   random crashes and restarts against a twin that is an array, and as many at any call
                     of the disk; default 10000
          --seeds    of the runs in which power fails at every call, every call fails, every call
                     finds no space, and every byte flips; default 0..<3
          --subsets  at each call so many sets of surviving unsynced parts are tried, or all of them
                     when there are no more; default 64
          On the disk of this machine:
          --kill       starts processes that write, and kills so many of them
          --directory  where they write, which must be there; default: a temporary directory
          --fill       they also fill the disk, which should be a small one; it is an error when it never was full
          --seeds      the first one is that of the loop
        """

    /// Whether the log came back as it must each time.
    static func run(_ arguments: [String]) -> Bool {
        var (cycles, subsets) = (10_000, 64)
        var seeds: Range<UInt64> = 0..<3
        var kills = 0
        var directory: String?
        var fills = false
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--cycles": cycles = number(rest.popFirst(), option)
            case "--subsets": subsets = number(rest.popFirst(), option)
            case "--seeds": seeds = range(rest.popFirst(), option)
            case "--kill": kills = number(rest.popFirst(), option)
            case "--directory": directory = rest.popFirst() ?? ""
            case "--fill": fills = true
            default: fail("\(option) is not known:\n\(usage)")
            }
        }
        if kills > 0 { return kill(kills, directory, seeds.lowerBound, fills: fills) }
        guard directory == nil, !fills else { fail("only with --kill:\n\(usage)") }
        var campaign = StorageCampaign()
        return report {
            campaign.runCycles(cycles, seed: seeds.lowerBound)
            campaign.runCycles(cycles, seed: seeds.lowerBound, cutsSteps: true)
            for seed in seeds {
                campaign.crashEverywhere(seed: seed, subsets: subsets)
                campaign.failEverywhere(seed: seed)
                campaign.fillEverywhere(seed: seed)
                campaign.flipEverywhere(seed: seed, bits: UInt8(1) << UInt8(seed % 8))
                campaign.flipBesideLog(seed: seed, bits: UInt8(1) << UInt8(seed % 8))
            }
            return (campaign.report.counts, campaign.report.findings)
        }
    }

    private static func kill(
        _ kills: Int, _ around: String?, _ seed: UInt64, fills: Bool
    ) -> Bool {
        report {
            do {
                let top = try around ?? Directory.makeTemporary(prefix: "raft-lab-kill")
                let directory = top + "/raft-lab-kill-\(CurrentProcess.pid)"
                try Directory.create(directory)
                let loop = try KillLoop(
                    KillLoop.Options(kills: kills, directory: directory, seed: seed, fills: fills))
                var (counts, findings) = try loop.run()
                if fills, !counts.contains(where: { $0.name == StorageLedger.fullName }) {
                    findings.append("the disk never was full")
                }
                // What was found to be wrong is left for a look.
                if findings.isEmpty { try Directory.removeTree(around == nil ? top : directory) }
                return (counts, findings.map { "\($0), see \(directory)" })
            } catch {
                return ([], ["\(error)"])
            }
        }
    }

    private static func report(
        _ work: () -> (counts: [StorageCampaign.Report.Count], findings: [String])
    ) -> Bool {
        var outcome: (counts: [StorageCampaign.Report.Count], findings: [String]) = ([], [])
        let duration = ContinuousClock().measure { outcome = work() }
        for count in outcome.counts { print("\(count.count) \(count.name)") }
        for finding in outcome.findings { print("FAILED \(finding)") }
        print("\(outcome.findings.count) failed, \(duration.components.seconds) s")
        return outcome.findings.isEmpty
    }
}
