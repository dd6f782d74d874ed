@testable internal import Raft
internal import Testing

/// What a core takes for a message that makes sense.
@Suite struct MessageTests {
    private func message(term: UInt64, _ body: Message.Body) -> Message {
        Message(from: NodeID(1), to: NodeID(2), term: Term(term), body: body)
    }

    @Test func `before the first term one may ask for promises and answer`() {
        #expect(message(term: 0, .preVoteRequest(lastEntry: .zero)).isWellFormed)
        #expect(
            message(term: 0, .preVoteResponse(granted: true, requestTerm: .zero)).isWellFormed)
    }

    @Test func `nobody leads or votes in term 0`() {
        #expect(!message(term: 0, .heartbeat(committed: .zero, round: 1)).isWellFormed)
        #expect(!message(term: 0, .voteResponse(granted: true)).isWellFormed)
        #expect(!message(term: 0, .commitNotice(committed: .zero)).isWellFormed)
    }
}
