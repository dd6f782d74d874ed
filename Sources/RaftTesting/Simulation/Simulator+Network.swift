internal import Raft
internal import RaftRuntime
internal import RaftTransport
internal import Wire

// The network: production frames, late, lost, doubled and out of order.

extension Simulator {
    func send(_ envelope: Envelope, from node: SimulatedNode, to peer: SimulatedNode) {
        var frame: [UInt8] = []
        do throws(EncodeError) {
            try FrameEncoder().append(envelope, to: &frame)
        } catch {
            return checker.expect(false, "node \(node.id) sent what cannot be written: \(error)")
        }
        let link = links.link(node.place, peer.place)
        traceHash.mix(UInt64(link) << 32 ^ checksum(frame))
        let isProtocol = if case .raft = envelope { true } else { false }
        guard !links.isCut(link), !chance(lossPermille),
            passes(EnvelopeKind(envelope), frame.count, link)
        else {
            mark(.messageLost)
            return note("\(node.id) -> \(peer.id) lost \(envelope.outline)")
        }
        note("\(node.id) -> \(peer.id) \(envelope.outline)")
        transmit(frame, node, peer, isProtocol)
        // At most once is promised for forwarded work; the protocol's own messages bear to be doubled.
        guard isProtocol, isTroubled else { return }
        if chance(surroundings.doublingPermille) {
            mark(.messageDoubled)
            transmit(frame, node, peer, isProtocol)
        }
        if chance(echoPermille) { keepForLater(frame, node, peer) }
    }

    /// Whether what is wrong with a link lets this frame through.
    private func passes(_ kind: EnvelopeKind, _ bytes: Int, _ link: Int) -> Bool {
        if links.troubles[link].lostKind == kind {
            mark(.kindLost)
            return false
        }
        if bytes > links.troubles[link].maxFrameBytes {
            mark(.bigMessageLost)
            return false
        }
        return true
    }

    /// The same message comes once more, after others have led, and over whatever connection.
    private func keepForLater(_ frame: [UInt8], _ node: SimulatedNode, _ peer: SimulatedNode) {
        let parcel = Parcel(frame, from: node, to: peer, connection: nil)
        plan(after: milliseconds(2000...40_000)) { simulator in
            guard simulator.isTroubled else { return }
            simulator.mark(.veryOldMessage)
            simulator.deliver(parcel)
        }
    }

    /// The last four bytes of a frame are the checksum of its payload.
    private func checksum(_ frame: [UInt8]) -> UInt64 {
        frame.suffix(4).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func transmit(
        _ frame: [UInt8], _ node: SimulatedNode, _ peer: SimulatedNode, _ isProtocol: Bool
    ) {
        let link = links.link(node.place, peer.place)
        var departure = time
        if links.troubles[link].nanosecondsPerByte > 0 {
            guard let sent = links.passSlowly(frame.count, over: link, at: time) else {
                return mark(.queueOverflowed)
            }
            departure = sent
        }
        var arrival = departure + duration(surroundings.minDelay...surroundings.maxDelay)
        if isTroubled, chance(surroundings.stragglerPermille) {
            arrival += milliseconds(100...4000)
        }
        if surroundings.isOrdered {
            arrival = max(arrival, links.lastArrival[link] + 1)
        } else if arrival < links.lastArrival[link] {
            mark(.messageOvertaken)
        }
        links.lastArrival[link] = max(links.lastArrival[link], arrival)
        let connection = links.connections[links.pair(node.place, peer.place)]
        let parcel = Parcel(
            frame, from: node, to: peer,
            connection: isProtocol && surroundings.keepsStragglers
                ? nil : connection)
        queue.plan(.deliver(parcel), at: arrival)
    }

    func deliver(_ parcel: Parcel) {
        let (from, to, frame) = (parcel.from, parcel.to, parcel.frame)
        let node = nodes[to]
        let connection = links.connections[links.pair(from, to)]
        guard node.isUp, !links.isCut(links.link(from, to)), parcel.generation == node.generation,
            parcel.connection ?? connection == connection
        else { return }
        traceHash.mix(from, to)
        let hasSenderEnded = nodes[from].life != parcel.life
        do throws(DecodeError) {
            guard
                let whole = try Frame.parse(
                    frame.span, maxPayloadBytes: TransportLimits.maxPayloadBytes),
                whole.byteCount == frame.count
            else { return checker.expect(false, "a frame is not whole") }
            let envelope = try Envelope(
                type: whole.type, payload: frame.span.extracting(whole.payload))
            if hasSenderEnded, envelope.isVote { mark(.voteOutlivedVoter) }
            hand(
                .envelope(envelope, from: nodes[from].id, incarnation: parcel.incarnation),
                toInboxOf: node)
        } catch { checker.expect(false, "a frame cannot be read: \(error)") }
    }

    /// A node hears that a peer's end of their connection was closed.
    func closed(_ node: SimulatedNode, _ peer: Int, _ life: Int) {
        guard node.isUp, node.life == life else { return }
        traceHash.mix(node.place, peer)
        hand(.closed(nodes[peer].id), toInboxOf: node)
    }

    /// Both ends notice that their connection is gone; a new one is there at once.
    func resetConnection(_ one: SimulatedNode, _ other: SimulatedNode) {
        mark(.connectionReset)
        note("the connection of \(one.id) and \(other.id) is reset")
        links.breakConnection(one.place, other.place)
        for (node, peer) in [(one, other), (other, one)] where node.isUp {
            plan(
                .closed(node.place, peer: peer.place, life: node.life),
                after: duration(surroundings.minDelay...surroundings.maxDelay))
        }
    }
}

/// A frame on its way.
struct Parcel {
    var frame: [UInt8]
    var from: Int
    var to: Int
    /// The sender's incarnation, as it said when it connected.
    var incarnation: UInt64
    /// The sender's process.
    var life: Int
    /// What the receiver's disk was: nothing that was sent to another one can reach this.
    var generation: Int
    /// The connection, unless the frame may survive it.
    var connection: Int?

    init(_ frame: [UInt8], from node: SimulatedNode, to peer: SimulatedNode, connection: Int?) {
        self.frame = frame
        from = node.place
        to = peer.place
        incarnation = node.incarnation
        life = node.life
        generation = peer.generation
        self.connection = connection
    }
}

extension Envelope {
    /// Whether it is a vote for its receiver.
    var isVote: Bool {
        guard case .raft(let message, _) = self, case .voteResponse(granted: true) = message.body
        else { return false }
        return true
    }

    /// A few words for the trace.
    var outline: String {
        switch self {
        case .raft(let message, _): "\(message.term) \(message.body)"
        case .proposals(let group): "proposals \(group.firstSequence)+\(group.commands.count)"
        case .proposalsRefused(let group): "refused \(group.firstSequence)+\(group.count)"
        case .rejoin(let request): "rejoin for \(request.replaced)"
        }
    }
}
