internal import Raft

/// What the run remembers and no node may be asked: as much of it as the invariants still need.
///
/// What concerns a term that every node's disk has left behind can never matter again, and is forgotten;
/// so states with different pasts and the same future are one.
struct Memory: Hashable, Sendable {
    /// What is committed.
    var committed = PackedLog()
    /// The term of the leader that committed each of these entries; 0 for terms that are forgotten.
    private var committedIn = PackedLog()
    /// By term, from 1 on: who has led, the log that this leader had last, and who got whose vote (four bits
    /// a voter; one that has lost its disk is another voter, `maxNodes` further on).
    private var leaders: [UInt8]
    private var leaderLogs: [PackedLog]
    private var votes: [UInt64]
    /// For each read that waits: its number, who asked, and how much was committed when it came.
    private var reads: [Read] = []

    private struct Read: Hashable {
        var number: UInt8
        var node: UInt8
        var known: UInt8
    }

    /// A hand-over goes on beyond the term in which campaigns end, but never beyond this one.
    static let maxTerm: UInt64 = 8

    /// No cluster that is explored has more nodes.
    static let maxNodes: UInt8 = 8

    init() {
        leaders = Array(repeating: 0, count: Int(Self.maxTerm))
        leaderLogs = Array(repeating: PackedLog(), count: Int(Self.maxTerm))
        votes = Array(repeating: 0, count: Int(Self.maxTerm))
    }

    /// What a run has left behind that was followed in full.
    init(_ history: ModelHistory) {
        self.init()
        for entry in history.committed { committed.append(UInt8(entry.term.rawValue)) }
        for term in history.committedIn { committedIn.append(UInt8(term.rawValue)) }
        for term in 1...Self.maxTerm {
            let i = Int(term) - 1
            leaders[i] = UInt8(history.leaders[Term(term)]?.node.rawValue ?? 0)
            for entry in history.leaderLogs[Term(term)] ?? [] {
                leaderLogs[i].append(UInt8(entry.rawValue))
            }
            for voter in 1...UInt64(Self.maxNodes) {
                let wiped = voter + ModelNode.wipedIncarnation
                for (place, incarnations) in [
                    (UInt8(voter), [0, voter]), (UInt8(voter) + Self.maxNodes, [wiped]),
                ] {
                    let candidate = incarnations.lazy.compactMap { incarnation in
                        history.votes[
                            ModelHistory.Ballot(
                                term: Term(term), voter: NodeID(voter), incarnation: incarnation)]
                    }.first
                    if let candidate { setVote(of: place, i, to: UInt8(candidate.rawValue)) }
                }
            }
        }
    }

    /// Forgets the terms before `term`.
    mutating func forget(before term: UInt8) {
        committedIn.clear(below: term)
        for i in leaders.indices where i + 1 < Int(term) {
            leaders[i] = 0
            leaderLogs[i] = PackedLog()
            votes[i] = 0
        }
    }

    func encode(into writer: inout CanonicalWriter) {
        writer.add(committed.terms)
        writer.add(committedIn.terms)
        for i in leaders.indices {
            writer.add(name(leaders[i]))
            writer.add(leaderLogs[i].terms)
            var ballots: UInt64 = 0
            for voter in 1...2 * Self.maxNodes {
                let isWiped = voter > Self.maxNodes
                guard let candidate = name(candidate(of: voter, i)),
                    let place = name(isWiped ? voter - Self.maxNodes : voter)
                else { continue }
                ballots |=
                    UInt64(writer.name(of: candidate))
                    << UInt64(
                        4 * (Int(writer.name(of: place)) + (isWiped ? Int(Self.maxNodes) : 0) - 1))
            }
            writer.add(ballots)
        }
        writer.add(reads.count)
        for read in reads {
            writer.add(UInt64(read.number))
            writer.add(name(read.node))
            writer.add(UInt64(read.known))
        }
    }

    private func name(_ node: UInt8) -> NodeID? { node == 0 ? nil : NodeID(UInt64(node)) }

    private func candidate(of voter: UInt8, _ i: Int) -> UInt8 {
        UInt8(votes[i] >> UInt64(4 * (voter - 1)) & 0xF)
    }

