internal import Testing

@testable internal import RaftTesting

/// Which graphs of cuts promise a leader without healing.
@Suite struct LinkGraphTests {
    @Test func `of the graphs of three nodes those promise a leader in which one pair talks`() {
        let graphs = (0..<64).map { LinkGraph(nodes: 3, number: $0) }
        #expect(Set(graphs).count == 64)
        let promising = graphs.filter(\.hasTalkingQuorum)
        #expect(promising.count == 37)
        for graph in graphs {
            let pairs = [(0, 1), (0, 2), (1, 2)].filter { graph.talk($0, $1) }
            #expect(graph.hasTalkingQuorum == !pairs.isEmpty)
        }
    }

    @Test func `rings, chains and stars promise a leader for three nodes only`() {
        for count in 3...7 {
            let order = Array(0..<count)
            let shapes: [LinkGraph] = [.ring(order), .chain(order), .star(order)]
            for shape in shapes { #expect(shape.hasTalkingQuorum == (count == 3)) }
        }
    }

    @Test func `a bridge promises a leader where one side and the bridge are a quorum`() {
        #expect(LinkGraph.bridge([2, 0, 1, 3, 4], border: 3).hasTalkingQuorum)
        #expect(LinkGraph.bridge([2, 0, 1, 3, 4], border: 1).hasTalkingQuorum)
        #expect(LinkGraph.bridge([0, 1, 2, 3], border: 2).hasTalkingQuorum == true)
        #expect(LinkGraph.bridge([0, 1, 2, 3, 4, 5, 6], border: 4).hasTalkingQuorum)
        #expect(!LinkGraph(nodes: 5, pairs: [(0, 1), (1, 2), (3, 4)]).hasTalkingQuorum)
    }

    @Test func `a bridge joins two groups whose members talk among themselves`() {
        let graph = LinkGraph.bridge([4, 0, 1, 2, 3], border: 3)
        #expect(graph.talk(4, 0) && graph.talk(4, 3) && graph.talk(0, 1) && graph.talk(2, 3))
        #expect(!graph.isOpen(0, 2) && !graph.isOpen(3, 1))
        #expect(graph.cuts.count == 8)
    }

    @Test func `one link cut in one direction leaves the other`() {
        var graph = LinkGraph(nodes: 3)
        #expect(graph.cuts == [])
        graph.cut(0, 1)
        #expect(!graph.isOpen(0, 1) && graph.isOpen(1, 0) && !graph.talk(0, 1))
        #expect(graph.cuts == [1])
        #expect(graph.hasTalkingQuorum)
    }
}
