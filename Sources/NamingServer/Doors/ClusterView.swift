internal import Nacos
internal import Naming
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime

/// The cluster as this node sees it, in the shapes that its doors show.
struct ClusterView {
    /// A contact older than this counts as none.
    static let silenceMilliseconds: UInt64 = 5_000

    let settings: ServeSettings
    let host: NodeHost<RegistryMachine>

    private var core: RaftCore { host.node.core }

    var status: Nacos.NodeStatus {
        Nacos.NodeStatus(
            node: settings.node, role: roleText, term: core.term.rawValue,
            leader: core.leader?.rawValue, commitIndex: core.commitIndex.rawValue,
            appliedIndex: host.node.applied.index.rawValue,
            lastIndex: core.log.lastIndex.rawValue,
            members: settings.peers.map {
                Nacos.NodeStatus.Member(
                    node: $0.node, raft: $0.raft.description, http: $0.http.description)
            }, cluster: settings.clusterName, version: musterVersion)
    }

    private var roleText: String {
        switch core.roleName {
        case .leader: "leader"
        case .follower: "follower"
        case .candidate: "candidate"
        case .preCandidate: "pre-candidate"
        }
    }

    /// The members with what this node knows of their health: itself, and those it has lately heard.
    var members: [MemberView] { settings.peers.map(member) }

    var ownMember: MemberView? { settings.ownPeer.map(member) }

    private func member(_ peer: ServeSettings.Peer) -> MemberView {
        let contact = lastContact(of: peer)
        return MemberView(
            ip: peer.http.host, port: peer.http.port, state: contact == nil ? .down : .up,
            raftPort: peer.raft.port, version: musterVersion, leader: leaderAddress,
            members: settings.peers.map { $0.raft.description }, term: core.term.rawValue,
            lastRefreshMilliseconds: contact ?? 0, failedContacts: 0)
    }

    /// When a peer was last heard, on the wall clock; nothing when that is long ago.
    private func lastContact(of peer: ServeSettings.Peer) -> UInt64? {
        let now = wallClockMilliseconds()
        guard peer.node != settings.node else { return now }
        let statistics = host.transport.peerStatistics.first { $0.node.rawValue == peer.node }?.1
        guard let statistics, let last = statistics.lastContact else { return nil }
        let age = MonotonicTime.now.milliseconds(since: last)
        let isConnected = statistics.isIncomingConnected || statistics.isOutgoingConnected
        guard isConnected || age < Self.silenceMilliseconds else { return nil }
        return now - min(age, now)
    }

    private var leaderAddress: String? {
        settings.peers.first { $0.node == core.leader?.rawValue }?.raft.description
    }

    /// The members in the words of the first Nacos servers' own Raft.
    var raftPeers: [RaftPeerView] {
        settings.peers.map { peer in
            let isLeader = peer.node == core.leader?.rawValue
            let isOwn = peer.node == settings.node
            let role: RaftPeerView.Role
            if isLeader {
                role = .leader
            } else {
                role = isOwn && core.roleName != .follower ? .candidate : .follower
            }
            let vote = isOwn ? core.hardState.vote?.rawValue : nil
            return RaftPeerView(
                address: peer.http.description,
                votedFor: settings.peers.first { $0.node == vote }?.http.description,
                term: core.term.rawValue, role: role,
                leaderDueMilliseconds: UInt64(settings.electionTimeoutMilliseconds),
                heartbeatDueMilliseconds: UInt64(settings.heartbeatMilliseconds))
        }
    }

    var raftLeader: RaftPeerView? { raftPeers.first { $0.role == .leader } }
}
