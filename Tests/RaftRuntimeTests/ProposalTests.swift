internal import Raft
internal import Testing
internal import Wire

@testable internal import RaftRuntime

/// What a node remembers of proposals, and the hosts of those who wait, each against something simpler.
@Suite struct ProposalTests {
    @Test func `whoever waits is told once, in whatever order proposals end`() {
        var random = SplitMix64(seed: 11)
        let waiters = ProposalWaiters<Int>()
        var told: [UInt64: Int] = [:]
        var outstanding: [UInt64] = []
        var next: UInt64 = 1
        for _ in 0..<20_000 {
            if Bool.random(using: &random) || outstanding.isEmpty {
                let number = next
                #expect(waiters.next.rawValue == number)
                waiters.append { _ in told[number, default: 0] += 1 }
                outstanding.append(number)
                next += 1
            } else {
                // Mostly the oldest, as in life.
                let place =
                    Int.random(in: 0..<4, using: &random) > 0
                    ? 0 : Int.random(in: 0..<outstanding.count, using: &random)
                let id = ProposalID(rawValue: outstanding.remove(at: place))
                waiters.take(id)?(.notDone(.stopped))
                #expect(told[id.rawValue] == 1)
                #expect(waiters.take(id) == nil, "nobody is told twice")
            }
        }
        #expect(waiters.take(ProposalID(rawValue: 0)) == nil)
        #expect(waiters.take(ProposalID(rawValue: next)) == nil)
        #expect(told.count == Int(next) - 1 - outstanding.count)
        for id in outstanding { waiters.take(ProposalID(rawValue: id))?(.notDone(.stopped)) }
        #expect(waiters.count == 0)
    }

    @Test func `one who is told may propose again`() {
        let waiters = ProposalWaiters<Int>()
        waiters.append { _ in waiters.append { _ in } }
        waiters.take(ProposalID(rawValue: 1))?(.notDone(.stopped))
        #expect(waiters.next.rawValue == 3)
        #expect(waiters.take(ProposalID(rawValue: 2)) != nil)
    }

    @Test func `headers are read as if each were read by itself`() {
        var random = SplitMix64(seed: 5)
        var times: [UInt64] = [0, 1, 127, 128, 1 << 42, 1 << 48, 1 << 49, 1 << 55, 1 << 56, .max]
        times += times.map { $0 &+ 1 }
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            var lengths: [Int] = []
            for _ in 0..<Int.random(in: 1..<8, using: &random) {
                let kinds: [EntryHeader.Kind] = [
                    .command, .command, .empty, .configuration,
                    .forwarded(
                        origin: NodeID(3), sequence: UInt64.random(in: 0..<300, using: &random)),
                ]
                let before = bytes.count
                EntryHeader(
                    kind: kinds.randomElement(using: &random) ?? .empty,
                    timeMilliseconds: times.randomElement(using: &random) ?? 0
                ).write(into: &bytes)
                bytes += [UInt8](repeating: 0x80, count: Int.random(in: 0..<9, using: &random))
                lengths.append(bytes.count - before)
            }
            // Damage of one byte in some, which both must see alike.
            if Bool.random(using: &random), let place = bytes.indices.randomElement(using: &random)
            {
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            var reader = EntryHeaderReader()
            var start = 0
            for length in lengths {
                let entry = Array(bytes[..<(start + length)])
                #expect(throughReader(&reader, entry, start) == alone(entry, start))
                start += length
            }
        }
    }

    private func throughReader(
        _ reader: inout EntryHeaderReader, _ entry: [UInt8], _ start: Int
    ) -> String {
        var offset = start
        do throws(DecodeError) {
            let header = try reader.read(entry.span, at: &offset)
            return "\(header) ends at \(offset)"
        } catch { return "\(error)" }
    }

    private func alone(_ entry: [UInt8], _ start: Int) -> String {
        var offset = start
        do throws(DecodeError) {
            let header = try EntryHeader(entry.span, at: &offset)
            return "\(header) ends at \(offset)"
        } catch { return "\(error)" }
    }

    /// One proposal that another node was asked to append.
    private struct Sent: Equatable {
        var id: UInt64
        var sequence: UInt64
        var leader: UInt64
    }

    @Test func `forwarded groups behave as single proposals do`() {
        var random = SplitMix64(seed: 8)
        for round in 0..<200 {
            var proposals = PendingProposals()
            var twin: [Sent] = []
            var sequence = UInt64.max - UInt64.random(in: 0..<40, using: &random)
            for step in 0..<60 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0, 1:
                    var commands = PackedBytes()
                    let count = Int.random(in: 1..<6, using: &random)
                    for _ in 0..<count { commands.append([1].span) }
                    let first = proposals.nextIDs(count)
                    let now = Instant(nanoseconds: UInt64(step))
                    proposals.enqueue(first, all: &commands, deadline: now, since: now)
                    let leader = UInt64.random(in: 1...3, using: &random)
                    proposals.queueWasForwarded(firstSequence: sequence, to: NodeID(leader))
                    for i in 0..<UInt64(count) {
                        twin.append(
                            Sent(
                                id: first.rawValue + i, sequence: sequence &+ i, leader: leader))
                    }
                    sequence &+= UInt64(count)
                case 2:
                    let start = sequence &- UInt64.random(in: 0..<20, using: &random)
                    let (count, leader) = (
                        UInt64.random(in: 0..<9, using: &random),
                        UInt64.random(in: 1...3, using: &random)
                    )
                    let taken = proposals.takeForwarded(from: start, count: count) {
                        $0.rawValue == leader
                    }
                    let isMeant = { (sent: Sent) in
                        sent.leader == leader && sent.sequence &- start < count
                    }
                    #expect(
                        taken.flatMap(\.ids).map(\.rawValue) == twin.filter(isMeant).map(\.id))
                    twin.removeAll(where: isMeant)
                default:
                    let wanted =
                        Bool.random(using: &random)
                        ? twin.first?.sequence ?? 0
                        : sequence &- UInt64.random(in: 0..<20, using: &random)
                    let settled = proposals.settle(
                        EntryID(term: Term(1), index: LogIndex(UInt64(round + 1))),
                        .forwarded(origin: NodeID(7), sequence: wanted), at: NodeID(7))
                    #expect(
                        settled?.id.rawValue == twin.first { $0.sequence == wanted }?.id)
                    twin.removeAll { $0.sequence == wanted }
                }
                #expect(proposals.isNothingSent == twin.isEmpty)
            }
            #expect(proposals.takeSent().map(\.rawValue) == twin.map(\.id))
        }
    }

    @Test func `many commands at once end as they do one by one`() {
        let now = Instant(nanoseconds: 1)
        var single = PendingProposals()
        var together = PendingProposals()
        var commands = PackedBytes()
        for number in 0..<10 as Range<UInt8> {
            let command = [UInt8](repeating: number, count: Int(number))
            single.enqueue(single.nextIDs(), command.span, deadline: now, since: now)
            commands.append(command.span)
        }
        let first = together.nextIDs(commands.count)
        together.enqueue(first, all: &commands, deadline: now, since: now)
        #expect(commands.isEmpty)
        #expect(single.commands == together.commands)
        #expect(single.queued.count == 1, "those of one moment are one group")
        #expect(single.takeLateUnsent(at: now) == together.takeLateUnsent(at: now))
        #expect(single.commands.isEmpty && together.commands.isEmpty)
    }
}
