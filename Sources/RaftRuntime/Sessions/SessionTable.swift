internal import Raft

/// One client's session.
struct Session: Hashable, Sendable {
    /// An answer that the client may not have yet.
    struct Kept: Hashable, Sendable {
        var sequence: UInt64
        var bytes: [UInt8]
    }

    let id: SessionID
    let terms: SessionTerms
    /// The cluster time at which the client was last heard.
    var heard: UInt64
    /// The lowest number that the client still waits for; what is below is never carried out any more.
    var lowest: UInt64 = 1
    /// The answers from `lowest` on, by number; what is not here was not carried out.
    var kept: [Kept] = []

    /// When the session is over if nothing more is heard.
    var deadline: UInt64 {
        let (sum, overflow) = heard.addingReportingOverflow(terms.lifetimeMilliseconds)
        return overflow ? .max : sum
    }

    /// The number just past those that are taken.
    var end: UInt64 { lowest + UInt64(terms.maxUnanswered) }

    /// The place in `kept` of a number, or where it would be inserted.
    func place(of sequence: UInt64) -> Int {
        // Nearly always the newest.
        guard let last = kept.last, last.sequence >= sequence else { return kept.count }
        var low = 0
        var high = kept.count
        while low < high {
            let middle = (low + high) / 2
            if kept[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// All sessions, ordered by id, and when they expire.
///
/// They lie in chunks, so that after a view was taken the first changes copy the list of chunks and
/// the chunks they touch, and not every session.
struct SessionTable: Sendable {
    /// Where a session lies, until the next one is closed or expires.
    struct Place: Hashable {
        var chunk: Int
        var offset: Int
    }

    /// What a command of a session comes to.
    enum Admission: Equatable {
        case carryOut
        case `repeat`([UInt8])
        case refuse(SessionRefusal)
    }

    static let chunkSize = 128

    /// No chunk is empty.
    private(set) var chunks: [[Session]] = []
    private(set) var count = 0
    /// The newest cluster time seen.
    private(set) var clock: UInt64 = 0
    /// One deadline a session, never later than the true one. Those of closed ones remain for a while.
    private(set) var deadlines = DeadlineHeap()

    init() {}

    /// Takes over sessions in rising order.
    init(clock: UInt64, _ sessions: [Session]) {
        self.clock = clock
        for session in sessions { append(session) }
    }

    private mutating func append(_ session: Session) {
        if let last = chunks.indices.last, chunks[last].count < Self.chunkSize {
            chunks[last].append(session)
        } else {
            chunks.append([session])
        }
        count += 1
        deadlines.push(session.deadline, session.id)
    }

    mutating func open(at index: LogIndex, _ terms: SessionTerms) -> SessionID {
        let id = SessionID(index.rawValue)
        append(Session(id: id, terms: terms, heard: clock))
        return id
    }

    func find(_ id: SessionID) -> Place? {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle][0].id <= id { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let chunk = low - 1
        low = 0
        high = chunks[chunk].count
        while low < high {
            let middle = (low + high) / 2
            if chunks[chunk][middle].id < id { low = middle + 1 } else { high = middle }
        }
        guard low < chunks[chunk].count, chunks[chunk][low].id == id else { return nil }
        return Place(chunk: chunk, offset: low)
    }

    /// Notes that the client was heard, and forgets what it needs no more.
    mutating func hear(_ place: Place, lowestUnanswered: UInt64) {
        chunks[place.chunk][place.offset].hear(at: clock, lowestUnanswered: lowestUnanswered)
    }

    /// Says what to do with a command.
    func admit(_ sequence: UInt64, to place: Place) -> Admission {
        chunks[place.chunk][place.offset].admit(sequence)
    }

    /// Keeps the answer to a command that was admitted and carried out.
    mutating func keep(_ answer: [UInt8], of sequence: UInt64, at place: Place) {
        chunks[place.chunk][place.offset].keep(answer, of: sequence)
    }

    mutating func close(_ place: Place) {
        remove(place)
        // As many left over as there are sessions: sweeping them costs what closing them did.
        if deadlines.count > 2 * count + Self.chunkSize {
            var heap = DeadlineHeap()
            swap(&heap, &deadlines)
            heap.removeAll { find($0) == nil }
            swap(&heap, &deadlines)
        }
    }

    private mutating func remove(_ place: Place) {
        count -= 1
        chunks[place.chunk].remove(at: place.offset)
        guard !chunks[place.chunk].isEmpty else {
            chunks.remove(at: place.chunk)
            return
        }
        // Neighbours that fit into half a chunk become one, so that few sessions lie in few chunks.
        let first = max(0, place.chunk - 1)
        guard first + 1 < chunks.count,
            chunks[first].count + chunks[first + 1].count <= Self.chunkSize / 2
        else { return }
        let second = chunks.remove(at: first + 1)
        chunks[first] += second
    }

    /// Ends the sessions whose time is over. Looks at a session that was heard at most once a lifetime.
    mutating func advance(to time: UInt64) {
        clock = max(clock, time)
        while let id = deadlines.popDue(at: clock) {
            guard let place = find(id) else { continue }
            let deadline = chunks[place.chunk][place.offset].deadline
            if deadline <= clock { remove(place) } else { deadlines.push(deadline, id) }
        }
    }
}

extension Session {
    mutating func hear(at clock: UInt64, lowestUnanswered: UInt64) {
        heard = clock
        guard lowestUnanswered > lowest else { return }
        lowest = lowestUnanswered
        kept.removeFirst(place(of: lowest))
    }

    func admit(_ sequence: UInt64) -> SessionTable.Admission {
        guard sequence >= lowest else { return .refuse(.tooOld(lowest: lowest)) }
        let place = place(of: sequence)
        if place < kept.count, kept[place].sequence == sequence {
            return .repeat(kept[place].bytes)
        }
        guard sequence < end else { return .refuse(.tooFarAhead(end: end)) }
        if terms.isOrdered {
            let expected = (kept.last?.sequence).map { $0 + 1 } ?? lowest
            guard sequence == expected else { return .refuse(.outOfOrder(expected: expected)) }
        }
        return .carryOut
    }

    mutating func keep(_ answer: [UInt8], of sequence: UInt64) {
        kept.insert(Kept(sequence: sequence, bytes: answer), at: place(of: sequence))
    }
}
