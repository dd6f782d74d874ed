internal import Raft
internal import Testing
internal import Wire

@testable internal import RaftRuntime

/// Chance against sessions: retries, duplicates, wrong orders, silence, snapshots.
@Suite struct `Sessions and their twin` {
    private typealias Machine = SessionMachine<Book>

    private struct Run {
        var machine = Machine(Book())
        var twin = SessionTwin()
        var random: SplitMix64
        /// Few sessions that end soon, or some hundred.
        var longestLife = 2000
        var index: UInt64 = 0
        var time: UInt64 = 1000
        var ids: [SessionID] = []
        var seen: [String: Int] = [:]
        var mostChunks = 0

        mutating func number(_ range: ClosedRange<Int>) -> Int {
            Int.random(in: range, using: &random)
        }

        mutating func command() -> SessionCommand {
            let id =
                ids.isEmpty ? SessionID(9) : ids[number(max(0, ids.count - 40)...ids.count - 1)]
            let base = UInt64(number(1...40))
            switch number(0...99) {
            case 0...2: return .plain
            case 3...12:
                let terms = SessionTerms(
                    lifetimeMilliseconds: UInt64(number(20...longestLife)),
                    maxUnanswered: number(1...9),
                    isOrdered: number(0...2) == 0)
                return .open(terms, maxSessions: number(0...9) == 0 ? 4 : 400)
            case 13...15: return .close(id)
            case 16...20: return .keepAlive(id, lowestUnanswered: UInt64(number(1...3)))
            default: break
            }
            // Mostly what the session would take next, else anything.
            guard number(0...4) > 0, let session = twin.sessions.first(where: { $0.id == id })
            else {
                return .command(
                    id, sequence: base, lowestUnanswered: UInt64(number(1...Int(base))))
            }
            let newest = session.done.map(\.sequence).max() ?? 0
            let next = max(session.lowest, newest + 1)
            let sequence = max(1, next - UInt64(number(0...min(3, Int(next)))))
            let lowest = sequence - UInt64(number(0...min(4, Int(sequence) - 1)))
            return .command(id, sequence: sequence, lowestUnanswered: max(1, lowest))
        }

        mutating func step() throws {
            index += UInt64(number(1...2))
            time += UInt64(number(0...9) == 0 ? number(0...300) : number(0...4))
            let command = command()
            let inner = [UInt8(number(0...255)), UInt8(number(0...255))]
            let carries: Bool
            switch command {
            case .plain, .command: carries = true
            case .open, .keepAlive, .close: carries = false
            }
            let position = LogPosition(
                entry: EntryID(term: Term(1), index: LogIndex(index)), timeMilliseconds: time)
            let bytes = command.encoded(with: carries ? inner : [])
            let reply = try machine.apply(bytes.span, at: position)
            let before = twin.lines.count
            let expected = twin.apply(command, inner, index: index, time: time)
            #expect(reply == expected, "\(command) at \(index)")
            if case .opened(let id) = reply { ids.append(id) }
            mostChunks = max(mostChunks, machine.sessions.chunks.count)
            if case .done = reply, twin.lines.count == before { seen["repeated", default: 0] += 1 }
            if case .refused(let refusal) = reply {
                seen[String("\(refusal)".prefix { $0 != "(" }), default: 0] += 1
            }
        }

        /// The state that was written is the state that goes on.
        mutating func moveThroughSnapshot() throws {
            let bytes = try machine.image().bytes()
            var restored = Machine(Book())
            try restored.restore(from: bytes.span)
            #expect(try restored.image().bytes() == bytes)
            machine = restored
        }
    }

    @Test(arguments: 0..<8)
    func `random entries have the outcomes that the explanation gives`(seed: UInt64) throws {
        var run = Run(random: SplitMix64(seed: seed), longestLife: seed % 2 == 0 ? 2000 : 80_000)
        for round in 0..<4000 {
            try run.step()
            if round % 97 == 0 {
                #expect(run.machine.inner.lines == run.twin.lines)
                #expect(run.machine.sessionCount == run.twin.sessions.count)
                try run.moveThroughSnapshot()
            }
        }
        #expect(seed % 2 == 0 || run.mostChunks > 1)
        for kind in [
            "repeated", "sessionUnknown", "tooOld", "tooFarAhead", "outOfOrder", "tooManySessions",
        ] { #expect(run.seen[kind, default: 0] > 0, "\(kind) was never reached") }
    }

    @Test func `a view does not change while the machine goes on`() throws {
        var run = Run(random: SplitMix64(seed: 77))
        for _ in 0..<2000 { try run.step() }
        let image = run.machine.image()
        let bytes = try image.bytes()
        for _ in 0..<2000 { try run.step() }
        #expect(try image.bytes() == bytes)
        #expect(try run.machine.image().bytes() != bytes)
    }

    @Test func `no bytes trap the reading of a snapshot and what is accepted is exact`() throws {
        var run = Run(random: SplitMix64(seed: 5))
        for _ in 0..<300 { try run.step() }
        let bytes = try run.machine.image().bytes()
        let kept = try run.machine.image().bytes()
        for length in bytes.indices {
            #expect(throws: DecodeError.self, "prefix of \(length)") {
                try run.machine.restore(from: bytes.span.extracting(0..<length))
            }
        }
        var accepted = 0
        for i in bytes.indices {
            for bit in [1, 2, 128] as [UInt8] {
                var damaged = bytes
                damaged[i] ^= bit
                var machine = Machine(Book())
                guard (try? machine.restore(from: damaged.span)) != nil else { continue }
                accepted += 1
                #expect(try machine.image().bytes() == damaged, "byte \(i)")
            }
        }
        #expect(accepted > 0, "times and contents may be other ones")
        #expect(try run.machine.image().bytes() == kept, "a failed restore changes nothing")
    }
}
