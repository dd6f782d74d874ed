// Answers for those who watch the server. Java and Go take `metrics` for their health check.

/// What `metrics` tells.
package struct ServerFigures: Equatable, Sendable {
    package var status: ServerStatus
    package var serviceCount = 0
    package var instanceCount = 0
    package var subscriberCount = 0
    package var connectionCount = 0
    /// Clients that are known by the address of their instances, of either kind.
    package var ephemeralClientCount = 0
    package var persistentClientCount = 0
    /// Commands that wait to be applied.
    package var waitingCommandCount = 0
    /// Shares of one, where they are known.
    package var cpu: Double?
    package var load: Double?
    package var memory: Double?

    package init(status: ServerStatus) { self.status = status }
}

/// A node as `servers` and the cluster calls show it.
package struct MemberView: Equatable, Sendable {
    package enum State: String, Sendable {
        case up = "UP"
        case down = "DOWN"
        case suspicious = "SUSPICIOUS"
        case starting = "STARTING"
    }

    package var ip: String
    package var port: UInt16
    package var state: State
    package var raftPort: UInt16
    package var version: String
    /// `ip:port` of the leader that the answering node knows, and of all members.
    package var leader: String?
    package var members: [String]
    package var term: UInt64
    package var lastRefreshMilliseconds: UInt64
    package var failedContacts: Int

    package init(
        ip: String, port: UInt16, state: State, raftPort: UInt16, version: String, leader: String?,
        members: [String], term: UInt64, lastRefreshMilliseconds: UInt64, failedContacts: Int
    ) {
        self.ip = ip
        self.port = port
        self.state = state
        self.raftPort = raftPort
        self.version = version
        self.leader = leader
        self.members = members
        self.term = term
        self.lastRefreshMilliseconds = lastRefreshMilliseconds
        self.failedContacts = failedContacts
    }
}

/// A node as the Raft calls of old servers show it.
package struct RaftPeerView: Equatable, Sendable {
    package enum Role: String, Sendable {
        case leader = "LEADER"
        case follower = "FOLLOWER"
        case candidate = "CANDIDATE"
    }

    /// `ip:port` of the HTTP door.
    package var address: String
    package var votedFor: String?
    package var term: UInt64
    package var role: Role
    package var leaderDueMilliseconds: UInt64
    package var heartbeatDueMilliseconds: UInt64

    package init(
        address: String, votedFor: String?, term: UInt64, role: Role,
        leaderDueMilliseconds: UInt64, heartbeatDueMilliseconds: UInt64
    ) {
        self.address = address
        self.votedFor = votedFor
        self.term = term
        self.role = role
        self.leaderDueMilliseconds = leaderDueMilliseconds
        self.heartbeatDueMilliseconds = heartbeatDueMilliseconds
    }
}

extension NacosAnswer {
    package static func metrics(_ figures: ServerFigures, onlyStatus: Bool) -> NacosAnswer {
        NacosAnswer { json in
            json.member("status", figures.status.rawValue)
            if !onlyStatus { json.members(of: figures) }
        }
    }

    package static func servers(_ members: [MemberView]) -> NacosAnswer {
        NacosAnswer { json in
            json.member("servers", array: { for member in members { $0.member(member) } })
        }
    }

    /// The leader as text inside of JSON, the way it always was; empty while there is none.
    package static func raftLeader(_ leader: RaftPeerView?) -> NacosAnswer {
        NacosAnswer { json in
            guard let leader else { return json.member("leader", "") }
            var inner = JSONWriter()
            inner.peer(leader)
            json.member("leader", String(decoding: inner.bytes, as: UTF8.self))
        }
    }

    package static func raftState(serviceCount: Int, peers: [RaftPeerView]) -> NacosAnswer {
        NacosAnswer { json in
            json.member("services", serviceCount)
            json.member("peers", array: { for peer in peers { $0.peer(peer) } })
        }
    }

    package static func clusterSelf(_ member: MemberView) -> NacosAnswer {
        core { $0.member(member) }
    }

    package static func clusterNodes(_ members: [MemberView]) -> NacosAnswer {
        core { json in json.array { for member in members { $0.member(member) } } }
    }

    package static func clusterHealth(_ state: MemberView.State) -> NacosAnswer {
        core { $0.string(state.rawValue) }
    }

    private static func core(_ data: (inout JSONWriter) -> Void) -> NacosAnswer {
        NacosAnswer { json in
            json.member("code", 200)
            json.member("message", literal: "null")
            json.key("data")
            data(&json)
        }
    }
}

extension JSONWriter {
    /// The figures of 1.4 and of 2.x together.
    fileprivate mutating func members(of figures: ServerFigures) {
        member("serviceCount", figures.serviceCount)
        member("instanceCount", figures.instanceCount)
        member("subscribeCount", figures.subscriberCount)
        member("raftNotifyTaskCount", figures.waitingCommandCount)
        member("responsibleServiceCount", figures.serviceCount)
        member("responsibleInstanceCount", figures.instanceCount)
        let addressed = figures.ephemeralClientCount + figures.persistentClientCount
        member("clientCount", figures.connectionCount + addressed)
        member("connectionBasedClientCount", figures.connectionCount)
        member("ephemeralIpPortClientCount", figures.ephemeralClientCount)
        member("persistentIpPortClientCount", figures.persistentClientCount)
        member("responsibleClientCount", figures.connectionCount + addressed)
        if let cpu = figures.cpu { member("cpu", cpu) }
        if let load = figures.load { member("load", load) }
        if let memory = figures.memory { member("mem", memory) }
    }

    fileprivate mutating func member(_ node: MemberView) {
        object { json in
            json.member("ip", node.ip)
            json.member("port", node.port)
            json.member("state", node.state.rawValue)
            json.member("extendInfo", object: { $0.extendInfo(of: node) })
            json.member("address", "\(node.ip):\(node.port)")
            json.member("failAccessCnt", node.failedContacts)
            json.member("abilities", object: { _ in })
        }
    }

    private mutating func extendInfo(of node: MemberView) {
        member("lastRefreshTime", node.lastRefreshMilliseconds)
        member(
            "raftMetaData",
            object: { json in
                json.member(
                    "metaDataMap",
                    object: {
                        $0.member("naming_persistent_service", object: { $0.group(of: node) })
                    })
            })
        member("raftPort", "\(node.raftPort)")
        member("version", node.version)
    }

    private mutating func group(of node: MemberView) {
        if let leader = node.leader { member("leader", leader) }
        member("raftGroupMember", array: { for member in node.members { $0.string(member) } })
        member("term", node.term)
    }

    fileprivate mutating func peer(_ peer: RaftPeerView) {
        object { json in
            json.member("ip", peer.address)
            if let votedFor = peer.votedFor { json.member("voteFor", votedFor) }
            json.member("term", peer.term)
            json.member("leaderDueMs", peer.leaderDueMilliseconds)
            json.member("heartbeatDueMs", peer.heartbeatDueMilliseconds)
            json.member("state", peer.role.rawValue)
        }
    }
}
