// Linearizable reads without a log entry (ReadIndex, thesis §6.4).
//
// A read may be answered from any state that has applied what was committed when the read came, if
// this leader still was the leader after it came. So the leader notes its commit index, then sends a
// round of heartbeats, and waits until a quorum has answered that round or a later one. Rounds are
// numbered by the leader alone, upwards, within one term: an answer to an earlier round, however
// late, vouches for nothing that came after it.

extension RaftCore {
    mutating func receiveRead(_ read: ReadID, from origin: NodeID?, into effects: inout [Effect]) {
        switch role {
        case .leader(let leadership):
            // Asked again: the first one waits, and will be answered.
            if origin != nil,
                leadership.reads.contains(where: { $0.id == read && $0.origin == origin })
            {
                return
            }
            guard leadership.reads.count < settings.maxPendingReads else {
                return refuse(read, for: origin, .overloaded, into: &effects)
            }
            if isLeased { return serve(read, for: origin, at: commitIndex, into: &effects) }
            // Before the term's first commit the commit index may lag behind an earlier leader's.
            let index = commitIndex >= leadership.firstIndex ? commitIndex : nil
            role.leadership.reads.append(
                Leadership.PendingRead(id: read, origin: origin, index: index, round: nil))
            if index != nil { role.leadership.needsRound = true }
        case .follower(let follower):
            guard origin == nil, let leader = follower.leader else {
                return refuse(read, for: origin, .noLeader, into: &effects)
            }
            // A question or its answer may be lost, and then nobody ends it here: the oldest makes room.
            if let oldest = follower.reads.first, follower.reads.count >= settings.maxPendingReads {
                role.follower.reads.removeFirst()
                refuse(oldest.id, for: nil, .overloaded, into: &effects)
            }
            role.follower.reads.append(Role.Question(id: read))
            send(.readIndexRequest(read), to: leader, into: &effects)
        case .preCandidate, .candidate: refuse(read, for: origin, .noLeader, into: &effects)
        }
    }

    /// The leader's word on a read that this follower asked for.
    mutating func receiveReadIndex(_ read: ReadID, index: LogIndex?, into effects: inout [Effect]) {
        guard case .follower(let follower) = role,
            let i = follower.reads.firstIndex(where: { $0.id == read })
        else {
            return  // late or doubled: refused or answered already
        }
        role.follower.reads.remove(at: i)
        if let index {
            effects.append(.readReady(read, index: index))
        } else {
            effects.append(.readRefused(read, .noLeader))
        }
    }

    /// The leader lives, so a question that two of its heartbeats did not answer may be lost on the way. Asking
    /// again does no harm: the later answer to the same question is of no use to anybody. But others' reads
    /// cause heartbeats at any rate, so each time it takes twice as many.
    mutating func askAgain(into effects: inout [Effect]) {
        guard case .follower(let follower) = role, let leader = follower.leader else { return }
        for i in follower.reads.indices {
            guard role.follower.reads[i].isOverdueNow() else { continue }
            send(.readIndexRequest(follower.reads[i].id), to: leader, into: &effects)
        }
    }

    /// The reads that wait for a round are confirmed by this one.
    mutating func assignRound(_ round: UInt64) {
        role.leadership.needsRound = false
        for i in role.leadership.reads.indices {
            guard role.leadership.reads[i].index != nil, role.leadership.reads[i].round == nil
            else {
                continue
            }
            role.leadership.reads[i].round = round
        }
    }

    /// The term's first entry is committed: reads that came before it may start.
    mutating func releaseReads(into effects: inout [Effect]) {
        guard commitIndex >= role.leadership.firstIndex else { return }
        for i in role.leadership.reads.indices where role.leadership.reads[i].index == nil {
            role.leadership.reads[i].index = commitIndex
            role.leadership.needsRound = true
        }
    }

    /// Answers the reads whose round a quorum has answered, this leader included.
    mutating func confirmReads(into effects: inout [Effect]) {
        guard case .leader(let leadership) = role, !leadership.reads.isEmpty else { return }
        let confirmed = configuration.quorumValue { node in
            if node == id { return leadership.round }
            return leadership.peers.first { $0.node == node }?.answeredRound ?? 0
        }
        guard let confirmed else { return }
        var waiting: [Leadership.PendingRead] = []
        for read in leadership.reads {
            if let round = read.round, let index = read.index, round <= confirmed {
                serve(read.id, for: read.origin, at: index, into: &effects)
            } else {
                waiting.append(read)
            }
        }
        role.leadership.reads = waiting
    }

    private mutating func serve(
        _ read: ReadID, for origin: NodeID?, at index: LogIndex, into effects: inout [Effect]
    ) {
        if let origin {
            send(.readIndexResponse(read, index: index), to: origin, into: &effects)
        } else {
            effects.append(.readReady(read, index: index))
        }
    }

    /// Refuses all that wait: the leader is lost, or this node leads no more.
    mutating func refuseReads(into effects: inout [Effect]) {
        switch role {
        case .follower(let follower):
            guard !follower.reads.isEmpty else { return }
            role.follower.reads = []
            for read in follower.reads { effects.append(.readRefused(read.id, .noLeader)) }
        case .leader(let leadership):
            role.leadership.reads = []
            for read in leadership.reads {
                refuse(read.id, for: read.origin, .noLeader, into: &effects)
            }
        case .preCandidate, .candidate: break
        }
    }

    private mutating func refuse(
        _ read: ReadID, for origin: NodeID?, _ refusal: ReadRefusal, into effects: inout [Effect]
    ) {
        if let origin {
            send(.readIndexResponse(read, index: nil), to: origin, into: &effects)
        } else {
            effects.append(.readRefused(read, refusal))
        }
    }
}
