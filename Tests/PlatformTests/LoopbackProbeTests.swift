internal import Platform
internal import Testing

@Suite struct LoopbackProbeTests {
    @Test(arguments: [1, 200_000])
    func `bytes go there and back`(bytes: Int) throws {
        let durations = try LoopbackProbe.roundTrips(20, bytes: bytes)
        #expect(durations.count == 20 && durations.allSatisfy { $0 > 0 })
    }
}
