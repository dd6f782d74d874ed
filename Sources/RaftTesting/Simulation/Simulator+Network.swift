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
        guard !links.isCut(link), !chance(lossPermille) else {
            mark(.messageLost)
            return note("\(node.id) -> \(peer.id) lost \(envelope.outline)")
        }
        note("\(node.id) -> \(peer.id) \(envelope.outline)")
        transmit(frame, node, peer, isProtocol)
        // At most once is promised for forwarded work; the protocol's own messages bear to be doubled.
        if isProtocol, isTroubled, chance(surroundings.doublingPermille) {
            mark(.messageDoubled)
            transmit(frame, node, peer, isProtocol)
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
        var arrival = time + duration(surroundings.minDelay...surroundings.maxDelay)
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
        queue.plan(
            .deliver(
                frame, from: node.place, to: peer.place, connection: connection,
                isProtocol: isProtocol), at: arrival)
    }

    func deliver(_ frame: [UInt8], _ from: Int, _ to: Int, _ connection: Int, _ isProtocol: Bool) {
        let node = nodes[to]
        let isCurrent = links.connections[links.pair(from, to)] == connection
        guard node.isUp, !links.isCut(links.link(from, to)),
            isCurrent || isProtocol && surroundings.keepsStragglers
        else { return }
        traceHash.mix(from, to)
        do throws(DecodeError) {
            guard
                let whole = try Frame.parse(
                    frame.span, maxPayloadBytes: TransportLimits.maxPayloadBytes),
                whole.byteCount == frame.count
            else { return checker.expect(false, "a frame is not whole") }
            let envelope = try Envelope(
                type: whole.type, payload: frame.span.extracting(whole.payload))
            hand(.envelope(envelope, from: nodes[from].id), toInboxOf: node)
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

extension Envelope {
    /// A few words for the trace.
    var outline: String {
        switch self {
        case .raft(let message, _): "\(message.term) \(message.body)"
        case .proposals(let group): "proposals \(group.firstSequence)+\(group.commands.count)"
        case .proposalsRefused(let group): "refused \(group.firstSequence)+\(group.count)"
        }
    }
}
