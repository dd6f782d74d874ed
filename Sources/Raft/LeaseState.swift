/// What a quorum of voters has promised a leader, as time on its own clock (thesis §6.4.1).
struct LeaseState: Hashable, Sendable {
    /// Until then, on this node's clock in nanoseconds, a quorum helps nobody to depose this leader.
    private(set) var end: UInt64 = 0
    /// Whether this leader has told another node to campaign: from then on promises protect it no more,
    /// for the rest of its term.
    var isVoid = false
    /// When rounds of heartbeats were sent that a quorum has not answered, oldest first.
    private var rounds: [Round] = []

    private struct Round: Hashable, Sendable {
        var number: UInt64
        var sentAt: UInt64
    }

    /// So many are remembered. When reads cause more rounds than that before the first is answered, the
    /// newest are left out: a quorum that answers one of them has answered those before it too.
    private static let maxRounds = 16

    /// The membership is another one: what the voters of the old one promised counts no more.
    mutating func restart() { end = 0 }

    /// Notes when a round was sent; nothing when nobody tells the time.
    mutating func noteRound(_ number: UInt64, sentAt: UInt64?) {
        guard let sentAt, rounds.count < Self.maxRounds else { return }
        rounds.append(Round(number: number, sentAt: sentAt))
    }

    /// A quorum has answered this round and has promised at least this much. The promise counts from the
    /// *sending* of the round, or of one before it: the answers say nothing of when it came.
    mutating func extend(answered round: UInt64, promiseNanoseconds: UInt64) {
        guard let sent = rounds.last(where: { $0.number <= round }) else { return }
        let (sum, isTooFar) = sent.sentAt.addingReportingOverflow(promiseNanoseconds)
        if !isTooFar { end = max(end, sum) }
        rounds.removeAll { $0.number < sent.number }
    }

    /// Writes what was promised, and when the open rounds were sent.
    func encode(into writer: inout CanonicalWriter) {
        writer.add(end)
        writer.add(isVoid)
        writer.add(rounds.count)
        for round in rounds {
            writer.add(round.number)
            writer.add(round.sentAt)
        }
    }
}
