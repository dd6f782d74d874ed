internal import Raft
internal import Testing
internal import Wire

@testable internal import RaftRuntime

@Suite struct `Entries as the runtime writes them` {
    @Test func `headers have the bytes that the format says`() {
        func bytes(_ kind: EntryHeader.Kind, _ time: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            EntryHeader(kind: kind, timeMilliseconds: time).write(into: &bytes)
            return bytes
        }
        #expect(bytes(.empty, 0) == [0, 0])
        #expect(bytes(.command, 300) == [1, 0xac, 2])
        #expect(bytes(.configuration, 0) == [3, 0])
        #expect(bytes(.forwarded(origin: NodeID(3), sequence: 128), 1) == [2, 1, 3, 0x80, 1])
    }

    @Test func `headers come back as they were and leave the command`() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<500 {
            let kinds: [EntryHeader.Kind] = [
                .empty, .command, .configuration,
                .forwarded(origin: NodeID(random.next() >> 40), sequence: random.next()),
            ]
            let header = EntryHeader(
                kind: kinds[Int.random(in: 0...3, using: &random)], timeMilliseconds: random.next())
            var bytes: [UInt8] = []
            header.write(into: &bytes)
            let end = bytes.count
            bytes += [1, 2, 3]
            var offset = 0
            #expect(try EntryHeader(bytes.span, at: &offset) == header)
            #expect(offset == end)
            for length in 0..<end {
                var offset = 0
                #expect(throws: DecodeError.self) {
                    try EntryHeader(bytes.span.extracting(0..<length), at: &offset)
                }
            }
        }
        var offset = 0
        let unknown: [UInt8] = [4, 0]
        #expect(throws: DecodeError(.invalid(field: "entry kind"), at: 0)) {
            try EntryHeader(unknown.span, at: &offset)
        }
    }
}

@Suite struct `Memberships among entries` {
    private let configuration = Configuration(
        voters: [NodeID(1), NodeID(2)], learners: [NodeID(300)], promoting: [NodeID(300)],
        roster: [Member(NodeID(300), incarnation: 5, address: "a:1", priority: 7)])

    @Test func `are found at their places and in their bytes`() throws {
        var entries = PackedBytes([[0, 0], [1, 0, 3]])
        entries.append(configuration, timeMilliseconds: 9)
        entries.append([0, 0].span)
        entries.append(configuration, timeMilliseconds: 9)
        let found = try entries.configurations(after: LogIndex(40))
        #expect(found.map(\.index) == [LogIndex(43), LogIndex(45)])
        #expect(found.allSatisfy { $0.configuration == configuration })
        let bytes: [UInt8] = [
            3, 9, 2, 1, 2, 0, 1, 0xac, 2, 1, 0xac, 2, 1, 0xac, 2, 5, 0, 0, 0, 0, 0, 0, 0, 7, 3,
            0x61, 0x3a, 0x31,
        ]
        #expect(entries[2] == bytes)
    }

    @Test func `that are cut short or go on too long are refused`() throws {
        var entries = PackedBytes()
        entries.append(configuration, timeMilliseconds: 300)
        let whole = entries[0]
        for length in 1..<whole.count {
            #expect(throws: DecodeError.self, "\(length) bytes") {
                try PackedBytes([Array(whole[..<length])]).configurations(after: .zero)
            }
        }
        #expect(throws: DecodeError.self) {
            try PackedBytes([whole + [0]]).configurations(after: .zero)
        }
        #expect(try PackedBytes([[], [1]]).configurations(after: .zero).isEmpty)
    }
}

@Suite struct `A watch over the disk` {
    private func at(_ milliseconds: UInt64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func `tells once that a sync hangs and once that it has ended`() {
        var disk = DiskWatch()
        #expect(disk.nextDeadline(50) == nil)
        disk.syncBegan(at: at(100))
        #expect(disk.nextDeadline(50) == at(150))
        #expect(disk.change(at: at(149), 50) == nil)
        #expect(disk.change(at: at(150), 50) == true)
        #expect(disk.nextDeadline(50) == nil)
        #expect(disk.change(at: at(500), 50) == nil)
        disk.syncEnded()
        #expect(disk.change(at: at(501), 50) == false)
        disk.syncBegan(at: at(502))
        #expect(disk.change(at: at(503), 50) == nil)
    }
}

@Suite struct `Cluster time` {
    private func at(_ milliseconds: UInt64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func `the first leader starts near the wall clock and goes on from there`() {
        var clock = ClusterClock(maxTurnGapMilliseconds: 300)
        #expect(clock.turn(at: at(50)) == nil)
        #expect(clock.newest == 0)
        clock.startDriving(at: at(100), wallMilliseconds: 5000)
        #expect(clock.turn(at: at(180)) == nil)
        #expect(clock.newest == 5080)
    }

    @Test func `a new leader goes on from the log whatever its wall clock says`() {
        var clock = ClusterClock(maxTurnGapMilliseconds: 300)
        clock.see(9000)
        clock.startDriving(at: at(0), wallMilliseconds: 100)
        _ = clock.turn(at: at(10))
        #expect(clock.newest == 9010)
    }

    @Test func `time stands still while nobody leads`() {
        var clock = ClusterClock(maxTurnGapMilliseconds: 300)
        clock.startDriving(at: at(0), wallMilliseconds: 1000)
        _ = clock.turn(at: at(200))
        clock.stopDriving()
        _ = clock.turn(at: at(100_000))
        #expect(clock.newest == 1200)
        clock.startDriving(at: at(100_000), wallMilliseconds: 0)
        _ = clock.turn(at: at(100_007))
        #expect(clock.newest == 1207)
    }

    @Test func `a gap in which the leader was held up is not counted`() {
        var clock = ClusterClock(maxTurnGapMilliseconds: 300)
        clock.startDriving(at: at(0), wallMilliseconds: 1000)
        _ = clock.turn(at: at(300))
        #expect(clock.newest == 1300)
        #expect(clock.turn(at: at(60_300)) == 60_000)
        #expect(clock.newest == 1300)
        _ = clock.turn(at: at(60_400))
        #expect(clock.newest == 1400)
    }

    @Test func `it never falls and a clock that runs backwards does no harm`() {
        var clock = ClusterClock(maxTurnGapMilliseconds: 300)
        clock.startDriving(at: at(1000), wallMilliseconds: 1000)
        _ = clock.turn(at: at(1100))
        _ = clock.turn(at: at(500))
        clock.see(3)
        #expect(clock.newest == 1100)
        _ = clock.turn(at: at(1200))
        #expect(clock.newest == 1200)
    }
}

@Suite struct `Timers and queues` {
    /// Milliseconds of 31 or 32 bits end after 24.8 and 49.7 days.
    @Test(arguments: [1 << 31, 1 << 32] as [UInt64])
    func `a deadline lies ahead however long a machine has run`(milliseconds: UInt64) {
        let now = Instant(nanoseconds: (milliseconds - 1) * 1_000_000)
        #expect(now.advanced(byMilliseconds: 2).milliseconds(since: now) == 2)
        #expect(now < now.advanced(byMilliseconds: 2))
    }