    private mutating func setVote(of voter: UInt8, _ i: Int, to candidate: UInt8) {
        let shift = UInt64(4 * (voter - 1))
        votes[i] = votes[i] & ~(0xF << shift) | UInt64(candidate) << shift
    }

    // MARK: Judging

    /// Takes in what a node has done, and holds it against what is known.
    ///
    /// - Returns: What is wrong, if anything is.
    mutating func judge(_ deeds: Deeds, _ facts: LocalFacts) -> String? {
        precondition(deeds.term <= Self.maxTerm, "term \(deeds.term) is too high to explore")
        if deeds.hasCrashed { reads.removeAll { $0.node == deeds.node } }
        if deeds.read > 0 {
            reads.append(Read(number: deeds.read, node: deeds.node, known: committed.last))
        }
        return judgeCommit(deeds) ?? judgeVotes(deeds) ?? judgeElection(deeds, facts)
            ?? judgeLeader(deeds) ?? judgeWords(deeds, facts) ?? judgeReads(deeds)
    }

    private mutating func judgeCommit(_ deeds: Deeds) -> String? {
        guard deeds.commitTo > deeds.commitFrom else { return nil }
        // Entries of earlier terms are not committed by counting (thesis §3.6.2).
        if deeds.isLeader, deeds.commitTo > committed.last,
            deeds.log.term(at: Int(deeds.commitTo)) != deeds.term
        {
            return "leader \(deeds.node) counts replicas of an older term"
        }
        for index in Int(deeds.commitFrom) + 1...Int(deeds.commitTo) {
            guard index > Int(deeds.log.base) else {
                if index > Int(committed.last) {
                    return "node \(deeds.node) commits an unknown \(index)"
                }
                continue
            }
            let term = deeds.log.term(at: index)
            if index > Int(committed.last) {
                committed.append(term)
                committedIn.append(deeds.term)
            } else if committed.term(at: index) != term {
                return "node \(deeds.node) commits \(term)/\(index), others something else"
            }
        }
        return nil
    }

    /// One vote a term, over all crashes.
    private mutating func judgeVotes(_ deeds: Deeds) -> String? {
        // One that has lost its disk is another one.
        let voter = deeds.isWiped ? deeds.node + Self.maxNodes : deeds.node
        for vote in deeds.votes {
            let i = Int(vote.term) - 1
            let known = candidate(of: voter, i)
            if known != 0, known != vote.candidate {
                return "node \(deeds.node) votes for \(vote.candidate) and \(known) in \(vote.term)"
            }
            setVote(of: voter, i, to: vote.candidate)
        }
        return nil
    }

    /// Election safety, leader completeness, and a quorum of votes that were seen.
    private mutating func judgeElection(_ deeds: Deeds, _ facts: LocalFacts) -> String? {
        guard deeds.isElected else { return nil }
        let i = Int(deeds.term) - 1
        if leaders[i] != 0 { return "two leaders in term \(deeds.term)" }
        leaders[i] = deeds.node
        var supporters: UInt64 = 0
        // Counted is the one that the membership means, and any where it does not say.
        for voter in 1...Self.maxNodes {
            let bit: UInt64 = 1 << UInt64(voter - 1)
            let before = candidate(of: voter, i) == deeds.node && facts.pinnedAnew & bit == 0
            let after =
                candidate(of: voter + Self.maxNodes, i) == deeds.node && facts.pinned & bit == 0
            if before || after { supporters |= bit }
        }
        if facts.durableTerm == deeds.term, facts.durableVote == deeds.node {
            supporters |= 1 << UInt64(deeds.node - 1)
        }
        if !facts.isQuorum(supporters) { return "node \(deeds.node) leads without a quorum" }
        return judgeCompleteness(deeds)
    }

    /// A new leader has what was committed in earlier terms (thesis §3.6.3). Whoever wins an old term late
    /// need not have what a later one has committed.
    private func judgeCompleteness(_ deeds: Deeds) -> String? {
        var index = 1
        while index <= Int(committed.last) {
            let isOwed = committedIn.term(at: index) < deeds.term && index > Int(deeds.log.base)
            if isOwed, !deeds.log.contains(committed.term(at: index), at: index) {
                return "leader \(deeds.node) lacks committed \(index)"
            }
            index += 1
        }
        return nil
    }

