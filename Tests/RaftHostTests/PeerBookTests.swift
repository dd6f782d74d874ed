internal import Platform
internal import Raft
internal import Testing

@testable internal import RaftHost

@Suite struct PeerBookTests {
    private static func at(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: 0).advanced(byMilliseconds: milliseconds)
    }

    private static func address(_ port: UInt16) -> Address { Address(host: "10.0.0.1", port: port) }

    private var book = PeerBook(
        own: NodeID(1),
        settings: [1, 2, 3].map { (NodeID($0), Self.address(UInt16($0))) })

    private mutating func update(
        _ configuration: Configuration, isCommitted: Bool = true, leader: UInt64? = 1, at time: Int
    ) -> [String] {
        book.update(
            configuration, isCommitted: isCommitted, leader: leader.map { NodeID($0) },
            at: Self.at(time), grace: 100)
        return book.peers.map { peer in
            let pin =
                switch peer.pin {
                case .first: ""
                case .presumably(let incarnation): " presumably \(incarnation)"
                case .only(let incarnation): " only \(incarnation)"
                }
            return "\(peer.node) \(peer.address)\(pin)"
        }
    }

    private func configuration(
        _ voters: [UInt64], _ roster: [Member] = []
    ) -> Configuration {
        Configuration(voters: voters.map { NodeID($0) }, roster: roster)
    }

    @Test mutating func `without a membership the settings count`() {
        #expect(update(configuration([]), leader: nil, at: 0) == ["2 10.0.0.1:2", "3 10.0.0.1:3"])
    }

    @Test mutating func `an address in the membership comes before the settings`() {
        let roster = [
            Member(NodeID(2), address: "10.0.0.9:9"), Member(NodeID(4), address: "10.0.0.4:4"),
            Member(NodeID(5), address: "nonsense"),
        ]
        #expect(
            update(configuration([1, 2, 3, 4, 5], roster), at: 0)
                == ["2 10.0.0.9:9", "3 10.0.0.1:3", "4 10.0.0.4:4"])
    }

    @Test mutating func `a member that left is kept until that is committed and for a while after`()
    {
        let all = ["2 10.0.0.1:2", "3 10.0.0.1:3"]
        #expect(update(configuration([1, 2, 3]), at: 0) == all)
        #expect(update(configuration([1, 2]), isCommitted: false, at: 10) == all)
        #expect(update(configuration([1, 2]), isCommitted: false, at: 500) == all)
        #expect(update(configuration([1, 2]), at: 510) == all)
        #expect(book.nextDeadline == Self.at(600))
        #expect(update(configuration([1, 2]), at: 599) == all)
        #expect(update(configuration([1, 2]), at: 600) == ["2 10.0.0.1:2"])
        #expect(book.nextDeadline == nil)
    }

    @Test mutating func `a leader is kept as long as it leads`() {
        _ = update(configuration([1, 2, 3]), leader: 3, at: 0)
        #expect(update(configuration([1, 2]), leader: 3, at: 10).count == 2)
        #expect(update(configuration([1, 2]), leader: 3, at: 1000).count == 2)
        #expect(update(configuration([1, 2]), leader: 2, at: 1001).count == 2)
        #expect(update(configuration([1, 2]), leader: 2, at: 1100).count == 1)
    }

    @Test
    mutating func `who was away while all others were replaced finds the new ones in the settings`()
    {
        book = PeerBook(
            own: NodeID(1),
            settings: [1, 4, 5].map { (NodeID($0), Self.address(UInt16($0))) })
        let roster = [2, 3].map { Member(NodeID($0), address: "10.0.0.1:\($0)") }
        let known = configuration([1, 2, 3], roster)
        let members = ["2 10.0.0.1:2", "3 10.0.0.1:3"]
        #expect(
            update(known, leader: nil, at: 0) == members + ["4 10.0.0.1:4", "5 10.0.0.1:5"])
        // It hears 4, of whose membership it has yet to learn.
        #expect(update(known, leader: 4, at: 1000) == members + ["4 10.0.0.1:4", "5 10.0.0.1:5"])
        #expect(update(known, leader: 4, at: 2000) == members + ["4 10.0.0.1:4"])
        #expect(update(known, leader: 2, at: 3000) == members)
    }

    @Test mutating func `only who has another leader turns an incarnation away`() {
        book = PeerBook(own: NodeID(1), settings: [(NodeID(2), Self.address(2))])
        let pinned = configuration([1, 2], [Member(NodeID(2), incarnation: 7)])
        #expect(update(pinned, leader: 1, at: 0) == ["2 10.0.0.1:2 only 7"])
        #expect(update(pinned, leader: nil, at: 1) == ["2 10.0.0.1:2 presumably 7"])
        #expect(update(pinned, leader: 2, at: 2) == ["2 10.0.0.1:2 presumably 7"])
    }

    @Test mutating func `a candidate is a peer until it is let go of`() {
        book.addCandidate(NodeID(4), at: Self.address(4))
        #expect(update(configuration([1, 2]), at: 0) == ["2 10.0.0.1:2", "4 10.0.0.1:4"])
        book.removeCandidate(NodeID(4))
        book.forget(NodeID(4))
        #expect(update(configuration([1, 2]), at: 1) == ["2 10.0.0.1:2"])
    }
}
