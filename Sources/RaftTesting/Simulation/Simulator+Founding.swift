internal import Raft
internal import RaftRuntime
internal import RaftStorage
internal import RaftTransport

// A cluster that is being founded: its nodes start one after the other, meet by handshakes that are lost,
// late and doubled, and crash and lose their disks meanwhile. The handshakes are the production ones.

/// What is known from outside of a node's part in the founding of its cluster.
struct FoundingHistory {
    /// Whether it was started as a founder, with a directory of its own.
    var isFounder = false
    /// Whether its name had another disk before.
    var isAnew = false
    /// Whether it takes part.
    var isDone = false
    /// Whether its process has ended before it did.
    var hasEnded = false
    /// Whether somebody has not answered it, because he knows of another incarnation.
    var isRefused = false
    /// The processes that have answered this one, by place.
    var greeted: [Int: Int] = [:]
}

/// A hello, or the answer to one.
struct SimulatedHandshake {
    var bytes: [UInt8]
    var from: Int
    var to: Int
    /// What the disks of both were.
    var generations: [Int]
    /// The process that has dialled.
    var life: Int
    var isAnswer: Bool
}

extension Simulator {
    /// The founders' names, which is all that they are told.
    var foundingMembership: Configuration {
        Configuration(voters: nodes[..<surroundings.nodeCount].map(\.id))
    }

    /// Whether all founders take part that still can.
    var isFounded: Bool {
        !nodes[..<surroundings.nodeCount].contains { isFounding($0) && !$0.isLost && canFound($0) }
    }

    /// Whether a node is a founder that does not take part yet.
    func isFounding(_ node: SimulatedNode) -> Bool {
        node.founding.isFounder && !node.founding.isDone
    }

    func beginFounding() {
        for node in nodes where !node.isDormant {
            guard chance(500) else {
                start(node)
                continue
            }
            plan(.restart(node.place, life: node.life), after: milliseconds(0...5000))
        }
        plan(after: milliseconds(0...300)) { $0.disturbFounding(left: $0.draw(0...10)) }
    }

    private func disturbFounding(left: Int) {
        guard left > 0, isTroubled, !isFounded else { return }
        plan(after: milliseconds(5...500)) { $0.disturbFounding(left: left - 1) }
        let victim = nodes[draw(0...surroundings.nodeCount - 1)]
        note("the founding is disturbed at node \(victim.id)")
        switch draw(0...9) {
        case 0, 1: if victim.isUp { kill(victim) }
        case 2: if victim.isUp { losePower(victim) }
        case 3...6: victim.disk.lastCall = victim.disk.callCount + draw(1...12)
        case 7, 8: wipe(victim)
        default: partition(.cutOneWay, victim)
        }
    }

    // MARK: What became of it

    /// A process has begun; whoever has completed the founding before takes part at once.
    func beginToMeet(_ node: SimulatedNode) {
        if isFounding(node), node.process?.loop.awaitedFounders.isEmpty == true,
            let configuration = node.process?.loop.core.configuration
        {
            founded(node, configuration)
        }
        let life = node.life
        plan(after: milliseconds(0...20)) { $0.dial(from: node, life) }
    }

    func founded(_ node: SimulatedNode, _ configuration: Configuration) {
        node.founding.isDone = true
        checker.tookPart(node, configuration)
        if node.founding.hasEnded { mark(.foundedAfterCrash) }
        if node.founding.isAnew { mark(.foundedAfterWipe) }
        if isFounded { mark(.founded) }
    }

    /// Whether a founder could still get to take part: no other one has put down an incarnation of it that is
    /// gone, nor it one of theirs; and all are there.
    func canFound(_ node: SimulatedNode) -> Bool {
        let known = node.foundingRecord?.members ?? []
        return nodes[..<surroundings.nodeCount].allSatisfy { peer in
            guard peer !== node else { return true }
            let isKnown = known.first { $0.id == peer.id }?.incarnation ?? peer.incarnation
            return !peer.isLost && isKnown == peer.incarnation && mayAnswer(node, peer)
        }
    }

    private func mayAnswer(_ node: SimulatedNode, _ peer: SimulatedNode) -> Bool {
        let known = peer.foundingRecord?.members.first { $0.id == node.id }?.incarnation
        guard !isFounding(peer) else { return known == nil || known == node.incarnation }
        guard known == node.incarnation else { return false }
        guard let configuration = peer.process?.loop.configuration else { return true }
        let pinned = configuration.member(node.id)?.incarnation
        return pinned == 0 || pinned == node.incarnation
    }

    /// Whether a disk may be lost. Until the founding is over only one of whom nobody knows, lest there be
    /// nothing to see for the rest of the run; but for some runs.
    func canWipe(_ node: SimulatedNode) -> Bool {
        guard surroundings.meetsFounders, !isFounded else { return canLose(node) }
        return surroundings.rotsWithoutLimit
            || !nodes.contains { peer in
                peer.foundingRecord?.members.contains {
                    $0.id == node.id && $0.incarnation == node.incarnation
                } == true && peer !== node
            }
    }

    // MARK: Handshakes

