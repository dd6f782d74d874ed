internal import RaftTesting
internal import Testing

/// The short form of `raft-lab storage`.
@Suite struct `A campaign on the log's disk` {
    @Test func `finds nothing, and has met what it is there for`() {
        var campaign = StorageCampaign()
        campaign.runCycles(300, seed: 1)
        campaign.runCycles(300, seed: 1, cutsSteps: true)
        campaign.crashEverywhere(seed: 1, subsets: 8)
        campaign.failEverywhere(seed: 1)
        #expect(campaign.report.findings == [])
        for name in [
            "power failures", "ends of the process", "restarts that lost unsynced records",
            "steps cut short", "restarts cut short", "ends in a segment that was used again",
            "ends in a torn write among old bytes", "calls at which power failed",
            "calls with every subset tried",
            "calls that failed",
        ] {
            let count = campaign.report.counts.first { $0.name == name }?.count ?? 0
            #expect(count > 10, "\(name): \(count)")
        }
    }

    @Test func `finds nothing when bytes of snapshots and records change, and has met all of them`()
    {
        var campaign = StorageCampaign()
        campaign.flipBesideLog(seed: 3, bits: 0x10)
        #expect(campaign.report.findings == [])
        let counts = campaign.report.counts
        func count(_ name: String) -> Int { counts.first { $0.name == name }?.count ?? 0 }
        #expect(count("flips in what is not used") > 50)
        #expect(count("snapshots passed over for an older one") > 50)
        // Read while open, and received: two refusals for each of those.
        let read = 2 * count("snapshots passed over for an older one")
        #expect(count("flipped bytes of records") > 100)
        #expect(
            count("flips beside the log that were refused")
                == read + count("flipped bytes of records"))
    }

    @Test func `finds nothing when there is no space, and has met it everywhere`() {
        var campaign = StorageCampaign()
        campaign.fillEverywhere(seed: 1)
        #expect(campaign.report.findings == [])
        for name in [
            "calls without space, once: log", "calls without space, and all after them: log",
            "calls without space, once: snapshots",
            "calls without space, and all after them: snapshots",
            "beginnings that failed for lack of space", "restarts on the full disk",
            "times that nothing was taken for lack of space",
        ] {
            let count = campaign.report.counts.first { $0.name == name }?.count ?? 0
            #expect(count > 20, "\(name)")
        }
    }

    /// Of a segment's header the first sector had reached the device up to the version, and no further.
    @Test func `opens a log whose newest header was torn within its version`() {
        var campaign = StorageCampaign()
        campaign.runCycles(50, seed: 123)
        #expect(campaign.report.findings == [])
    }

    @Test func `is the same whenever it is repeated`() {
        var (one, other) = (StorageCampaign(), StorageCampaign())
        one.runCycles(100, seed: 7)
        other.runCycles(100, seed: 7)
        #expect(one.report == other.report)
    }
}
