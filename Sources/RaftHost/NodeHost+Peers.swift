internal import Platform
package import Raft
package import RaftRuntime

/// A node that shall be taken in, and is asked for its incarnation first.
struct Newcomer {
    var member: Member
    var asVoter: Bool
    var deadline: MonotonicTime
    var then: (MembershipOutcome) -> Void
}

extension NodeHost {
    /// Takes in a node: asks it at its address who it is, and pins what it says.
    ///
    /// It must run already, and know this node as one of its peers. `then` is called once, later, on the loop.
    package func addMember(
        _ member: Member, asVoter: Bool, then: @escaping (MembershipOutcome) -> Void
    ) {
        guard !isStopped else { return loop.defer { then(.stopped) } }
        guard let address = try? Address(parsing: member.address) else {
            return loop.defer { then(.refused(.malformed(member.id))) }
        }
        guard node.core.roleName == .leader, !node.configuration.isMember(member.id) else {
            // It is refused, and the core says why.
            return changeMembership(.add(member, asVoter: asVoter), then: then)
        }
        // Whatever was known of the name belongs to an earlier one of that name.
        transport.forget(member.id)
        peerBook.forget(member.id)
        peerBook.addCandidate(member.id, at: address)
        let patience = node.settings.requestTimeoutMilliseconds
        newcomers.append(
            Newcomer(
                member: member, asVoter: asVoter,
                deadline: loop.turnTime.advanced(byMilliseconds: patience), then: then))
        noteWork()
    }

    /// Hands leadership over, if this node leads and there is somebody to take it, so that a stop costs
    /// nobody an election timeout. `then` is called once, later, on the loop.
    package func handOver(then: @escaping () -> Void) {
        let loop = self.loop
        guard !isStopped, node.core.roleName == .leader else { return loop.defer(then) }
        transferLeadership(to: nil) { _ in loop.defer(then) }
    }

    /// A handshake has shown who a peer is.
    func met(_ identity: NodeIdentity) {
        for newcomer in takeNewcomers(where: { $0.member.id == identity.node }) {
            var member = newcomer.member
            member.incarnation = identity.incarnation
            changeMembership(.add(member, asVoter: newcomer.asVoter)) { [unowned self] outcome in
                peerBook.removeCandidate(identity.node)
                newcomer.then(outcome)
            }
        }
    }

    private func takeNewcomers(where condition: (Newcomer) -> Bool) -> [Newcomer] {
        let taken = newcomers.filter(condition)
        newcomers.removeAll(where: condition)
        return taken
    }

    /// Lets the transport know whom it has to speak to; called at the end of each turn.
    func updatePeers() {
        let now = loop.turnTime
        for newcomer in takeNewcomers(where: { $0.deadline <= now }) {
            peerBook.removeCandidate(newcomer.member.id)
            newcomer.then(.unreachable)
        }
        transport.isFounding = !node.awaitedFounders.isEmpty
        transport.isRejoining = node.rejoinRecord != nil
        let before = peerBook.peers
        peerBook.update(
            node.configuration, isCommitted: node.core.isConfigurationCommitted,
            leader: node.core.leader, isFounding: !node.awaitedFounders.isEmpty, at: now,
            grace: node.settings.electionTimeoutMilliseconds)
        guard peerBook.peers != before else { return }
        transport.setPeers(peerBook.peers.map { ($0.node, $0.address) })
        for peer in peerBook.peers {
            switch peer.pin {
            case .first: break
            case .presumably(let incarnation):
                transport.expect(nil, of: peer.node, presumed: incarnation)
            case .only(let incarnation): transport.expect(incarnation, of: peer.node)
            }
        }
    }

    /// When to look again, although nothing has happened.
    var peersDeadline: MonotonicTime? {
        ([peerBook.nextDeadline] + newcomers.map(\.deadline)).compactMap(\.self).min()
    }

    func endNewcomers() {
        for newcomer in takeNewcomers(where: { _ in true }) { newcomer.then(.stopped) }
    }
}