    /// Says hello to all that have not answered this process, and tries again after a while.
    private func dial(from node: SimulatedNode, _ life: Int) {
        guard node.life == life, node.isUp else { return }
        plan(after: milliseconds(30...400)) { $0.dial(from: node, life) }
        guard time >= node.pausedUntil, let identity = node.process?.loop.identity,
            let awaited = node.process?.loop.awaitedFounders
        else { return }
        for peer in nodes where peer !== node && !peer.isDormant {
            guard node.founding.greeted[peer.place] != peer.life else { continue }
            let handshake = Handshake.dialling(
                KnownPeer(peer.id), as: identity, isFounding: !awaited.isEmpty)
            var bytes: [UInt8] = []
            do throws(EncodeError) { try handshake.start(into: &bytes) } catch { continue }
            transmit(
                SimulatedHandshake(
                    bytes: bytes, from: node.place, to: peer.place,
                    generations: [node.generation, peer.generation], life: life, isAnswer: false))
        }
    }

    private func transmit(_ handshake: SimulatedHandshake) {
        let link = links.link(handshake.from, handshake.to)
        traceHash.mix(link, handshake.bytes.count)
        guard !links.isCut(link), !isTroubled || !chance(max(100, lossPermille)) else {
            return mark(.messageLost)
        }
        for _ in 0...(isTroubled && chance(100) ? 1 : 0) {
            var delay = duration(surroundings.minDelay...surroundings.maxDelay)
            if isTroubled, chance(100) { delay += milliseconds(50...3000) }
            plan(after: delay) { $0.deliver(handshake) }
        }
    }

    private func deliver(_ handshake: SimulatedHandshake) {
        let (from, to) = (nodes[handshake.from], nodes[handshake.to])
        guard to.isUp, !links.isCut(links.link(handshake.from, handshake.to)),
            to.generation == handshake.generations[1],
            // What a disk has said that is gone may spoil a founding, but not in calm.
            from.generation == handshake.generations[0] || isTroubled && !handshake.isAnswer,
            !handshake.isAnswer || to.life == handshake.life
        else { return }
        hand(.handshake(handshake), toInboxOf: to)
    }

    func take(_ handshake: SimulatedHandshake, at node: SimulatedNode) {
        let peer = nodes[handshake.from]
        guard let identity = node.process?.loop.identity else { return }
        var answer: [UInt8] = []
        do throws(EncodeError) {
            if handshake.isAnswer {
                let dialled = Handshake.dialling(knownPeer(peer.id, at: node), as: identity)
                guard
                    case .established(let other, _, _, _) = try dialled.receive(
                        handshake.bytes.span, into: &answer)
                else { return }
                note("node \(node.id) is answered by node \(peer.id), \(other.incarnation)")
                node.founding.greeted[peer.place] = peer.life
                node.process?.loop.wasMet(by: other)
                return
            }
            let accepting = Handshake.accepting(from: knownPeers(at: node), as: identity)
            switch try accepting.receive(handshake.bytes.span, into: &answer) {
            case .established(let other, _, _, let isFounding):
                if node.process?.loop.meet(other, isFounding: isFounding) == true { break }
                noteRefused(peer, node)
                _ = try accepting.refuseFounder(other, into: &answer)
            case .refused(let refusal, _):
                if refusal.reason == .wrongIncarnation { noteRefused(peer, node) }
            case .needMore: return checker.expect(false, "a handshake is not whole")
            }
        } catch { return checker.expect(false, "a handshake cannot be written: \(error)") }
        guard !node.disk.isOff else { return }
        transmit(
            SimulatedHandshake(
                bytes: answer, from: node.place, to: peer.place,
                generations: [node.generation, handshake.generations[0]], life: handshake.life,
                isAnswer: true))
    }

    private func noteRefused(_ founder: SimulatedNode, _ node: SimulatedNode) {
        guard node.process?.loop.failure == nil, isFounding(founder), !founder.founding.isRefused
        else { return }
        note("node \(node.id) knows another disk of node \(founder.id)")
        founder.founding.isRefused = true
        mark(.founderRefused)
    }

    /// Whom a node lets in, as its host would have it. A founder is let in by what the founding knows alone.
    private func knownPeers(at node: SimulatedNode) -> [KnownPeer] {
        guard let configuration = node.process?.loop.configuration,
            let leader = node.process?.loop.core.leader as NodeID??
        else { return [] }
        let knowsAll = configuration.members.isEmpty || leader == nil
        return nodes.filter { $0 !== node && (knowsAll || configuration.isMember($0.id)) }
            .map { knownPeer($0.id, at: node) }
    }

    private func knownPeer(_ peer: NodeID, at node: SimulatedNode) -> KnownPeer {
        let pinned = node.process?.loop.configuration.member(peer)?.incarnation ?? 0
        guard pinned != 0, !isFounding(node) else { return KnownPeer(peer) }
        let leader = node.process?.loop.core.leader
        // Whoever has no leader may be the one that is behind.
        return leader == nil || leader == peer
            ? KnownPeer(peer, presumedIncarnation: pinned) : KnownPeer(peer, incarnation: pinned)
    }
}

extension SimulatedNode {
    /// What it has put down of the founders.
    var foundingRecord: FoundingRecord? {
        guard let bytes = disk.contents(of: "/data/founding") else { return nil }
        return try? FoundingRecord(bytes.span)
    }
}
