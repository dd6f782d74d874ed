internal import Raft

/// The reads that wait at this node. All that come in one turn share one question to the leader.
struct PendingReads {
    /// Reads that were asked for together.
    struct Group {
        var tickets: [ReadTicket]
        var deadline: Instant
    }

    /// Reads that no leader was asked about yet.
    var queued: [(ticket: ReadTicket, deadline: Instant)] = []
    /// Groups that wait for the leader's word, by its question's number, oldest first.
    private(set) var asked: [(id: ReadID, group: Group)] = []
    /// Groups that wait until the machine has applied so far.
    private(set) var confirmed: [(index: LogIndex, group: Group)] = []
    /// The number of the next question; starts at random in each life of the node.
    var nextID: UInt64 = 0
    private var lastTicket: UInt64 = 0

    var count: Int { queued.count + asked.count + confirmed.count }

    mutating func enqueue(deadline: Instant) -> ReadTicket {
        lastTicket += 1
        let ticket = ReadTicket(rawValue: lastTicket)
        queued.append((ticket, deadline))
        return ticket
    }

    /// Makes one question of all that is queued.
    mutating func ask() -> ReadID? {
        guard let first = queued.first else { return nil }
        let id = ReadID(nextID)
        nextID &+= 1
        asked.append((id, Group(tickets: queued.map(\.ticket), deadline: first.deadline)))
        queued.removeAll(keepingCapacity: true)
        return id
    }

    /// The leader has answered.
    mutating func confirm(_ id: ReadID, index: LogIndex) {
        guard let i = asked.firstIndex(where: { $0.id == id }) else { return }
        confirmed.append((index, asked.remove(at: i).group))
    }

    /// The leader cannot answer.
    mutating func refuse(_ id: ReadID) -> [ReadTicket] {
        guard let i = asked.firstIndex(where: { $0.id == id }) else { return [] }
        return asked.remove(at: i).group.tickets
    }

    /// Whether the machine can answer any read now.
    func hasReady(applied: LogIndex) -> Bool { confirmed.contains { $0.index <= applied } }

    /// Takes out the reads that the machine can answer now.
    mutating func takeReady(applied: LogIndex) -> [ReadTicket] {
        var ready: [ReadTicket] = []
        confirmed.removeAll { index, group in
            guard index <= applied else { return false }
            ready += group.tickets
            return true
        }
        return ready
    }

    /// Takes out the reads whose time is over.
    mutating func takeExpired(at now: Instant) -> [ReadTicket] {
        guard let next = nextDeadline, next <= now else { return [] }
        var expired: [ReadTicket] = []
        queued.removeAll { ticket, deadline in
            if deadline <= now { expired.append(ticket) }
            return deadline <= now
        }
        func isOver(_ group: Group) -> Bool {
            if group.deadline <= now { expired += group.tickets }
            return group.deadline <= now
        }
        asked.removeAll { isOver($0.group) }
        confirmed.removeAll { isOver($0.group) }
        return expired
    }

    /// Takes out everything.
    mutating func takeAll() -> [ReadTicket] {
        defer {
            queued.removeAll()
            asked.removeAll()
            confirmed.removeAll()
        }
        return queued.map(\.ticket) + asked.flatMap(\.group.tickets)
            + confirmed.flatMap(\.group.tickets)
    }

    /// The next deadline, if any read waits.
    var nextDeadline: Instant? {
        (queued.first?.deadline)
            .orSooner(asked.first?.group.deadline).orSooner(confirmed.first?.group.deadline)
    }
}
