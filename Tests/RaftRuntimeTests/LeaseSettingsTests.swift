internal import Raft
@testable internal import RaftRuntime
internal import Testing

@Suite struct LeaseSettingsTests {
    @Test func `a node promises its own election timeout, whenever that was chosen`() throws {
        var settings = NodeSettings()
        try settings.allowLeaseReads(maxClockDriftPermille: 10)
        try settings.setTimeouts(electionMilliseconds: 300, heartbeatMilliseconds: 50)
        #expect(settings.coreForLoop.lease?.promiseMilliseconds == 300)
        #expect(settings.coreForLoop.lease?.maxDriftPermille == 10)

        // Taken over from a node that is more patient.
        var other = NodeSettings()
        try other.setTimeouts(electionMilliseconds: 9000, heartbeatMilliseconds: 50)
        try other.allowLeaseReads(maxClockDriftPermille: 1)
        settings.core = other.core
        #expect(settings.coreForLoop.lease?.promiseMilliseconds == 300)
    }

    @Test func `leases are off unless asked for, and without the quorum check`() throws {
        var settings = NodeSettings()
        #expect(settings.coreForLoop.lease == nil)
        settings.core.checksQuorum = false
        #expect(throws: CoreSettingsError.leaseWithoutQuorumCheck) {
            try settings.allowLeaseReads(maxClockDriftPermille: 10)
        }
        #expect(settings.coreForLoop.lease == nil)
    }
}