    /// A leader never changes or removes its own entries.
    private mutating func judgeLeader(_ deeds: Deeds) -> String? {
        guard deeds.leads else { return nil }
        let i = Int(deeds.term) - 1
        let log = deeds.log.completed(by: committed)
        if !deeds.isElected, !log.extends(leaderLogs[i]) {
            return "leader \(deeds.node) changes its log"
        }
        leaderLogs[i] = log
        return nil
    }

    /// What is said to be committed is, and what is acknowledged is durable and the leader's.
    private func judgeWords(_ deeds: Deeds, _ facts: LocalFacts) -> String? {
        for claim in deeds.claims where claim.index > .zero {
            let index = Int(claim.index.rawValue)
            if index > Int(committed.last)
                || UInt64(committed.term(at: index)) != claim.term.rawValue
            {
                return "node \(deeds.node) says that \(claim) is committed"
            }
        }
        for word in deeds.acknowledgements {
            let log = leaderLogs[Int(word.term) - 1]
            let index = Int(word.index)
            guard index <= Int(log.last) else {
                return "node \(deeds.node) acknowledges \(index), which no leader has"
            }
            if !facts.hasDurably(log.term(at: index), at: index) {
                return "node \(deeds.node) acknowledges \(index) and has it not durably"
            }
        }
        return nil
    }

    /// A read sees all that was committed, by whomever, when it came (thesis §6.4).
    private mutating func judgeReads(_ deeds: Deeds) -> String? {
        for outcome in deeds.readOutcomes {
            guard let i = reads.firstIndex(where: { $0.number == UInt8(outcome.read.rawValue) })
            else {
                return "read \(outcome.read.rawValue) ends twice"
            }
            let read = reads.remove(at: i)
            guard let index = outcome.index else { continue }
            if index.rawValue < UInt64(read.known) {
                return "read \(read.number) at \(index), \(read.known) was committed"
            }
            if index.rawValue > UInt64(committed.last) {
                return "read \(read.number) at \(index), which is not committed"
            }
        }
        return nil
    }
}

/// Every memory that was met, each with a number, and what comes of each step for each of them.
struct MemoryTable {
    private(set) var memories: [Memory] = []
    private(set) var hashes: [Fingerprint] = []
    private var numbers: [Memory: UInt32] = [:]
    private var outcomes = NumberTable()
    private var forgotten = NumberTable()
    private(set) var violations: [String] = []
    private var writers: [CanonicalWriter]

    /// Marks the number of a violation among the outcomes.
    static let violationMark: UInt32 = 1 << 31

    init(renamings: [[UInt8]]) { writers = renamings.map { CanonicalWriter(names: $0) } }

    subscript(number: UInt32) -> Memory { memories[Int(number)] }

    mutating func number(of memory: Memory) -> UInt32 {
        if let known = numbers[memory] { return known }
        for i in writers.indices {
            writers[i].reset()
            memory.encode(into: &writers[i])
            hashes.append(Fingerprint(writers[i].bytes, kind: 3))
        }
        let number = UInt32(memories.count)
        numbers[memory] = number
        memories.append(memory)
        return number
    }

    /// The memory after a step, or the number of what is wrong with it.
    mutating func judge(
        _ number: UInt32, step: Int, _ deeds: Deeds, _ facts: LocalFacts
    ) -> UInt32 {
        let key = (UInt64(number) + 1) << 32 | UInt64(step)
        if let known = outcomes[key] { return known }
        var memory = memories[Int(number)]
        let outcome: UInt32
        if let violation = memory.judge(deeds, facts) {
            outcome = UInt32(violations.count) | Self.violationMark
            violations.append(violation)
        } else {
            outcome = self.number(of: memory)
        }
        outcomes.insert(key, outcome)
        return outcome
    }

    /// The memory without the terms before `term`.
    mutating func forget(_ number: UInt32, before term: UInt8) -> UInt32 {
        let key = (UInt64(number) + 1) << 8 | UInt64(term)
        if let known = forgotten[key] { return known }
        var memory = memories[Int(number)]
        memory.forget(before: term)
        let result = self.number(of: memory)
        forgotten.insert(key, result)
        return result
    }
}
