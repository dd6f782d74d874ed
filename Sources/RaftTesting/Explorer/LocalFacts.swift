internal import Raft

/// What the others' invariants need to know of a node, in numbers that compare fast.
struct LocalFacts: Sendable {
    var node: UInt8
    var isUp: Bool
    var isLeader: Bool
    var term: UInt8
    var durableTerm: UInt8
    var durableVote: UInt8
    var log: PackedLog
    var durable: PackedLog
    var durableSnapshot: UInt8
    var commit: UInt8
    /// The leader's belief of how far each node's log agrees, a byte a node.
    var matches: UInt64 = 0
    /// The voters of each half of its membership, a bit a node; the second is 0 unless it is joint.
    var incoming: UInt64
    var outgoing: UInt64
    /// Whether it has lost its disk; and whom its membership knows from before such a loss, and whom as the
    /// one after it, a bit a node.
    var isWiped: Bool
    var pinned: UInt64 = 0
    var pinnedAnew: UInt64 = 0
    /// The places of memberships in the log, a bit an entry.
    var changes: UInt64 = 0

    init(_ node: ModelNode) {
        let core = node.core
        let contents = node.disk.durable
        self.node = UInt8(node.id.rawValue)
        isUp = node.isUp
        isLeader = node.isUp && core.roleName == .leader
        durableTerm = UInt8(contents.hardState.term.rawValue)
        durableVote = UInt8(contents.hardState.vote?.rawValue ?? 0)
        term = node.isUp ? UInt8(core.term.rawValue) : durableTerm
        durable = PackedLog(contents.log)
        log = node.isUp ? PackedLog(node.log) : durable
        durableSnapshot = UInt8(contents.snapshot?.lastIncluded.index.rawValue ?? 0)
        commit = node.isUp ? UInt8(core.commitIndex.rawValue) : 0
        incoming = Self.mask(core.configuration.incoming)
        outgoing = Self.mask(core.configuration.outgoing)
        isWiped = node.incarnation >= ModelNode.wipedIncarnation
        for member in core.configuration.roster where member.incarnation != 0 {
            let bit: UInt64 = 1 << (member.id.rawValue - 1)
            if member.incarnation < ModelNode.wipedIncarnation {
                pinned |= bit
            } else {
                pinnedAnew |= bit
            }
        }
        for (offset, entry) in (node.isUp ? node.log : contents.log).entries.enumerated()
        where entry.configuration != nil {
            changes |= 1 << (UInt64(log.base) + UInt64(offset))
        }
        guard isLeader else { return }
        for peer in core.peers {
            matches |= peer.matchIndex.rawValue << (8 * (peer.node.rawValue - 1))
        }
    }

    private static func mask(_ nodes: [NodeID]) -> UInt64 {
        nodes.reduce(0) { $0 | 1 << ($1.rawValue - 1) }
    }

    /// Whether its disk has this entry, in the log or within the snapshot.
    func hasDurably(_ term: UInt8, at index: Int) -> Bool {
        index < Int(durable.base) || durable.contains(term, at: index)
            || index <= Int(durableSnapshot)
    }

    /// Whether its membership knows a node as another one than it is: the one that it was before it lost its
    /// disk, or the one that it will be then.
    func knowsAnother(_ other: LocalFacts) -> Bool {
        (other.isWiped ? pinned : pinnedAnew) >> UInt64(other.node - 1) & 1 == 1
    }

    /// Whether nodes, a bit each, are a quorum by this node's membership: the definition, word by word.
    func isQuorum(_ nodes: UInt64) -> Bool {
        2 * (nodes & incoming).nonzeroBitCount > incoming.nonzeroBitCount
            && (outgoing == 0
                || 2 * (nodes & outgoing).nonzeroBitCount > outgoing.nonzeroBitCount)
    }
}

extension ModelNode {
    /// Writes all that what this node does next depends on, the host's part after the core's.
    func encode(into writer: inout CanonicalWriter) {
        writer.add(id)
        writer.add(isUp)
        encodeDisk(into: &writer)
        writer.add(incarnation)
        writer.add(founding)
        guard isUp else { return }
        core.encode(into: &writer)
        var armed: UInt64 = 0
        for timer in timers { armed |= 1 << UInt64(timer.timer.rawValue) }
        writer.add(armed)
        writer.add(appliedIndex)
        writer.add(incoming?.lastIncluded)
        writer.add(incoming?.bytes ?? 0)
        writer.add(unstoredSnapshot != nil)
        unstoredSnapshot?.encode(into: &writer)
        writer.add(needsFlush)
    }

    /// What is durable and what is on its way there; the host's log is the sum of both.
    private func encodeDisk(into writer: inout CanonicalWriter) {
        let contents = disk.durable
        writer.add(contents.hardState)
        writer.add(contents.log.base)
        writer.add(contents.log.entries.count)
        for entry in contents.log.entries { encode(entry, into: &writer) }
        writer.add(contents.snapshot != nil)
        contents.snapshot?.encode(into: &writer)
        writer.add(disk.pending.count)
        for write in disk.pending {
            switch write {
            case .persist(let persist, let entries):
                writer.add(1)
                writer.add(persist.hardState != nil)
                if let state = persist.hardState { writer.add(state) }
                writer.add(persist.entries?.first)
                writer.add(entries.count)
                for entry in entries { encode(entry, into: &writer) }
            case .reset(let base):
                writer.add(2)
                writer.add(base)
            case .compact(let base):
                writer.add(3)
                writer.add(base)
            }
        }
    }

    /// Of a command only its place matters.
    private func encode(_ entry: ModelEntry, into writer: inout CanonicalWriter) {
        writer.add(entry.term)
        writer.add(entry.configuration)
    }
}

extension ModelPacket {
    /// Writes the message and whose it is.
    func encode(into writer: inout CanonicalWriter) {
        writer.add(message)
        writer.add(sender)
    }

    /// Whether its arrival means nothing to one whose term is newer: an answer to a question of the past.
    var isVainWhenOutdated: Bool {
        switch message.body {
        case .voteResponse, .appendResponse, .heartbeatResponse, .snapshotResponse,
            .readIndexResponse, .timeoutNow:
            true
        case .preVoteResponse, .preVoteRequest, .voteRequest, .append, .heartbeat, .commitNotice,
            .snapshotPart, .readIndexRequest:
            false
        }
    }
}
