internal import Nacos
internal import Testing

@Suite struct ClusterStatusTests {
    func status(_ node: UInt64, _ role: String, term: UInt64) -> NodeStatus {
        NodeStatus(
            node: node, role: role, term: term, leader: role == "leader" ? node : nil,
            commitIndex: 10, appliedIndex: 9, lastIndex: 11,
            members: [.init(node: 1, raft: "a:1", http: "a:2")], cluster: "blue", version: "0.1.0")
    }

    func cluster(_ nodes: ClusterStatus.Node...) -> ClusterStatus {
        ClusterStatus(cluster: "blue", nodes: nodes)
    }

    @Test func `the status of a node is the JSON that programs rely on`() throws {
        let bytes = try JSONText.encode(status(1, "leader", term: 3))
        let expected =
            #"{"appliedIndex":9,"cluster":"blue","commitIndex":10,"lastIndex":11,"leader":1,"#
            + #""members":[{"http":"a:2","node":1,"raft":"a:1"}],"node":1,"role":"leader","#
            + #""term":3,"version":"0.1.0"}"#
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
        #expect(try JSONText.decode(NodeStatus.self, from: bytes) == status(1, "leader", term: 3))
    }

    @Test func `what a newer node adds is passed over and what is missing is an error`() throws {
        var text = String(
            decoding: try JSONText.encode(status(1, "follower", term: 3)), as: UTF8.self)
        text.removeLast()
        let newer = try JSONText.decode(NodeStatus.self, from: Array((text + #","x":[1]}"#).utf8))
        #expect(newer == status(1, "follower", term: 3))
        #expect(throws: (any Error).self) {
            try JSONText.decode(NodeStatus.self, from: Array(#"{"node":1}"#.utf8))
        }
    }

    @Test func `the leader is the one of the newest term that anybody knows`() {
        let old = ClusterStatus.Node(http: "a:2", status: status(1, "leader", term: 2))
        let new = ClusterStatus.Node(http: "b:2", status: status(2, "leader", term: 3))
        let follower = ClusterStatus.Node(http: "b:2", status: status(2, "follower", term: 3))
        #expect(cluster(old, new).leader == 2)
        #expect(cluster(old, follower).leader == nil)
        #expect(cluster(old).leader == 1)
        #expect(cluster(.init(node: 1, http: "a:2", error: "gone")).leader == nil)
    }

    @Test func `the table shows every member and why one is missing`() {
        let table = cluster(
            .init(node: 2, http: "b:2", error: "refused"),
            .init(http: "a:2", status: status(1, "leader", term: 3))
        ).table
        #expect(
            table == """
                NODE  HTTP  ROLE         TERM  COMMIT  APPLIED  LAST
                1     a:2   leader       3     10      9        11
                2     b:2   unreachable
                node 2: refused
                """)
    }
}
