internal import Raft
internal import Testing
internal import Wire

@testable internal import RaftRuntime

@Suite struct `A session machine` {
    private typealias Machine = SessionMachine<Book>

    private func position(_ index: UInt64, _ time: UInt64 = 1000) -> LogPosition {
        LogPosition(
            entry: EntryID(term: Term(1), index: LogIndex(index)), timeMilliseconds: time)
    }

    private func apply(
        _ command: SessionCommand, _ inner: [UInt8] = [], at index: UInt64, _ time: UInt64 = 1000,
        to machine: inout Machine
    ) throws -> SessionReply<[UInt8]> {
        try machine.apply(command.encoded(with: inner).span, at: position(index, time))
    }

    @Test func `commands have the bytes that the format says`() {
        let terms = SessionTerms(lifetimeMilliseconds: 300, maxUnanswered: 5, isOrdered: true)
        let session = SessionID(128)
        #expect(SessionCommand.plain.encoded(with: [7]) == [0, 7])
        #expect(SessionCommand.open(terms, maxSessions: 9).encoded() == [1, 0xac, 2, 5, 1, 9])
        #expect(
            SessionCommand.command(session, sequence: 6, lowestUnanswered: 4).encoded(with: [1])
                == [2, 0x80, 1, 6, 2, 1])
        #expect(
            SessionCommand.keepAlive(session, lowestUnanswered: 3).encoded() == [3, 0x80, 1, 3])
        #expect(SessionCommand.close(session).encoded() == [4, 0x80, 1])
    }

    @Test func `bytes that are no command change nothing and are answered as malformed`() throws {
        var machine = Machine(Book())
        _ = try apply(.open(SessionTerms(), maxSessions: 9), at: 1, to: &machine)
        let before = try machine.image().bytes()
        let whole: [[UInt8]] = [
            SessionCommand.open(SessionTerms(), maxSessions: 9).encoded(),
            SessionCommand.command(SessionID(1), sequence: 300, lowestUnanswered: 299).encoded(),
            SessionCommand.keepAlive(SessionID(1), lowestUnanswered: 300).encoded(),
            SessionCommand.close(SessionID(300)).encoded(),
        ]
        var bad = whole.flatMap { bytes in bytes.indices.map { Array(bytes[..<$0]) } }
        bad += [whole[0] + [0], whole[2] + [0], whole[3] + [0], [5], [255]]
        bad += [
            [1, 0, 5, 0, 1], [1, 1, 0, 0, 1], [1, 1, 1, 2, 1],  // terms
            [2, 1, 3, 3], [2, 1, 0, 0], [3, 1, 0],  // no number, or none that is waited for
        ]
        for bytes in bad {
            guard case .refused(.malformed) = try machine.apply(bytes.span, at: position(2)) else {
                Issue.record("\(bytes) was taken")
                continue
            }
        }
        #expect(try machine.image().bytes() == before)
    }

    @Test func `a number that the client let go of is never carried out`() throws {
        var machine = Machine(Book())
        _ = try apply(.open(SessionTerms(), maxSessions: 9), at: 1, to: &machine)
        let id = SessionID(1)
        _ = try apply(
            .command(id, sequence: 3, lowestUnanswered: 3), [3], at: 2, to: &machine)
        let late = try apply(
            .command(id, sequence: 2, lowestUnanswered: 1), [2], at: 3, to: &machine)
        #expect(late == .refused(.tooOld(lowest: 3)))
        #expect(machine.inner.lines == [[3]])
    }

    @Test func `a session expires by committed time and not a millisecond earlier`() throws {
        var machine = Machine(Book())
        let terms = SessionTerms(lifetimeMilliseconds: 500)
        _ = try apply(.open(terms, maxSessions: 9), at: 1, 1000, to: &machine)
        let alive = SessionCommand.keepAlive(SessionID(1), lowestUnanswered: 1)
        #expect(try apply(alive, at: 2, 1499, to: &machine) == .alive)
        #expect(try apply(alive, at: 3, 1998, to: &machine) == .alive)
        #expect(try apply(alive, at: 4, 2498, to: &machine) == .refused(.sessionUnknown))
        #expect(machine.sessionCount == 0)
    }

    @Test func `a clock at the end of its numbers ends all sessions`() throws {
        var machine = Machine(Book())
        _ = try apply(.open(SessionTerms(), maxSessions: 9), at: 1, .max - 5, to: &machine)
        #expect(machine.sessionCount == 1)
        _ = try apply(.plain, at: 2, .max, to: &machine)
        #expect(machine.sessionCount == 0)
    }

    @Test func `the cost of expiry follows what expires`() throws {
        var machine = Machine(Book())
        let count: UInt64 = 20_000
        for index in 1...count {
            let lifetime: UInt64 = index % 1000 == 0 ? 100 : 1_000_000
            _ = try apply(
                .open(SessionTerms(lifetimeMilliseconds: lifetime), maxSessions: 1 << 20),
                at: index, to: &machine)
        }
        let before = machine.sessions.deadlines.steps
        for time in 1001...1500 as ClosedRange<UInt64> {
            _ = try apply(.plain, at: count + time, time, to: &machine)
        }
        #expect(machine.sessionCount == 19_980)
        // Each of the 20 sinks one item through a heap of 15 levels; the 499 other commands look once.
        #expect(machine.sessions.deadlines.steps - before <= 20 * 16)
    }

    @Test func `sessions that are closed leave nothing behind that grows`() throws {
        var machine = Machine(Book())
        for index in 1...10_000 as ClosedRange<UInt64> {
            _ = try apply(.open(SessionTerms(), maxSessions: 9), at: index, to: &machine)
            _ = try apply(.close(SessionID(index)), at: index, to: &machine)
        }
        #expect(machine.sessionCount == 0)
        #expect(machine.sessions.chunks.isEmpty)
        #expect(machine.sessions.deadlines.count <= SessionTable.chunkSize + 1)
        #expect(machine.sessions.deadlines.steps <= 10_000 * 12)
    }

    @Test func `few sessions of many lie in few chunks`() throws {
        var machine = Machine(Book())
        for index in 1...5000 as ClosedRange<UInt64> {
            _ = try apply(.open(SessionTerms(), maxSessions: 1 << 20), at: index, to: &machine)
        }
        for index in 1...5000 as ClosedRange<UInt64> where index % 100 != 0 {
            _ = try apply(.close(SessionID(index)), at: 6000, to: &machine)
        }
        #expect(machine.sessionCount == 50)
        #expect(machine.sessions.chunks.count <= 2)
        for index in 1...50 as ClosedRange<UInt64> {
            #expect(machine.sessions.find(SessionID(index * 100)) != nil)
        }
    }

    @Test func `numbers as answers come back from their bytes`() throws {
        for number in [0, 1, -1, Int.max, Int.min] {
            var bytes: [UInt8] = []
            number.write(into: &bytes)
            #expect(try Int(reading: bytes.span) == number)
            for length in 0..<8 {
                #expect(throws: DecodeError.self) {
                    try Int(reading: bytes.span.extracting(0..<length))
                }
            }
            bytes.append(0)
            #expect(throws: DecodeError.self) { try Int(reading: bytes.span) }
        }
    }

    @Test func `a snapshot with a session that could not be is refused`() throws {
        func isAccepted(_ change: (inout Session) -> Void) throws -> Bool {
            let terms = SessionTerms(
                lifetimeMilliseconds: 50, maxUnanswered: 4, isOrdered: false)
            var session = Session(id: SessionID(7), terms: terms, heard: 60)
            session.lowest = 3
            change(&session)
            var bytes: [UInt8] = []
            let image = SessionTable.Image(clock: 100, count: 1, chunks: [[session]])
            try image.write { bytes += $0 }
            var offset = 0
            let table = try? SessionTable(bytes.span, at: &offset) { $0 != [66] }
            #expect(table == nil || offset == bytes.count)
            return table != nil
        }
        func kept(_ sequences: UInt64...) -> [Session.Kept] {
            sequences.map { Session.Kept(sequence: $0, bytes: [1]) }
        }
        #expect(try isAccepted { $0.kept = kept(4, 6) })
        #expect(try !isAccepted { $0.kept = kept(4, 7) }, "7 is past what the session takes")
        #expect(try !isAccepted { $0.kept = kept(3, 4, 5, 6, 7) })
        #expect(try !isAccepted { $0.kept = [Session.Kept(sequence: 4, bytes: [66])] })
        #expect(try isAccepted { $0.heard = 51 })
        #expect(try !isAccepted { $0.heard = 50 }, "it would have expired")
        #expect(try !isAccepted { $0.lowest = 0 })
    }
}
