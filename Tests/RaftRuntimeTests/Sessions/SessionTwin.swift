internal import RaftRuntime

/// Sessions as one would explain them: nothing is forgotten before its time, everything is searched.
struct SessionTwin {
    struct Entry {
        var id: SessionID
        var terms: SessionTerms
        var heard: UInt64
        var lowest: UInt64
        var done: [(sequence: UInt64, answer: [UInt8])]
    }

    var sessions: [Entry] = []
    var lines: [[UInt8]] = []

    mutating func apply(
        _ command: SessionCommand, _ inner: [UInt8], index: UInt64, time: UInt64
    ) -> SessionReply<[UInt8]> {
        sessions.removeAll { time >= $0.heard + $0.terms.lifetimeMilliseconds }
        switch command {
        case .plain: return .done(write(inner))
        case .open(let terms, let limit):
            if sessions.count >= limit { return .refused(.tooManySessions(limit: limit)) }
            let id = SessionID(index)
            sessions.append(Entry(id: id, terms: terms, heard: time, lowest: 1, done: []))
            return .opened(id)
        case .command(let id, let sequence, let lowest):
            guard let i = hear(id, lowest, time) else { return .refused(.sessionUnknown) }
            return run(sequence, inner, i)
        case .keepAlive(let id, let lowest):
            return hear(id, lowest, time) == nil ? .refused(.sessionUnknown) : .alive
        case .close(let id):
            guard let i = sessions.firstIndex(where: { $0.id == id }) else {
                return .refused(.sessionUnknown)
            }
            sessions.remove(at: i)
            return .closed
        }
    }

    private mutating func hear(_ id: SessionID, _ lowest: UInt64, _ time: UInt64) -> Int? {
        guard let i = sessions.firstIndex(where: { $0.id == id }) else { return nil }
        sessions[i].heard = time
        sessions[i].lowest = max(sessions[i].lowest, lowest)
        return i
    }

    private mutating func run(
        _ sequence: UInt64, _ inner: [UInt8], _ i: Int
    ) -> SessionReply<[UInt8]> {
        let session = sessions[i]
        if sequence < session.lowest { return .refused(.tooOld(lowest: session.lowest)) }
        for (done, answer) in session.done where done == sequence { return .done(answer) }
        let end = session.lowest + UInt64(session.terms.maxUnanswered)
        if sequence >= end { return .refused(.tooFarAhead(end: end)) }
        if session.terms.isOrdered {
            let newest = session.done.map(\.sequence).max() ?? 0
            let expected = max(session.lowest, newest + 1)
            if sequence != expected { return .refused(.outOfOrder(expected: expected)) }
        }
        let answer = write(inner)
        sessions[i].done.append((sequence, answer))
        return .done(answer)
    }

    private mutating func write(_ inner: [UInt8]) -> [UInt8] {
        lines.append(inner)
        return Book.answer(to: inner, after: lines.count - 1)
    }
}
