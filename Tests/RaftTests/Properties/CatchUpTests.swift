internal import Testing

@testable internal import Raft

@Suite struct `Catching up` {
    private func at(_ index: UInt64) -> LogIndex { LogIndex(index) }

    @Test func `a quick round is enough`() {
        var catchUp = CatchUp(lastIndex: at(5))
        catchUp.note(match: at(4), lastIndex: at(9))
        #expect(!catchUp.isDone)
        catchUp.note(match: at(5), lastIndex: at(9))
        #expect(catchUp.isDone)
    }

    @Test func `a slow round is not, when there is more to bring`() {
        var catchUp = CatchUp(lastIndex: at(5))
        catchUp.tick()
        catchUp.note(match: at(5), lastIndex: at(9))
        #expect(!catchUp.isDone)
        catchUp.note(match: at(8), lastIndex: at(12))
        #expect(!catchUp.isDone)
        catchUp.note(match: at(9), lastIndex: at(12))
        #expect(catchUp.isDone)
    }

    @Test func `a slow round is enough for who then has all there is`() {
        // In a log at rest no further answer would come.
        var catchUp = CatchUp(lastIndex: at(5))
        catchUp.tick()
        catchUp.note(match: at(5), lastIndex: at(5))
        #expect(catchUp.isDone)
    }
}
