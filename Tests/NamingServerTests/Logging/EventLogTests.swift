internal import Testing

@testable internal import NamingServer

@Suite struct `Log lines` {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_795_219_200_123, "2026-11-21T00:00:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(UInt64, String)])
    func `times are written as RFC 3339 in UTC`(_ milliseconds: UInt64, _ text: String) {
        #expect(EventLog.timestamp(milliseconds) == text)
    }

    @Test func `a line holds time, level, node, area, message and fields`() {
        let line = EventLog.line(
            at: 0, .info, node: 2, .raft, "became leader", [("term", "3"), ("why", "no \"word\"")])
        #expect(
            line == #"1970-01-01T00:00:00.000Z info node=2 area=raft message="became leader""#
                + #" term=3 why="no \"word\"""#)
    }

    @Test func `nothing in a value can begin a new line or a new field`() {
        let line = EventLog.line(
            at: 0, .error, node: 1, .http, "bad", [("path", "a\nb c=d\u{0}\\"), ("empty", "")])
        #expect(!line.contains("\n"))
        #expect(line.hasSuffix(#"path="a\nb c=d \\" empty="""#))
    }
}