    @Test func `timers run out in the order of their deadlines`() {
        var timers = TimerTable()
        func at(_ number: UInt64) -> Instant { Instant(nanoseconds: number) }
        #expect(timers.next == nil)
        timers.set(.heartbeat, at: at(30))
        timers.set(.election, at: at(20))
        timers.set(.campaign, at: at(10))
        timers.cancel(.campaign)
        #expect(timers.next == at(20))
        #expect(timers.popDue(at: at(19)) == nil)
        #expect(timers.popDue(at: at(40)) == .election)
        #expect(timers.popDue(at: at(40)) == .heartbeat)
        #expect(timers.popDue(at: at(40)) == nil)
    }

    @Test func `a queue behaves as an array does`() {
        var random = SplitMix64(seed: 3)
        var queue = Queue<Int>()
        var twin: [Int] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4:
                queue.append(step)
                twin.append(step)
            case 5...8:
                let expected = twin.isEmpty ? nil : twin.removeFirst()
                #expect(queue.popFirst() == expected)
            default:
                guard step % 97 == 0 else { continue }
                let removed = queue.removeAll { $0 % 3 == 0 }
                #expect(removed == twin.filter { $0 % 3 == 0 })
                twin.removeAll { $0 % 3 == 0 }
            }
            #expect(queue.count == twin.count)
            #expect(queue.first == twin.first)
            #expect(queue.isEmpty == twin.isEmpty)
        }
        #expect(queue.removeAll() == twin)
    }

    @Test func `a read has no part in the answer to a question that was asked before it came`() {
        var reads = PendingReads()
        let early = reads.enqueue(deadline: Instant(nanoseconds: 9))
        let first = reads.ask()
        let late = reads.enqueue(deadline: Instant(nanoseconds: 9))
        let second = reads.ask()
        #expect(first != nil && second != nil && first != second)
        if let first { reads.confirm(first, index: LogIndex(5)) }
        #expect(reads.takeReady(applied: LogIndex(5)) == [early])
        if let second { reads.confirm(second, index: LogIndex(6)) }
        #expect(reads.takeReady(applied: LogIndex(5)) == [])
        #expect(reads.takeReady(applied: LogIndex(6)) == [late])
    }

    @Test func `durations fall into the bucket whose bound they do not pass`() {
        var histogram = LatencyHistogram()
        histogram.record(nanoseconds: 0)
        histogram.record(nanoseconds: 16_000)
        histogram.record(nanoseconds: 16_001)
        histogram.record(nanoseconds: 60_000_000_000)
        #expect(histogram.counts[0] == 2)
        #expect(histogram.counts[1] == 1)
        #expect(histogram.counts.last == 1)
        #expect(histogram.count == 4)
        #expect(histogram.sumNanoseconds == 60_000_032_001)
        for (bucket, bound) in LatencyHistogram.boundsNanoseconds.enumerated() {
            var histogram = LatencyHistogram()
            for step in 0...2 { histogram.record(nanoseconds: bound - 1 + UInt64(step)) }
            #expect(histogram.counts[bucket] == 2 && histogram.counts[bucket + 1] == 1)
        }
    }

    @Test func `timeouts that let followers campaign against a live leader are refused`() throws {
        var settings = NodeSettings()
        #expect(throws: SettingsError.self) {
            try settings.setTimeouts(electionMilliseconds: 299, heartbeatMilliseconds: 100)
        }
        #expect(throws: SettingsError.self) {
            try settings.setTimeouts(electionMilliseconds: 300, heartbeatMilliseconds: 0)
        }
        try settings.setTimeouts(electionMilliseconds: 300, heartbeatMilliseconds: 100)
        #expect(settings.electionTimeoutMilliseconds == 300)
        settings.maxCommandBytes = .max
        #expect(settings.maxCommandBytes == NodeSettings.largestCommandBytes)
    }
}
