internal import Raft
internal import RaftTransport
internal import Testing
internal import Wire

@Suite struct MemoryNetworkTests {
    private let one = NodeID(1)
    private let two = NodeID(2)
    private let three = NodeID(3)

    private func refusal(_ number: UInt64) -> Envelope {
        .proposalsRefused(
            RefusedProposals(firstSequence: number, count: 1, refusal: .overloaded))
    }

    @Test func `a link delivers in order, and nothing by itself`() {
        let network = MemoryNetwork()
        let port = network.port(of: one)
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(port.send(refusal(number), to: two))
            #expect(port.send(refusal(number), to: three))
        }
        #expect(network.waitingCount == 6)
        #expect(network.next(from: one, to: three)?.envelope == refusal(1))
        #expect(network.next(from: two, to: three) == nil)
        let rest = (0..<5).compactMap { _ in network.next() }
        #expect(rest.map(\.to) == [two, two, three, two, three])
        #expect(rest.filter { $0.to == two }.map(\.envelope) == (1...3).map(refusal))
        #expect(rest.allSatisfy { $0.from == one })
        #expect(network.next() == nil)
    }

    @Test func `a full link drops what is new and says so`() {
        let network = MemoryNetwork(maxWaitingPerLink: 2)
        let port = network.port(of: one)
        #expect(port.send(refusal(1), to: two))
        #expect(port.send(refusal(2), to: two))
        #expect(!port.send(refusal(3), to: two))
        #expect(port.send(refusal(4), to: three))
        #expect(network.droppedCount == 1)
        #expect(network.next()?.envelope == refusal(1))
        #expect(port.send(refusal(5), to: two))
    }

    @Test func `a cut link loses what waits on it and takes nothing until it is mended`() {
        let network = MemoryNetwork()
        let onePort = network.port(of: one)
        let twoPort = network.port(of: two)
        onePort.send(refusal(1), to: two)
        twoPort.send(refusal(2), to: one)
        network.cut(from: one, to: two)
        #expect(!onePort.send(refusal(3), to: two))
        #expect(network.droppedCount == 2)
        #expect(network.next()?.envelope == refusal(2))
        #expect(network.next() == nil)
        network.mend(from: one, to: two)
        #expect(onePort.send(refusal(4), to: two))
        #expect(network.next()?.envelope == refusal(4))
    }
}
