internal import Raft
internal import RaftRuntime
internal import Testing

@Suite struct `A session's client` {
    private typealias Outcome = ProposalOutcome<SessionReply<[UInt8]>>

    private func done(_ reply: SessionReply<[UInt8]>) -> Outcome {
        .done(reply, at: LogPosition(entry: .zero, timeMilliseconds: 0))
    }

    private func name(_ progress: SessionClient.Progress<[UInt8]>) -> String {
        switch progress {
        case .ended(.answered(let bytes)): "answered \(bytes)"
        case .ended(.sessionLost(let mayBeDone)): "session lost, may be done: \(mayBeDone)"
        case .ended(.refused(let mayBeDone)): "refused, may be done: \(mayBeDone)"
        case .sendAgain: "send again"
        case .nothing: "nothing"
        }
    }

    @Test func `it numbers commands and says which is the lowest without an answer`() throws {
        var client = SessionClient(SessionID(4), SessionTerms(maxUnanswered: 3))
        #expect((0..<4).map { client.begin([UInt8($0)]) } == [1, 2, 3, nil])
        #expect(client.attempt(2) == [2, 4, 2, 1, 1])
        #expect(name(client.take(done(.done([9])), for: 2)) == "answered [9]")
        #expect(client.unanswered == [1, 3])
        #expect(client.begin([7]) == nil, "1 still holds the window")
        #expect(client.attempt(1) == [2, 4, 1, 0, 0])
        #expect(name(client.take(done(.done([8])), for: 1)) == "answered [8]")
        #expect(client.attempt(3) == [2, 4, 3, 0, 2])
        #expect(client.keepAlive() == [3, 4, 3])
        #expect(client.attempt(1) == nil)
        #expect(name(client.take(done(.done([8])), for: 1)) == "nothing")
        #expect(client.begin([7]) == 4)
    }

    @Test func `what is not answered is sent again under its number`() {
        var client = SessionClient(SessionID(4), SessionTerms())
        _ = client.begin([1])
        let first = client.attempt(1)
        let again: [Outcome] = [
            .notDone(.overloaded), .notDone(.noLeader(known: nil)), .notDone(.superseded),
            .unknown(.timeout), .unknown(.leaderLost), done(.refused(.tooFarAhead(end: 9))),
            done(.refused(.outOfOrder(expected: 1))),
        ]
        for outcome in again {
            #expect(name(client.take(outcome, for: 1)) == "send again")
            #expect(client.attempt(1) == first)
        }
    }

    @Test func `a lost session is only uncertain where an attempt was`() {
        func end(_ attempts: Int, after outcomes: [Outcome]) -> String {
            var client = SessionClient(SessionID(4), SessionTerms())
            _ = client.begin([1])
            for _ in 0..<attempts { _ = client.attempt(1) }
            for outcome in outcomes { _ = client.take(outcome, for: 1) }
            return name(client.take(done(.refused(.sessionUnknown)), for: 1))
        }
        #expect(end(1, after: []) == "session lost, may be done: false")
        #expect(end(2, after: [.notDone(.superseded)]) == "session lost, may be done: false")
        #expect(end(2, after: [.unknown(.timeout)]) == "session lost, may be done: true")
        #expect(end(2, after: []) == "session lost, may be done: true", "one is still under way")
    }

    @Test func `what can never be taken ends and is not sent again`() {
        var client = SessionClient(SessionID(4), SessionTerms())
        for number in 1...3 as ClosedRange<UInt64> {
            _ = client.begin([1])
            _ = client.attempt(number)
        }
        #expect(
            name(client.take(.notDone(.tooLarge(limit: 1)), for: 1))
                == "refused, may be done: false")
        #expect(
            name(client.take(done(.refused(.tooOld(lowest: 9))), for: 2))
                == "refused, may be done: true")
        client.abandon(3)
        #expect(client.unanswered == [])
        #expect(client.keepAlive() == [3, 4, 4])
    }
}
